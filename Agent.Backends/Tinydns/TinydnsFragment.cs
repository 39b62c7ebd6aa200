using System.Buffers.Binary;
using Agent.Dns.Zones;

namespace Agent.Backends.Tinydns;

/// <summary>
/// A zone's part of data.cdb, in a file of its own: a mark, what the zone takes of data.cdb, the length of the records, and the records
/// as a content has them. From all fragments data.cdb is built.
/// </summary>
internal static class TinydnsFragment
{
    private const int HeadSize = 24;
    private const int RecordsAt = 16;
    private const int DataBytesAt = 8;

    private static ReadOnlySpan<byte> Mark => "agentcd1"u8;

    /// <summary>Writes one.</summary>
    /// <returns>Damage found in the content.</returns>
    public static ZoneContentError Write(ZoneContent content, long dataBytes, Stream destination)
    {
        Span<byte> head = stackalloc byte[HeadSize];
        Mark.CopyTo(head);
        BinaryPrimitives.WriteInt64BigEndian(head[DataBytesAt..], dataBytes);
        BinaryPrimitives.WriteInt64BigEndian(head[RecordsAt..], content.ByteCount);
        destination.Write(head);
        using RecordStream records = content.Open();
        while (records.TryRead(out StoredRecord record))
            destination.Write(record.Whole);
        return records.Error;
    }

    /// <summary>What the zone takes of data.cdb; null when the file is no whole fragment.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static long? ReadDataBytes(string path)
    {
        using FileStream file = Open(path, HeadSize);
        return TryReadHead(file, out long dataBytes) ? dataBytes : null;
    }

    /// <summary>Hands on every record; false when the file is damaged, wherever.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static bool Read(string path, RecordTaker take)
    {
        FileStream file = Open(path, bufferSize: 1);
        if (!TryReadHead(file, out long _))
        {
            file.Dispose();
            return false;
        }

        using RecordStream records = new(file);
        while (records.TryRead(out StoredRecord record))
            take(record);
        return records.Error == ZoneContentError.None;
    }

    private static FileStream Open(string path, int bufferSize) =>
        new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize);

    private static bool TryReadHead(FileStream file, out long dataBytes)
    {
        Span<byte> head = stackalloc byte[HeadSize];
        dataBytes = 0;
        if (file.ReadAtLeast(head, HeadSize, throwOnEndOfStream: false) < HeadSize || !head.StartsWith(Mark))
            return false;
        dataBytes = BinaryPrimitives.ReadInt64BigEndian(head[DataBytesAt..]);
        return dataBytes >= 0 && file.Length == HeadSize + BinaryPrimitives.ReadInt64BigEndian(head[RecordsAt..]);
    }
}

/// <summary>Gets one record after the other, each valid only during the call.</summary>
internal delegate void RecordTaker(in StoredRecord record);
