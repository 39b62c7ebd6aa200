using Agent.Dns.Wire;

namespace Agent.Dns.Zones;

/// <summary>Gathers the records of differences as they come, up to a bound.</summary>
/// <param name="maximumBytes">Beyond this the whole zone is cheaper to transfer.</param>
public sealed class DifferenceCollector(long maximumBytes)
{
    private byte[] _octets = new byte[1024];
    private int _used;

    /// <summary>Records gathered so far, SOAs included.</summary>
    public long RecordCount { get; private set; }

    /// <summary>The bound was passed.</summary>
    public bool IsTooLarge { get; private set; }

    /// <summary>Takes the next record; false when there is no room for it.</summary>
    public bool TryAppend(in StoredRecord record) => TryAppend(record.Owner, record.Type, record.Ttl, record.Rdata);

    /// <summary>The same in parts.</summary>
    public bool TryAppend(ReadOnlySpan<byte> owner, RecordType type, uint ttl, ReadOnlySpan<byte> rdata)
    {
        long wanted = (long)_used + owner.Length + StoredRecord.FixedSize + rdata.Length;
        IsTooLarge = IsTooLarge || wanted > Math.Min(maximumBytes, Array.MaxLength);
        if (IsTooLarge)
            return false;
        if (wanted > _octets.Length)
            Array.Resize(ref _octets, (int)Math.Min(Array.MaxLength, Math.Max(wanted, 2L * _octets.Length)));
        // As the builder of a content does: a TTL with the highest bit set counts as zero (RFC 2181 section 8).
        _used += StoredRecord.Write(_octets.AsSpan(_used), owner, type, RecordClass.IN, ttl > int.MaxValue ? 0 : ttl, rdata);
        RecordCount++;
        return true;
    }

    /// <summary>What was gathered; nothing more is taken afterwards.</summary>
    public byte[] ToArray()
    {
        IsTooLarge = true;
        Array.Resize(ref _octets, _used);
        return _octets;
    }
}
