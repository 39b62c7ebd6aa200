using System.Buffers;
using Agent.Actors.Backends;
using Agent.Backends.Shared;

namespace Agent.Backends.Bind9;

/// <summary>
/// What named holds of a zone. Since 9.18.28 and 9.20.0 it loads no zone with more records of a type, or more types, at one name than it
/// is told; of a zone that is there it then goes on with the version before, and says so in its log alone.
/// </summary>
/// <remarks>
/// named shows no settings of named.conf, so its own default is taken where <c>zone-options</c> does not say a number. What an operator
/// has raised for all zones must be said there as well.
/// </remarks>
internal static class NamedLimits
{
    /// <summary>named's default for both. A content with no more records is within them.</summary>
    public const int Default = 100;

    private const string RecordsPerType = "max-records-per-type";
    private const string TypesPerName = "max-types-per-name";
    private const string VersionMark = "version: BIND ";

    private static readonly SearchValues<char> OfVersion = SearchValues.Create("0123456789.");
    private static readonly Version FirstOf918 = new(9, 18, 28);
    private static readonly Version FirstOfAllLater = new(9, 20, 0);

    /// <summary>The limits of a named.</summary>
    /// <param name="status">Its answer to <c>status</c>, where its version stands; empty when it is not known yet.</param>
    /// <param name="stanza">What each zone is told.</param>
    /// <param name="suffixOctets">What named may append to the name of a zone's file.</param>
    public static ZoneLimits Of(string status, ZoneStanza stanza, int suffixOctets)
    {
        int unsaid = HasLimits(VersionOf(status)) ? Default : 0;
        // 0 means that there is none.
        int records = stanza.NumberOf(RecordsPerType) ?? unsaid;
        int types = stanza.NumberOf(TypesPerName) ?? unsaid;
        return new ZoneLimits
        {
            Sets = records > 0 ? [new SetLimit(Type: null, records)] : [],
            TypesPerName = types > 0 ? types : null,
            FileNameOctets = ZoneFileName.LengthMax - suffixOctets,
            Hint = records > 0 || types > 0 ? $"{RecordsPerType} and {TypesPerName} of named; zone-options can say other numbers" : null,
        };
    }

    private static bool HasLimits(Version? version) =>
        version >= FirstOfAllLater || (version >= FirstOf918 && version is { Major: 9, Minor: 18 });

    /// <summary>The three numbers; null of what is no release of BIND.</summary>
    private static Version? VersionOf(string status)
    {
        int at = status.IndexOf(VersionMark, StringComparison.Ordinal);
        if (at < 0)
            return null;
        ReadOnlySpan<char> text = status.AsSpan(at + VersionMark.Length);
        int end = text.IndexOfAnyExcept(OfVersion);
        return Version.TryParse(end < 0 ? text : text[..end], out Version? version) ? version : null;
    }
}
