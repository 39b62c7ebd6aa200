namespace Agent.Dns.Wire;

/// <summary>Builds the short replies of a server: the request's question back, flags, and an OPT if the request had one.</summary>
public static class ReplyWriter
{
    /// <summary>Room that holds every such reply to a request with one question.</summary>
    public const int SizeHint = 1024;

    /// <summary>Writes a reply without records.</summary>
    /// <param name="request">A message with at least a whole header.</param>
    /// <param name="reply">Where to; 12 bytes are the least.</param>
    /// <param name="responseCode">Values above 15 use the OPT; without one in the request only the low bits can be said.</param>
    /// <param name="authoritative">AA.</param>
    /// <param name="payloadSize">What we announce in our OPT.</param>
    /// <param name="extendedError">A reason, sent only if the request had an OPT.</param>
    /// <param name="extendedText">Its text; empty for none.</param>
    /// <returns>Bytes written; 0 if the request has no header.</returns>
    /// <remarks>A malformed question section is not echoed; a malformed OPT counts as none.</remarks>
    public static int Write(
        ReadOnlySpan<byte> request,
        Span<byte> reply,
        ResponseCode responseCode,
        bool authoritative,
        ushort payloadSize = 1232,
        ExtendedErrorCode? extendedError = null,
        ReadOnlySpan<char> extendedText = default)
    {
        if (!TryBegin(request, reply, responseCode, authoritative, out var writer)) return 0;
        if (EdnsView.Find(request, out var edns) != WireError.None || !edns.IsPresent) return writer.Length;
        if (writer.TryWriteOpt(payloadSize, edns.DnssecOk, responseCode) && extendedError is { } code)
        {
            writer.TryWriteExtendedError(code, extendedText);
        }

        return writer.Length;
    }

    /// <summary>Starts a reply that the caller fills: header and echoed questions are written, counts of records are zero.</summary>
    public static bool TryBegin(
        scoped ReadOnlySpan<byte> request, Span<byte> reply, ResponseCode responseCode, bool authoritative, out MessageWriter writer)
    {
        if (!MessageHeader.TryRead(request, out var header))
        {
            writer = default;
            return false;
        }

        writer = new MessageWriter(reply, header.Id, header.ReplyFlags(responseCode, authoritative));
        writer.TryEchoQuestions(request);
        return true;
    }
}
