using System.Buffers.Binary;
using System.Security.Cryptography;
using Agent.Dns.Wire;

namespace Agent.Dns.Zones;

/// <summary>What the digest that a zone carries (ZONEMD) says about its content.</summary>
public enum ZoneDigestVerdict
{
    /// <summary>The zone has no digest.</summary>
    Absent = 0,

    /// <summary>It has digests, and none of a scheme and algorithm that we know: they say nothing.</summary>
    Unsupported = 1,

    /// <summary>A digest is that of the content.</summary>
    Right = 2,

    /// <summary>There are digests that we can compute, and none of them is that of the content.</summary>
    Wrong = 3,
}

/// <summary>
/// The digest of a zone by the SIMPLE scheme of RFC 8976: over all records in canonical form and order, except the ZONEMD records at the
/// apex and their signatures.
/// </summary>
public static class ZoneDigest
{
    private const byte Simple = 1;
    private const byte Sha384 = 1;
    private const byte Sha512 = 2;

    // Serial, scheme, algorithm.
    private const int FixedSize = 6;

    /// <summary>Computes the digests that the zone carries and compares.</summary>
    /// <exception cref="IOException">The content cannot be read, or is damaged.</exception>
    public static ZoneDigestVerdict Verify(ZoneContent content)
    {
        ArgumentNullException.ThrowIfNull(content);
        List<byte[]> carried = Carried(content);
        if (carried.Count == 0)
            return ZoneDigestVerdict.Absent;
        List<byte[]> known = carried.FindAll(rdata => rdata.Length > FixedSize && rdata[4] == Simple && rdata[5] is Sha384 or Sha512);
        if (known.Count == 0)
            return ZoneDigestVerdict.Unsupported;
        // One of a scheme and algorithm only: of two nobody could say which is meant (section 4).
        known.RemoveAll(one => carried.Count(other => other.AsSpan(4, 2).SequenceEqual(one.AsSpan(4, 2))) > 1
            || BinaryPrimitives.ReadUInt32BigEndian(one) != content.Serial);
        if (known.Count == 0)
            return ZoneDigestVerdict.Wrong;
        using var digests = new Digests([.. known.Select(rdata => AlgorithmOf(rdata[5]))]);
        Feed(content, digests);
        for (int i = 0; i < known.Count; i++)
        {
            if (digests.Finish(i).AsSpan().SequenceEqual(known[i].AsSpan(FixedSize)))
                return ZoneDigestVerdict.Right;
        }
        return ZoneDigestVerdict.Wrong;
    }

    /// <summary>The digest of a content by one algorithm, SHA-384 or SHA-512.</summary>
    /// <exception cref="IOException">The content cannot be read, or is damaged.</exception>
    public static byte[] Compute(ZoneContent content, HashAlgorithmName algorithm)
    {
        ArgumentNullException.ThrowIfNull(content);
        using var digests = new Digests([algorithm]);
        Feed(content, digests);
        return digests.Finish(0);
    }

    private static HashAlgorithmName AlgorithmOf(byte number) =>
        number == Sha384 ? HashAlgorithmName.SHA384 : HashAlgorithmName.SHA512;

    private static List<byte[]> Carried(ZoneContent content)
    {
        var found = new List<byte[]>();
        using RecordStream records = content.Open();
        while (records.TryRead(out StoredRecord record))
        {
            if (record.Type == RecordType.ZONEMD && NameBytes.Equal(record.Owner, content.Apex.Wire))
                found.Add(record.Rdata.ToArray());
        }
        return records.Error == ZoneContentError.None ? found : throw Damaged(content, records.Error);
    }

    private static void Feed(ZoneContent content, Digests digests)
    {
        using RecordStream records = content.Open();
        ZoneContentError error = SortedRecords.TryRead(records, content.Apex, out SortedRecords sorted, isCanonical: true);
        if (error != ZoneContentError.None)
            throw Damaged(content, error);
        byte[] apex = content.Apex.Fold().Wire.ToArray();
        Span<byte> owner = stackalloc byte[NameReader.MaximumLength];
        for (int i = 0; i < sorted.Count; i++)
        {
            CanonicalRecord record = sorted[i];
            bool isApex = record.RelativeOwner.IsEmpty;
            if (isApex && (record.Type == RecordType.ZONEMD || record.Covered == RecordType.ZONEMD))
                continue;
            // The same record twice counts once.
            if (i > 0 && CanonicalRecord.Compare(sorted[i - 1], record) == 0)
                continue;
            record.RelativeOwner.CopyTo(owner);
            apex.CopyTo(owner[record.RelativeOwner.Length..]);
            Span<byte> name = owner[..(record.RelativeOwner.Length + apex.Length)];
            NameBytes.Fold(name);
            digests.Add(name, record);
        }
    }

    private static IOException Damaged(ZoneContent content, ZoneContentError error) =>
        new($"The content of {content.Apex} with serial {content.Serial} is damaged: {error.Text()}.");

    /// <summary>Several digests over the same octets, fed in large pieces.</summary>
    private sealed class Digests(HashAlgorithmName[] algorithms) : IDisposable
    {
        private readonly IncrementalHash[] _hashes = [.. algorithms.Select(IncrementalHash.CreateHash)];
        private readonly byte[] _buffer = new byte[2 * StoredRecord.MaximumSize];
        private int _used;

        public void Add(ReadOnlySpan<byte> owner, in CanonicalRecord record)
        {
            if (_buffer.Length - _used < StoredRecord.MaximumSize)
                Flush();
            _used += StoredRecord.Write(_buffer.AsSpan(_used), owner, record.Type, RecordClass.IN, record.Ttl, record.Rdata);
        }

        public byte[] Finish(int index)
        {
            Flush();
            return _hashes[index].GetHashAndReset();
        }

        public void Dispose()
        {
            foreach (IncrementalHash hash in _hashes)
                hash.Dispose();
        }

        private void Flush()
        {
            foreach (IncrementalHash hash in _hashes)
                hash.AppendData(_buffer, 0, _used);
            _used = 0;
        }
    }
}
