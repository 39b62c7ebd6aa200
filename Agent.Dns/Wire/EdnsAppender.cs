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
        if (message.Length - length < added || !TryFindLastOpt(message[..length], out RecordView opt)) return length;
        (int rdataOffset, int rdataLength) = (opt.RdataOffset, opt.RdataLength);
        if (rdataLength + added > ushort.MaxValue) return length;
        BinaryPrimitives.WriteUInt16BigEndian(message[length..], (ushort)code);
        BinaryPrimitives.WriteUInt16BigEndian(message[(length + LengthBytes)..], (ushort)value.Length);
        value.CopyTo(message[(length + OptionHeadBytes)..]);
        BinaryPrimitives.WriteUInt16BigEndian(message[(rdataOffset - LengthBytes)..], (ushort)(rdataLength + added));
        return length + added;
    }

    /// <summary>Finds the OPT with which a message ends; false when it ends otherwise or is broken.</summary>
    internal static bool TryFindLastOpt(ReadOnlySpan<byte> message, out RecordView opt)
    {
        var reader = new MessageReader(message);
        while (reader.TryReadRecord(out opt))
        {
            if (opt.Type == RecordType.OPT) return opt.RdataOffset + opt.RdataLength == message.Length;
        }

        return false;
    }
}
