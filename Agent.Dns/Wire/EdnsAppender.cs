using System.Buffers.Binary;

namespace Agent.Dns.Wire;

/// <summary>Adds an option to the OPT of a message that is written already.</summary>
public static class EdnsAppender
{
    /// <summary>Octets that an option takes beside its value.</summary>
    public const int OptionHeadBytes = 4;

    private const int LengthBytes = 2;

    /// <summary>Adds an option, when the message ends with its OPT and there is room.</summary>
    /// <param name="message">The message with room behind it.</param>
    /// <param name="length">Octets of the message.</param>
    /// <returns>Octets of the message afterwards: <paramref name="length"/> when nothing could be added.</returns>
    public static int Append(Span<byte> message, int length, EdnsOptionCode code, ReadOnlySpan<byte> value)
    {
        int added = OptionHeadBytes + value.Length;
        if (message.Length - length < added || !EndsWithOpt(message[..length], out int rdataOffset, out int rdataLength)) return length;
        if (rdataLength + added > ushort.MaxValue) return length;
        BinaryPrimitives.WriteUInt16BigEndian(message[length..], (ushort)code);
        BinaryPrimitives.WriteUInt16BigEndian(message[(length + LengthBytes)..], (ushort)value.Length);
        value.CopyTo(message[(length + OptionHeadBytes)..]);
        BinaryPrimitives.WriteUInt16BigEndian(message[(rdataOffset - LengthBytes)..], (ushort)(rdataLength + added));
        return length + added;
    }

    private static bool EndsWithOpt(ReadOnlySpan<byte> message, out int rdataOffset, out int rdataLength)
    {
        rdataOffset = rdataLength = 0;
        bool isLast = false;
        var reader = new MessageReader(message);
        while (reader.TryReadRecord(out RecordView record))
        {
            isLast = record.Type == RecordType.OPT;
            (rdataOffset, rdataLength) = (record.RdataOffset, record.RdataLength);
        }

        return isLast && reader.AtEnd;
    }
}
