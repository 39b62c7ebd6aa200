using Agent.Actors.Backends;
using Agent.Dns.Records;

namespace Agent.Host.Web;

/// <summary>What a server can hold of a zone, as JSON; null and empty: no limit is known.</summary>
/// <param name="RecordsPerType">How many records of a type a name may have, by type; "any" is each type.</param>
/// <param name="TypesRefused">Types that the server cannot hold, such as "HINFO" or "TYPE128-TYPE255".</param>
public sealed record LimitsModel(
    long? Records,
    long? Octets,
    IReadOnlyDictionary<string, int> RecordsPerType,
    int? TypesPerName,
    int? DataOctets,
    int? FileNameOctets,
    IReadOnlyList<string> TypesRefused)
{
    private const string AnyType = "any";

    public static LimitsModel Of(ZoneLimits limits)
    {
        var sets = new SortedDictionary<string, int>(StringComparer.Ordinal);
        foreach (SetLimit limit in limits.Sets)
        {
            string type = limit.Type is { } one ? RecordTypeText.ToText(one) : AnyType;
            sets[type] = Math.Min(limit.Records, sets.GetValueOrDefault(type, int.MaxValue));
        }

        return new LimitsModel(
            limits.Records,
            limits.Octets,
            sets,
            limits.TypesPerName,
            limits.DataOctets,
            limits.FileNameOctets,
            [.. limits.Types.Select(NameOf)]);
    }

    private static string NameOf(TypeLimit limit) => limit.First == limit.Last
        ? RecordTypeText.ToText(limit.First)
        : $"{RecordTypeText.ToText(limit.First)}-{RecordTypeText.ToText(limit.Last)}";
}
