using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using Agent.Backends.Shared;
using Agent.Dns.Wire;

namespace Agent.Backends.Gdnsd;

/// <summary>
/// The name of a zone's file, which is how gdnsd knows the zone's name: lower case without the final dot; letters, digits, <c>-</c> and
/// <c>_</c> as they are, <c>@</c> for a slash, every other octet as <c>\DDD</c>. The root zone's is <c>ROOT_ZONE</c>.
/// </summary>
internal static class GdnsdZoneName
{
    private const string RootName = "ROOT_ZONE";

    /// <summary>False when gdnsd would not take the zone, or the file system not the name.</summary>
    public static bool TryCreate(DomainName zone, [NotNullWhen(true)] out string? fileName)
    {
        fileName = null;
        if (IsWildcard(zone))
            return false;
        StringBuilder name = new();
        ReadOnlySpan<byte> wire = zone.Wire;
        for (int at = 0; wire[at] != 0; at += wire[at] + 1)
        {
            if (at > 0)
                name.Append('.');
            foreach (byte octet in wire.Slice(at + 1, wire[at]))
                AppendOctet(name, octet);
        }

        fileName = zone.IsRoot ? RootName : name.Length <= ZoneFileName.LengthMax ? name.ToString() : null;
        return fileName is not null;
    }

    /// <summary>The zone that gdnsd takes a file of this name for, however it is spelt; false for a file that it passes over or does not
    /// understand.</summary>
    public static bool TryRead(string fileName, [NotNullWhen(true)] out DomainName? zone)
    {
        zone = null;
        if (fileName.StartsWith('.'))
            return false;
        return DomainName.TryParse(fileName == RootName ? "." : fileName.Replace('@', '/').TrimEnd('.') + ".", out zone);
    }

    /// <summary>Why there is no name.</summary>
    public static string Objection(DomainName zone) => IsWildcard(zone)
        ? $"gdnsd serves no zone that is a wildcard: {zone}"
        : $"the file name of {zone} would have more than {ZoneFileName.LengthMax} octets, as gdnsd wants it spelt";

    private static bool IsWildcard(DomainName zone) => zone.Wire.StartsWith("\u0001*"u8);

    private static void AppendOctet(StringBuilder name, byte octet)
    {
        char character = char.ToLowerInvariant((char)octet);
        if (char.IsAsciiLetterOrDigit(character) || character is '-' or '_')
            name.Append(character);
        else if (character == '/')
            name.Append('@');
        else
            name.Append('\\').Append(octet.ToString("D3", CultureInfo.InvariantCulture));
    }
}
