using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Backends.Bind9;

/// <summary>
/// BIND's <c>masterfile-format raw</c>, version 1: what named loads in little more than half the time of text.
/// <code>
///   head:    u32 2 (raw), u32 1 (version), u32 time of the dump, u32 flags, u32 serial of the source, u32 time of the last transfer
///   RRset:   u32 size of all of it, u16 class, u16 type, u16 type covered (RRSIG, else 0), u32 TTL, u32 records, u16 size of the owner,
///            owner, and for each record: u16 size, RDATA        (all big-endian, names uncompressed)
/// </code>
/// Records of an RRset that do not stand together in the content become several RRsets, which named merges.
/// </summary>
public static class RawZoneFile
{
    /// <summary>The octets before the first RRset.</summary>
    public const int HeadSize = 24;

    private const uint RawFormat = 2;
    private const uint Version = 1;
    private const int FixedSize = 20;
    private const int CoveredOffset = 8;
    private const int TtlOffset = 10;
    private const int CountOffset = 14;
    private const int OwnerSizeOffset = 18;

    // An RRset is cut here; room for the largest single record besides, and for the sets before it that leave in one write.
    private const int SetSizeMax = 64 * 1024;
    private const int WrittenAtOnce = 64 * 1024;
    private const int BufferSize = WrittenAtOnce + SetSizeMax + StoredRecord.MaximumSize + FixedSize;

    /// <summary>Whether the file begins as a raw one; false for one that is not there.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">We may not read it.</exception>
    public static bool IsRaw(string path)
    {
        if (!File.Exists(path))
            return false;
        Span<byte> head = stackalloc byte[2 * sizeof(uint)];
        using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        return file.ReadAtLeast(head, head.Length, throwOnEndOfStream: false) == head.Length
            && BinaryPrimitives.ReadUInt32BigEndian(head) == RawFormat;
    }

    /// <summary>Writes a whole content. Exceptions of both streams pass through.</summary>
    /// <param name="content">The zone.</param>
    /// <param name="destination">Stays open; flushing it to disk is the caller's business.</param>
    /// <returns>Damage found in the content; the file is then incomplete and must not be used.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static ZoneContentError Write(ZoneContent content, Stream destination)
    {
        ArgumentNullException.ThrowIfNull(content);
        ArgumentNullException.ThrowIfNull(destination);
        Span<byte> head = stackalloc byte[HeadSize];
        head.Clear();
        BinaryPrimitives.WriteUInt32BigEndian(head, RawFormat);
        BinaryPrimitives.WriteUInt32BigEndian(head[sizeof(uint)..], Version);
        destination.Write(head);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            int finished = 0;
            Span<byte> set = buffer;
            int used = 0;
            using RecordStream records = content.Open();
            while (records.TryRead(out StoredRecord record))
            {
                if (used == 0 || used > SetSizeMax || !Belongs(record, set))
                {
                    finished += Finish(set, used);
                    if (finished > WrittenAtOnce)
                    {
                        destination.Write(buffer.AsSpan(0, finished));
                        finished = 0;
                    }

                    set = buffer.AsSpan(finished);
                    used = Begin(record, set);
                }

                used = Append(record, set, used);
            }

            finished += Finish(set, used);
            destination.Write(buffer.AsSpan(0, finished));
            return records.Error;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool Belongs(in StoredRecord record, ReadOnlySpan<byte> set) =>
        BinaryPrimitives.ReadUInt16BigEndian(set[6..]) == (ushort)record.Type
        && BinaryPrimitives.ReadUInt16BigEndian(set[CoveredOffset..]) == Covered(record)
        && BinaryPrimitives.ReadUInt32BigEndian(set[TtlOffset..]) == record.Ttl
        && set.Slice(FixedSize, BinaryPrimitives.ReadUInt16BigEndian(set[OwnerSizeOffset..])).SequenceEqual(record.Owner);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Begin(in StoredRecord record, Span<byte> set)
    {
        BinaryPrimitives.WriteUInt16BigEndian(set[4..], (ushort)record.Class);
        BinaryPrimitives.WriteUInt16BigEndian(set[6..], (ushort)record.Type);
        BinaryPrimitives.WriteUInt16BigEndian(set[CoveredOffset..], Covered(record));
        BinaryPrimitives.WriteUInt32BigEndian(set[TtlOffset..], record.Ttl);
        BinaryPrimitives.WriteUInt32BigEndian(set[CountOffset..], 0);
        BinaryPrimitives.WriteUInt16BigEndian(set[OwnerSizeOffset..], (ushort)record.Owner.Length);
        record.Owner.CopyTo(set[FixedSize..]);
        return FixedSize + record.Owner.Length;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Append(in StoredRecord record, Span<byte> set, int used)
    {
        uint count = BinaryPrimitives.ReadUInt32BigEndian(set[CountOffset..]);
        BinaryPrimitives.WriteUInt32BigEndian(set[CountOffset..], count + 1);
        BinaryPrimitives.WriteUInt16BigEndian(set[used..], (ushort)record.Rdata.Length);
        record.Rdata.CopyTo(set[(used + sizeof(ushort))..]);
        return used + sizeof(ushort) + record.Rdata.Length;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Finish(Span<byte> set, int used)
    {
        if (used > 0)
            BinaryPrimitives.WriteUInt32BigEndian(set, (uint)used);
        return used;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ushort Covered(in StoredRecord record) =>
        record.Type == RecordType.RRSIG && record.Rdata.Length >= sizeof(ushort)
            ? BinaryPrimitives.ReadUInt16BigEndian(record.Rdata)
            : (ushort)0;
}
