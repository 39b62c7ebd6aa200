namespace Agent.Dns.Wire;

/// <summary>Hides the length of messages that go over an encrypted connection (RFC 7830, RFC 8467).</summary>
public static class EdnsPadding
{
    /// <summary>Questions are padded to a multiple of this (RFC 8467 section 4.1).</summary>
    public const int QuestionBlock = 128;

    /// <summary>Answers are padded to a multiple of this (RFC 8467 section 4.1).</summary>
    public const int AnswerBlock = 468;

    /// <summary>
    /// Adds padding to the OPT with which a message ends, until message and signature together are a multiple of a block, or as far as
    /// there is room. A message that does not end with an OPT, or is padded already, stays as it is.
    /// </summary>
    /// <param name="buffer">The message, with what room there is behind it.</param>
    /// <param name="length">Octets of the message.</param>
    /// <param name="signatureBytes">What a signature adds to it afterwards; it is room as well.</param>
    /// <returns>The octets that the message has now, without the signature.</returns>
    public static int Extend(Span<byte> buffer, int length, int block, int signatureBytes = 0)
    {
        int room = Math.Min(buffer.Length, ushort.MaxValue) - signatureBytes - length - EdnsAppender.OptionHeadBytes;
        if (room < 0 || !EdnsAppender.TryFindLastOpt(buffer[..length], out RecordView opt)
            || EdnsView.Read(opt, out EdnsView edns) != WireError.None || edns.TryGetOption(EdnsOptionCode.Padding, out _))
        {
            return length;
        }
        int end = length + EdnsAppender.OptionHeadBytes + signatureBytes;
        ReadOnlySpan<byte> zeros = stackalloc byte[Math.Min(room, (block - (end % block)) % block)];
        return EdnsAppender.Append(buffer, length, EdnsOptionCode.Padding, zeros);
    }
}
