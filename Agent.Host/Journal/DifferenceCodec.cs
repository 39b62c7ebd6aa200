using System.IO.Compression;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Host.Journal;

/// <summary>The form in which differences lie in their row: compressed when that is shorter. The row's length tells which it is.</summary>
internal static class DifferenceCodec
{
    private const int Quality = 2;
    private const int WindowBits = 20;

    /// <summary>The octets for the row; none where nothing leads from one content to the other.</summary>
    public static byte[] Pack(DifferenceSequence? differences)
    {
        if (differences is null) return [];
        ReadOnlySpan<byte> octets = differences.Octets.Span;
        var packed = new byte[Math.Max(0, octets.Length - 1)];
        return BrotliEncoder.TryCompress(octets, packed, out int length, Quality, WindowBits) ? packed[..length] : octets.ToArray();
    }

    /// <summary>The differences of a row.</summary>
    /// <exception cref="IOException">The row is damaged.</exception>
    public static DifferenceSequence Unpack(DomainName zone, DifferenceRow row, byte[] data)
    {
        byte[] octets = data;
        bool isWhole = data.Length == row.Bytes;
        if (!isWhole && row.Bytes > data.Length)
        {
            octets = new byte[row.Bytes];
            isWhole = BrotliDecoder.TryDecompress(data, octets, out int length) && length == octets.Length;
        }

        return isWhole && DifferenceSequence.TryLoad(zone, octets, out DifferenceSequence? sequence)
            && sequence.FromSerial == row.FromSerial && sequence.ToSerial == row.ToSerial
            ? sequence
            : throw new IOException($"The difference of {zone} from serial {row.FromSerial} is damaged in the journal.");
    }
}
