using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using Agent.Dns.Records;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Actors.Backends;

/// <summary>
/// Whether a content is within a server's limits. Reads the content, so it is not for an actor's thread; one that has fewer records than
/// every limit allows is not read at all.
/// </summary>
/// <remarks>
/// How many records a name has is counted on places by the hash of the name, in a table of bounded size. Exact counts are made only for
/// names on a place with too many, in a second reading.
/// </remarks>
public static class ZoneFit
{
    private const int FewestPlaces = 1024;
    private const int MostPlaces = 16 * 1024 * 1024;
    private const int PlacesForEachRecord = 4;

    // On average a place has so small a share of what the smallest limit allows, that names which meet there hardly ever come to it.
    private const int ShareOfLimit = 8;

    /// <summary>What the server cannot hold of the content: the limit, and where it is passed; null when all fits.</summary>
    public static string? Objection(ZoneContent content, ZoneLimits limits)
    {
        ArgumentNullException.ThrowIfNull(content);
        ArgumentNullException.ThrowIfNull(limits);
        string? objection = OfWhole(content, limits) ?? OfRecords(content, limits);
        return objection is null || limits.Hint is null ? objection : $"{objection} ({limits.Hint})";
    }

    private static string? OfWhole(ZoneContent content, ZoneLimits limits) =>
        content.RecordCount > limits.Records ? $"more than {limits.Records} records: {content.RecordCount}"
        : content.ByteCount > limits.Octets ? $"more than {limits.Octets} octets: {content.ByteCount}"
        : null;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static string? OfRecords(ZoneContent content, ZoneLimits limits)
    {
        Crowds? crowds = Crowds.For(content, limits);
        bool limitsOne = !limits.Types.IsEmpty || content.ByteCount > limits.DataOctets;
        if (crowds is null && !limitsOne)
            return null;
        using (RecordStream records = content.Open())
        {
            while (records.TryRead(out StoredRecord record))
            {
                if (limitsOne && ToOne(record, limits) is { } objection)
                    return objection;
                crowds?.Note(record);
            }
        }

        return crowds?.FindTooMany(content);
    }

    private static string? ToOne(in StoredRecord record, ZoneLimits limits)
    {
        RecordType type = record.Type;
        if (limits.For(type) is { } limit)
        {
            string why = limit.Why is null ? "" : $": {limit.Why}";
            return $"records of type {RecordTypeText.ToText(type)} at {NameOf(record.Owner)}{why}";
        }

        return record.Rdata.Length > limits.DataOctets
            ? $"more than {limits.DataOctets} octets of data in a {RecordTypeText.ToText(type)} record at {NameOf(record.Owner)}"
            : null;
    }

    private static string NameOf(ReadOnlySpan<byte> wire) => DomainName.TryFromWire(wire, out DomainName? name) ? name.ToString() : "?";

    /// <summary>Names with many records.</summary>
    private sealed class Crowds(ZoneLimits limits, int smallest, int places)
    {
        private readonly ushort[] _places = new ushort[places];
        private bool _isAnyTooLarge;

        /// <summary>Null when the content has too few records to come to any limit.</summary>
        public static Crowds? For(ZoneContent content, ZoneLimits limits)
        {
            int smallest = limits.TypesPerName ?? int.MaxValue;
            foreach (SetLimit limit in limits.Sets)
                smallest = Math.Min(smallest, limit.Records);
            return content.RecordCount <= smallest
                ? null
                : new Crowds(limits, smallest, PlacesFor(content.RecordCount, smallest));
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Note(in StoredRecord record)
        {
            if (!Counts(record.Type))
                return;
            ref ushort count = ref PlaceOf(NameHash.Of(record.Owner));
            if (count < ushort.MaxValue)
                count++;
            _isAnyTooLarge |= IsTooLarge(count);
        }

        public string? FindTooMany(ZoneContent content)
        {
            if (!_isAnyTooLarge)
                return null;
            Dictionary<(ulong Name, uint Type), int> sets = [];
            Dictionary<ulong, int> types = [];
            using RecordStream records = content.Open();
            while (records.TryRead(out StoredRecord record))
            {
                ulong name = NameHash.Of(record.Owner);
                if (!Counts(record.Type) || !IsTooLarge(PlaceOf(name)))
                    continue;
                int count = sets[(name, KindOf(record))] = sets.GetValueOrDefault((name, KindOf(record))) + 1;
                if (count > MostOf(record.Type))
                    return $"more than {MostOf(record.Type)} {RecordTypeText.ToText(record.Type)} records at {NameOf(record.Owner)}";
                if (count == 1 && (types[name] = types.GetValueOrDefault(name) + 1) > limits.TypesPerName)
                    return $"records of more than {limits.TypesPerName} types at {NameOf(record.Owner)}";
            }

            return null;
        }

        private static int PlacesFor(long records, int smallest)
        {
            long wanted = Math.Min(records * PlacesForEachRecord, records * ShareOfLimit / Math.Max(1, smallest));
            return (int)BitOperations.RoundUpToPowerOf2((ulong)Math.Clamp(wanted, FewestPlaces, MostPlaces));
        }

        private ref ushort PlaceOf(ulong name) => ref _places[name & (ulong)(_places.Length - 1)];

        private bool IsTooLarge(ushort count) => count > smallest || count == ushort.MaxValue;

        private bool Counts(RecordType type) => limits.TypesPerName is not null || MostOf(type) < int.MaxValue;

        private int MostOf(RecordType type)
        {
            int most = int.MaxValue;
            foreach (SetLimit limit in limits.Sets)
            {
                if (limit.Type is null || limit.Type == type)
                    most = Math.Min(most, limit.Records);
            }

            return most;
        }

        /// <summary>The type, and of a signature what it covers, too.</summary>
        private static uint KindOf(in StoredRecord record) => record.Type == RecordType.RRSIG && record.Rdata.Length >= sizeof(ushort)
            ? ((uint)RecordType.RRSIG << 16) | BinaryPrimitives.ReadUInt16BigEndian(record.Rdata)
            : (uint)record.Type;
    }
}
