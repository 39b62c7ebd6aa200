using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Agent.Dns.Wire;

namespace Agent.Dns.Zones;

/// <summary>
/// Writes a content record by record, checking each and computing the facts on the way, so that memory does not grow with the zone.
/// The first error stays: nothing is written after it and completion fails. Not for several threads.
/// </summary>
public sealed class ZoneContentBuilder : IDisposable
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly Stream _destination;
    private readonly ZoneContentLimits _limits;
    private byte[]? _buffer = ArrayPool<byte>.Shared.Rent(RecordRoom.FirstBytes);
    private int _used;
    private DomainName? _apex;
    private int _apexLength;
    private SoaNumbers _soa;
    private uint _soaTtl;
    private long _records;
    private long _bytes;
    private bool _complete;

    /// <summary>Writes to a stream, which stays open.</summary>
    public ZoneContentBuilder(Stream destination, ZoneContentLimits limits)
    {
        _destination = destination;
        _limits = limits;
    }

    /// <summary>Collects a content in memory; end with <see cref="TryBuild"/>.</summary>
    public static ZoneContentBuilder InMemory(ZoneContentLimits limits) => new(new MemoryStream(), limits);

    /// <summary>The first error, or <see cref="ZoneContentError.None"/>.</summary>
    public ZoneContentError Error { get; private set; }

    /// <summary>Records accepted so far.</summary>
    public long RecordCount => _records;

    /// <summary>Bytes accepted so far.</summary>
    public long ByteCount => _bytes;

    /// <summary>What the records accepted so far have at the apex, so that nobody need read the content again for that.</summary>
    public ApexTraits Traits { get; private set; }

    /// <summary>Appends a record that is already in the stored form. False leaves the reason in <see cref="Error"/>.</summary>
    public bool TryAppend(in StoredRecord record) => TryAppend(record.Owner, record.Type, record.Class, record.Ttl, record.Rdata);

    /// <summary>
    /// Appends a record; the first must be the SOA, whose owner becomes the apex. Owner and names in the RDATA are uncompressed;
    /// of the RDATA only the SOA's is looked into. False leaves the reason in <see cref="Error"/>.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public bool TryAppend(ReadOnlySpan<byte> owner, RecordType type, RecordClass @class, uint ttl, ReadOnlySpan<byte> rdata)
    {
        ObjectDisposedException.ThrowIf(_buffer is null, this);
        if (_complete)
            throw new InvalidOperationException("The content is complete.");
        if (Error == ZoneContentError.None)
            Error = Check(owner, type, @class, ttl, rdata);
        if (Error != ZoneContentError.None)
            return false;
        Reserve(owner.Length + StoredRecord.FixedSize + rdata.Length);
        // A TTL with the highest bit set counts as zero (RFC 2181 section 8); servers refuse zone files that hold one.
        if (ttl > int.MaxValue)
            ttl = 0;
        int size = StoredRecord.Write(_buffer.AsSpan(_used), owner, type, @class, ttl, rdata);
        _used += size;
        _bytes += size;
        _records++;
        if (owner.Length == _apexLength)
            Traits = Traits.With(_apex!.Wire, owner, type, rdata);
        return true;
    }

    /// <summary>
    /// Appends a record of another version of the zone, whose name and data were checked when that was written; the limits count anew.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal bool TryAppendKept(in StoredRecord record)
    {
        ReadOnlySpan<byte> octets = record.Whole;
        if (Error == ZoneContentError.None)
        {
            Error = _apex is null ? ZoneContentError.NoStartOfAuthority
                : _records >= _limits.MaximumRecords ? ZoneContentError.TooManyRecords
                : _bytes + octets.Length > _limits.MaximumBytes ? ZoneContentError.TooManyBytes
                : ZoneContentError.None;
        }
        if (Error != ZoneContentError.None)
            return false;
        Reserve(octets.Length);
        octets.CopyTo(_buffer.AsSpan(_used));
        _used += octets.Length;
        _bytes += octets.Length;
        _records++;
        if (record.Owner.Length == _apexLength)
            Traits = Traits.With(_apex!.Wire, record.Owner, record.Type, record.Rdata);
        return true;
    }

    /// <summary>Writes what is left and gives the facts; false when a record was refused or none came.</summary>
    public bool TryComplete([NotNullWhen(true)] out ZoneFacts? facts)
    {
        facts = null;
        if (Error == ZoneContentError.None && _apex is null)
            Error = ZoneContentError.NoStartOfAuthority;
        if (Error != ZoneContentError.None)
            return false;
        Flush();
        _complete = true;
        Span<byte> digest = stackalloc byte[ContentHash.Size];
        _hash.GetHashAndReset(digest);
        ContentHash.TryFromBytes(digest, out ContentHash hash);
        facts = new ZoneFacts(_apex!, _soa.Serial, _soa.Timers, _soaTtl, _records, _bytes, hash);
        return true;
    }

    /// <summary>Completes a content begun with <see cref="InMemory"/>.</summary>
    public bool TryBuild([NotNullWhen(true)] out MemoryZoneContent? content)
    {
        content = null;
        if (_destination is not MemoryStream memory)
            throw new InvalidOperationException("The content was not collected in memory.");
        if (!TryComplete(out ZoneFacts? facts))
            return false;
        content = new MemoryZoneContent(memory.ToArray(), facts);
        return true;
    }

    /// <summary>Returns the buffer; the destination stays open.</summary>
    public void Dispose()
    {
        _hash.Dispose();
        if (_buffer is not null)
            ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = null;
    }

    /// <summary>Whether zones may contain a type: not the meta and question types (RFC 6895 section 3.1), nor the empty type 0.</summary>
    public static bool IsZoneData(RecordType type) => (ushort)type is not (0 or 41 or (>= 128 and <= 255));

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private ZoneContentError Check(ReadOnlySpan<byte> owner, RecordType type, RecordClass @class, uint ttl, ReadOnlySpan<byte> rdata)
    {
        if (!NameBytes.IsValid(owner))
            return ZoneContentError.BadName;
        if (rdata.Length > ushort.MaxValue)
            return ZoneContentError.RdataTooLong;
        if (@class != RecordClass.IN)
            return ZoneContentError.WrongClass;
        if (_records >= _limits.MaximumRecords)
            return ZoneContentError.TooManyRecords;
        if (_bytes + owner.Length + StoredRecord.FixedSize + rdata.Length > _limits.MaximumBytes)
            return ZoneContentError.TooManyBytes;
        if (_apex is null)
            return CheckFirst(owner, type, ttl, rdata);
        if (type == RecordType.SOA)
            return ZoneContentError.SecondStartOfAuthority;
        if (!NameBytes.IsSameOrBelow(owner, _apex.Wire))
            return ZoneContentError.OutOfZone;
        return IsZoneData(type) ? ZoneContentError.None : ZoneContentError.NotZoneData;
    }

    private ZoneContentError CheckFirst(ReadOnlySpan<byte> owner, RecordType type, uint ttl, ReadOnlySpan<byte> rdata)
    {
        if (type != RecordType.SOA)
            return ZoneContentError.NoStartOfAuthority;
        if (!SoaNumbers.TryRead(rdata, out _soa))
            return ZoneContentError.BadStartOfAuthority;
        _soaTtl = ttl > int.MaxValue ? 0 : ttl;
        if (!DomainName.TryFromWire(owner, out _apex))
            return ZoneContentError.BadName;
        _apexLength = owner.Length;
        return ZoneContentError.None;
    }

    private void Reserve(int size)
    {
        if (_buffer!.Length - _used < size) MakeRoom(size);
    }

    private void MakeRoom(int size)
    {
        if (_used + size > RecordRoom.UsualBytes) Flush();
        while (_buffer!.Length - _used < size)
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent(RecordRoom.Above(_buffer.Length));
            _buffer.AsSpan(0, _used).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = larger;
        }
    }

    private void Flush()
    {
        ReadOnlySpan<byte> pending = _buffer.AsSpan(0, _used);
        _hash.AppendData(pending);
        _destination.Write(pending);
        _used = 0;
    }
}
