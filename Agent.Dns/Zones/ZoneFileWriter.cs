using System.Runtime.CompilerServices;
using Agent.Dns.Records;
using Agent.Dns.Wire;

namespace Agent.Dns.Zones;

/// <summary>Writes contents as master files: one record a line with TTL and class, in the order of the content.</summary>
public static class ZoneFileWriter
{
    private const int FlushBytes = 64 * 1024;

    // Text of so many bytes for one of the content is usual, and room for less costs one more step.
    private const int TextBytesPerByte = 4;
    private const int SmallestRoom = 4096;

    /// <summary>Writes a whole content; nothing is allocated per record. Exceptions of both streams pass through.</summary>
    /// <param name="content">The zone.</param>
    /// <param name="destination">Stays open; flushing it to disk is the caller's business.</param>
    /// <param name="style">What the server that will read the file knows.</param>
    /// <param name="names">How names are written.</param>
    /// <returns>Damage found in the content; the file is then incomplete and must not be used.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static ZoneContentError Write(
        ZoneContent content, Stream destination, RdataTextStyle? style = null, ZoneFileNames names = ZoneFileNames.Absolute)
    {
        // Many small zones may be written at once, and each holds its room until its file is written.
        using var text = new RecordTextBuffer((int)Math.Clamp(content.ByteCount * TextBytesPerByte, SmallestRoom, FlushBytes * 2));
        if (names == ZoneFileNames.Relative) WriteOrigin(content.Apex, text);
        using RecordStream records = content.Open();
        while (records.TryRead(out StoredRecord record))
        {
            RecordText.WriteLine(record.Owner, record.Ttl, record.Class, record.Type, record.Rdata, text, style);
            if (text.Length < FlushBytes)
                continue;
            destination.Write(text.Written);
            text.Clear();
        }
        destination.Write(text.Written);
        return records.Error;
    }

    private static void WriteOrigin(DomainName apex, RecordTextBuffer text)
    {
        text.Write("$ORIGIN "u8);
        text.WriteName(apex.Wire);
        text.Write((byte)'\n');
        text.Origin = apex;
    }
}
