using Agent.Dns.Wire;

namespace Agent.Actors.Listeners;

/// <summary>Builds the answer to a request put aside: its id, opcode, RD and question as sent, EDNS and TSIG if it had them.</summary>
public static class ControlAnswerBuilder
{
    /// <summary>Room that holds every such answer: one question, an extended error with text and a signature.</summary>
    public const int SizeMax = 1232;

    /// <summary>Builds the answer.</summary>
    /// <param name="answer">How it ended.</param>
    /// <param name="destination">At least <see cref="SizeMax"/> octets.</param>
    /// <returns>Octets written.</returns>
    public static int Build(ControlRequest request, in ControlAnswer answer, Span<byte> destination)
    {
        ArgumentNullException.ThrowIfNull(request);
        bool signs = request.Authentication.Status != AuthenticationStatus.Unsigned && request.Authenticator is not null;
        int reserved = signs ? request.Authenticator!.SignatureBytes(request.Authentication) : 0;
        int cookie = request.Cookie.Length == 0 ? 0 : EdnsAppender.OptionHeadBytes + request.Cookie.Length;
        int length = ReplyWriter.Write(
            request.Head,
            destination[..(SizeMax - reserved - cookie)],
            answer.ResponseCode,
            answer.Authoritative,
            RequestPipeline.PayloadBytes,
            answer.Reason,
            answer.Text);
        if (cookie > 0)
        {
            length = EdnsAppender.Append(destination, length, EdnsOptionCode.Cookie, request.Cookie);
        }
        if (request.IsOverTls)
        {
            length = EdnsPadding.Extend(destination[..SizeMax], length, EdnsPadding.AnswerBlock, reserved);
        }
        return signs ? request.Authenticator!.Sign(destination[..SizeMax], length, request.Authentication) : length;
    }

    /// <summary>The request without records, apart from a bare OPT: all that an answer needs of it.</summary>
    internal static byte[] HeadOf(ref RequestContext context)
    {
        const int optBytes = 11;
        byte[] head = new byte[context.QuestionEnd + (context.Edns.IsPresent ? optBytes : 0)];
        var writer = new MessageWriter(head, context.Header.Id, context.Header.Flags);
        writer.TryEchoQuestions(context.Message);
        if (context.Edns.IsPresent)
        {
            writer.TryWriteOpt(context.Edns.PayloadSize, context.Edns.DnssecOk);
        }
        return head;
    }
}
