using Agent.Dns.Records;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Backends.Shared;

/// <summary>
/// Compares a few RRsets of a content with what a server answers, for servers that give no transfer. The serial alone says that a version
/// was taken; this says that its records were taken as they are.
/// </summary>
/// <remarks>Left out is what a server answers otherwise for good reasons: what it is not the authority for, and TTLs.</remarks>
public sealed class ServedSample(RrsetProbe probe)
{
    /// <summary>Finds an RRset that the server answers otherwise; null when there is none among those asked for.</summary>
    /// <param name="content">What it should serve.</param>
    /// <param name="maximum">How many RRsets to ask for at most, spread over the content.</param>
    /// <param name="isComparable">Whether a name's records can be compared at all.</param>
    /// <param name="cancellation">Ends it.</param>
    public async Task<string?> FindDifferenceAsync(
        ZoneContent content, int maximum, Func<DomainName, bool> isComparable, CancellationToken cancellation)
    {
        foreach (((DomainName owner, RecordType type), List<byte[]> wanted) in Choose(content, maximum, isComparable))
        {
            RrsetAnswer answer = await probe.AskAsync(owner, type, cancellation);
            if (!answer.HasCome)
                return null;
            if (answer.Records is not { } served)
                continue;
            wanted.Sort(static (left, right) => RdataCanonical.Compare(left, right));
            if (!served.SequenceEqual(wanted, ByteComparer.Instance))
            {
                string others = served.Count == wanted.Count ? ", others" : "";
                return $"{owner} {type}: {wanted.Count} records given, {served.Count} answered{others}";
            }
        }

        return null;
    }

    private static Dictionary<(DomainName Owner, RecordType Type), List<byte[]>> Choose(
        ZoneContent content, int maximum, Func<DomainName, bool> isComparable)
    {
        Dictionary<(DomainName Owner, RecordType Type), List<byte[]>> chosen = [];
        long step = Math.Max(content.RecordCount / maximum, 1);
        long at = 0;
        using (RecordStream records = content.Open())
        {
            while (records.TryRead(out StoredRecord record) && chosen.Count < maximum)
            {
                // The SOA is looked at by its serial: some servers change the rest of it.
                if (at++ % step == 0 && record.Type != RecordType.SOA && DomainName.TryFromWire(record.Owner, out DomainName? owner)
                    && isComparable(owner))
                    chosen.TryAdd((owner, record.Type), []);
            }
        }

        HashSet<ulong> names = [.. chosen.Keys.Select(static rrset => rrset.Owner.StableHash)];
        using RecordStream all = content.Open();
        while (all.TryRead(out StoredRecord record))
        {
            if (!names.Contains(NameBytes.StableHash(record.Owner)) || !DomainName.TryFromWire(record.Owner, out DomainName? owner)
                || !chosen.TryGetValue((owner, record.Type), out List<byte[]>? rrset))
                continue;
            byte[] rdata = record.Rdata.ToArray();
            RdataCanonical.Fold(record.Type, rdata);
            if (!rrset.Contains(rdata, ByteComparer.Instance))
                rrset.Add(rdata);
        }

        return chosen;
    }

    private sealed class ByteComparer : IEqualityComparer<byte[]>
    {
        public static ByteComparer Instance { get; } = new();

        public bool Equals(byte[]? left, byte[]? right) => left.AsSpan().SequenceEqual(right);

        public int GetHashCode(byte[] octets)
        {
            HashCode hash = default;
            hash.AddBytes(octets);
            return hash.ToHashCode();
        }
    }
}
