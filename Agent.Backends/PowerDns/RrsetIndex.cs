using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Agent.Dns.Records;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Backends.PowerDns;

/// <summary>What a set of records comes to.</summary>
/// <param name="Count">How many records.</param>
/// <param name="Ttl">The lowest of their TTLs: PowerDNS has one for the whole set.</param>
/// <param name="Sum">The digests of their data, the case of names not counted, added up: the same in any order.</param>
internal readonly record struct RrsetDigest(int Count, uint Ttl, UInt128 Sum)
{
    public RrsetDigest With(uint ttl, UInt128 record) =>
        new(Count + 1, Count == 0 ? ttl : Math.Min(Ttl, ttl), unchecked(Sum + record));
}

/// <summary>
/// Which sets of records a content has, by digests of 128 bits: comparing takes neither an order nor the records themselves. Some eighty
/// octets for each set.
/// </summary>
internal sealed class RrsetIndex
{
    private readonly Dictionary<UInt128, RrsetDigest> _sets = [];

    /// <summary>How many sets.</summary>
    public int Count => _sets.Count;

    /// <summary>Reads a content, or those of its sets that are asked for; the SOA is not among them.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static RrsetIndex Of(ZoneContent content, Func<UInt128, bool>? isAskedFor = null)
    {
        RrsetIndex index = new();
        using RecordStream records = content.Open();
        while (records.TryRead(out StoredRecord record))
        {
            if (record.Type == RecordType.SOA)
                continue;
            UInt128 key = KeyOf(record.Owner, record.Type);
            if (isAskedFor?.Invoke(key) ?? true)
            {
                ref RrsetDigest set = ref CollectionsMarshal.GetValueRefOrAddDefault(index._sets, key, out _);
                set = set.With(record.Ttl, DigestOf(record.Type, record.Rdata));
            }
        }

        return records.Error == ZoneContentError.None
            ? index : throw new IOException($"the content of {content.Apex} cannot be read: {records.Error.Text()}");
    }

    /// <summary>What the set comes to; nothing when the content has none of that key.</summary>
    public RrsetDigest? Find(UInt128 key) => _sets.TryGetValue(key, out RrsetDigest set) ? set : null;

    /// <summary>Takes a set out.</summary>
    public void Forget(UInt128 key) => _sets.Remove(key);

    /// <summary>The key of a set: its owner, whatever its case, and its type.</summary>
    public static UInt128 KeyOf(ReadOnlySpan<byte> owner, RecordType type)
    {
        Span<byte> key = stackalloc byte[NameReader.MaximumLength + 2];
        owner.CopyTo(key);
        NameBytes.Fold(key[..owner.Length]);
        BinaryPrimitives.WriteUInt16BigEndian(key[owner.Length..], (ushort)type);
        return Digest128.Of(key[..(owner.Length + 2)]);
    }

    /// <summary>The digest of one record's data.</summary>
    public static UInt128 DigestOf(RecordType type, ReadOnlySpan<byte> rdata)
    {
        byte[] folded = rdata.ToArray();
        RdataCanonical.Fold(type, folded);
        return Digest128.Of(folded);
    }
}
