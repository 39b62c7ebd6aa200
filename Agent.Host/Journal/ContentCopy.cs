using Agent.Dns.Zones;

namespace Agent.Host.Journal;

/// <summary>Copies the bytes of a content, looking at every record on the way.</summary>
internal static class ContentCopy
{
    /// <summary>Writes the whole byte sequence.</summary>
    /// <exception cref="IOException">The content is damaged or no longer held.</exception>
    public static void CopyTo(ZoneContent content, Stream destination)
    {
        if (content is MemoryZoneContent memory)
        {
            destination.Write(memory.Bytes.Span);
            return;
        }
        if (content is FreshZoneContent { Octets: { } octets })
        {
            destination.Write(octets);
            return;
        }
        using RecordStream records = content.Open();
        while (records.TryRead(out StoredRecord record))
            destination.Write(record.Whole);
        if (records.Error != ZoneContentError.None)
            throw new IOException($"The content of {content.Apex} cannot be read: {records.Error.Text()}.");
        if (records.Position != content.ByteCount)
            throw new IOException($"The content of {content.Apex} has {records.Position} bytes and not {content.ByteCount}.");
    }

    /// <summary>The whole byte sequence in one array; for contents known to be small.</summary>
    public static byte[] ToArray(ZoneContent content)
    {
        var bytes = new byte[content.ByteCount];
        using var destination = new MemoryStream(bytes);
        CopyTo(content, destination);
        return bytes;
    }
}
