using System.IO.Compression;
using Agent.Dns.Zones;

namespace Agent.Host.Journal;

/// <summary>The form in which small contents lie in their row: compressed, or as they are when that saves next to nothing.</summary>
internal static class ContentCodec
{
    // Zones are repetitive text-like data: this quality takes microseconds for a small zone and a third of the room.
    private const int Quality = 4;
    private const int WindowBits = 19;
    // What is larger does not shrink below the limit of a row often enough to be worth the attempt.
    private const int LargestTried = 512 * 1024;
    // A zone of a few records shrinks by some hundred octets, for which a change would wait longer than for all other work on its row.
    private const int LargestPlain = 2048;

    /// <summary>The bytes for the row; null when they are more than the limit, so that the content becomes a file.</summary>
    public static byte[]? TryCompress(ZoneContent content, int limit)
    {
        if (content.ByteCount > LargestTried)
            return null;
        byte[] bytes = ContentCopy.ToArray(content);
        if (bytes.Length <= Math.Min(LargestPlain, limit))
            return bytes;
        var packed = new byte[Math.Min(limit, BrotliEncoder.GetMaxCompressedLength(bytes.Length))];
        return BrotliEncoder.TryCompress(bytes, packed, out int length, Quality, WindowBits) ? packed[..length] : null;
    }

    /// <summary>The bytes of a content whose facts are known.</summary>
    /// <exception cref="IOException">The row is damaged.</exception>
    public static byte[] Expand(ReadOnlySpan<byte> packed, ZoneFacts facts)
    {
        // Nothing compressed has by chance the length and the hash of what it stands for.
        if (packed.Length == facts.ByteCount && ContentHash.Of(packed) == facts.Hash)
            return packed.ToArray();
        var bytes = new byte[facts.ByteCount];
        if (!BrotliDecoder.TryDecompress(packed, bytes, out int length) || length != bytes.Length || ContentHash.Of(bytes) != facts.Hash)
            throw new IOException($"The content of {facts.Apex} with serial {facts.Serial} is damaged in the journal.");
        return bytes;
    }
}
