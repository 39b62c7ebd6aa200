using Agent.Actors.Cookies;
using Agent.Actors.Telemetry;
using Agent.Dns.Cookies;
using Agent.Dns.Wire;

namespace Agent.Actors.Listeners;

/// <summary>Decides on one message at a time what becomes of it, and writes the answers that can be given on the spot.</summary>
/// <remarks>
/// <code>
///   octets -> read -> cookie -> access -> TSIG -> EDNS version -> by kind:   Query    -> relay, or answered here
///               |        \________|________|________/                       Transfer -> sent by the session
///            silence,             |                                         NOTIFY, CREATE, DELETE -> to the zone
///            FORMERR,       REFUSED, NOTAUTH, BADVERS,
///            NOTIMP         BADCOOKIE (signed when the request was)
/// </code>
/// Pure: it knows no socket and waits for nothing. Relayed and locally answered queries allocate nothing. It does not throw,
/// whatever the octets are. Thread-safe as far as its parts are.
/// </remarks>
public sealed class RequestPipeline
{
    /// <summary>The UDP payload that we announce and send (RFC 9715, below every usual path's fragmentation).</summary>
    public const ushort PayloadBytes = 1232;

    private const int PayloadBytesWithoutEdns = 512;
    private const ulong TraceStep = 0x9E3779B97F4A7C15;

    private readonly PipelineParts _parts;
    private volatile IRequestStep[] _steps;
    private volatile ListenerPolicy _policy;
    private ulong _trace;

    /// <summary>Joins policy and parts.</summary>
    public RequestPipeline(ListenerPolicy policy, PipelineParts parts)
    {
        ArgumentNullException.ThrowIfNull(policy);
        ArgumentNullException.ThrowIfNull(parts);
        _parts = parts;
        _trace = parts.TraceSeed;
        _policy = policy;
        _steps = Chain(policy, parts);
    }

    /// <summary>Replaces the policy from the next message on. Any thread.</summary>
    public void UsePolicy(ListenerPolicy policy)
    {
        ArgumentNullException.ThrowIfNull(policy);
        _policy = policy;
        _steps = Chain(policy, _parts);
    }

    /// <summary>Decides on a message.</summary>
    /// <param name="message">The octets as they came.</param>
    /// <param name="source">Where they came from.</param>
    /// <param name="reply">Room for an answer, at least <see cref="PayloadBytes"/>; on TCP as much as an answer may have.</param>
    /// <param name="nowMs">A clock that never goes back.</param>
    public RequestOutcome Process(ReadOnlySpan<byte> message, in RequestSource source, Span<byte> reply, long nowMs)
    {
        MessageHeader.TryRead(message, out MessageHeader header);
        var context = new RequestContext { Message = message, Header = header, Source = source, NowMs = nowMs };
        switch (RequestParser.Parse(ref context))
        {
            case ParseResult.NotARequest:
                return default;
            case ParseResult.Malformed:
                return Refuse(ref context, new StepRefusal(ResponseCode.FormErr), reply);
            default:
                break;
        }
        foreach (IRequestStep step in _steps)
        {
            if (step.Apply(ref context) is { } refusal)
            {
                return Refuse(ref context, refusal, reply);
            }
        }
        return context.Kind switch
        {
            RequestKind.Query => Query(ref context, reply),
            RequestKind.Transfer => Transfer(ref context, reply),
            _ => Control(ref context, reply),
        };
    }

    /// <summary>Counts an answer that was made outside, by the relay.</summary>
    public void CountRelayed(AnswerTransport transport, ReadOnlySpan<byte> answer)
    {
        if (MessageHeader.TryRead(answer, out MessageHeader header))
        {
            _parts.Counters?.Count(transport, header.Opcode, header.ResponseCode);
        }
    }

    private static IRequestStep[] Chain(ListenerPolicy policy, PipelineParts parts)
    {
        bool relays = parts.LocalAnswerer is null;
        return
        [
            .. parts.Cookies is { } jar ? [new CookieStep(jar, relays)] : (IRequestStep[])[],
            new AccessStep(policy, relays),
            new TsigStep(policy, parts.Authenticator, relays, parts.TellsSerials),
            new EdnsStep(),
            .. policy.RequiresCookies ? [new CookieRequiredStep()] : (IRequestStep[])[],
            .. policy.MasterSets.IsEmpty ? (IRequestStep[])[] : [new MasterSetStep(policy)],
        ];
    }

    private RequestOutcome Query(ref RequestContext context, Span<byte> reply)
    {
        bool asksAsSecondary = AsksAsSecondary(ref context);
        if (_parts.LocalAnswerer is not { } answerer)
        {
            return asksAsSecondary ? Transfer(ref context, reply, []) : new RequestOutcome(
                RequestDisposition.Relay,
                Relay: Hints(ref context));
        }
        bool asksForLife = AsksForLife(ref context, answerer);
        int limit = ReplyLimit(ref context, reply.Length);
        int length = answerer.Answer(context.Message, reply[..limit], context.Source.Transport);
        bool isAnswered = length >= MessageHeader.Size && length <= limit;
        if (asksForLife || asksAsSecondary)
        {
            byte[] plain = isAnswered ? reply[..Finish(ref context, reply, length)].ToArray() : [];
            return Transfer(ref context, reply, plain);
        }
        if (!isAnswered)
        {
            return Refuse(ref context, new StepRefusal(ResponseCode.ServFail, ExtendedErrorCode.Other), reply);
        }
        // That a name does not exist is an answer like any other; that we do not answer is not. A control plane that looks whether its
        // zones are gone is refused once for each.
        if (((ResponseCode)(reply[3] & 0xF)) is not (ResponseCode.NoError or ResponseCode.NXDomain)
            && !_policy.NamesSender(context.Source.Client) && IsOneErrorTooMany(ref context))
        {
            return default;
        }
        CountRelayed(context.Source.Transport, reply[..length]);
        return new RequestOutcome(RequestDisposition.Reply, Finish(ref context, reply, length));
    }

    private RelayHints Hints(ref RequestContext context)
    {
        // Under a key that allow-query does not name the query is between the client and the server, though we may know the key.
        RelaySignature? signature = context.Authentication is { Status: AuthenticationStatus.Verified, KeyName: { } key }
            && _policy.AllowQuery.AllowsKey(key)
            ? new RelaySignature(_parts.Authenticator!, context.Authentication, context.TsigOffset, RelayedLimit(ref context))
            : null;
        return new RelayHints(context.QuestionEnd, context.Edns.IsPresent, context.HasTsig && signature is null, signature);
    }

    /// <summary>What the client takes of an answer that the server has measured: more than we would send of our own.</summary>
    private static int RelayedLimit(ref RequestContext context) =>
        context.Source.Transport != AnswerTransport.Udp ? ushort.MaxValue
            : context.Edns.IsPresent ? Math.Max(context.Edns.PayloadSize, (ushort)PayloadBytesWithoutEdns)
            : PayloadBytesWithoutEdns;

    /// <summary>Whether the sender gets no error any more for now. Who sends a good cookie has received an answer of ours before: nobody
    /// else's address is aimed at.</summary>
    private bool IsOneErrorTooMany(ref RequestContext context)
    {
        if (context.Source.Transport != AnswerTransport.Udp || context.Cookie == CookieStatus.Good || _parts.ErrorRate is not { } rate
            || rate.TryTake(context.Source.Client, context.NowMs))
        {
            return false;
        }
        AgentMetrics.CountShed(ShedReason.ErrorRate);
        return true;
    }

    /// <summary>
    /// A secondary that asks in its SOA question how long it may serve the zone (RFC 7314): only the zone's owner knows. Signatures over
    /// the SOA are with the zone, so who wants them does without.
    /// </summary>
    private bool AsksForLife(ref RequestContext context, ILocalAnswerer answerer)
    {
        if (!_parts.SendsZones || context.Question.Type != RecordType.SOA || context.Edns.DnssecOk
            || !context.Edns.TryGetOption(EdnsOptionCode.Expire, out _))
        {
            return false;
        }
        Span<byte> name = stackalloc byte[NameReader.MaximumLength];
        return context.Question.TryCopyName(name, out int length) && answerer.IsApex(name[..length]);
    }

    /// <summary>One who may transfer zones asks for a SOA, perhaps to see whether there is something to transfer.</summary>
    private bool AsksAsSecondary(ref RequestContext context)
    {
        if (!_parts.TellsSerials || !_parts.SendsZones || context.Question.Type != RecordType.SOA)
        {
            return false;
        }
        AccessList list = _policy.AllowTransfer;

        // A signature under another's key, perhaps one between the client and the server behind us, is not for us to answer.
        bool isUnread = context.HasTsig && context.Authentication.Status == AuthenticationStatus.Unsigned;
        return !isUnread
            && (list.AllowsAddress(context.Source.Client) || list.AllowsCertificate(context.Source.Tls)
                || (context.Authentication.KeyName is { } key && list.AllowsKey(key)));
    }

    private RequestOutcome Transfer(ref RequestContext context, Span<byte> reply, byte[]? plainAnswer = null)
    {
        if (context.Source.Transport == AnswerTransport.Udp)
        {
            // AXFR by UDP does not exist (RFC 5936 section 4.2). An IXFR client is sent to TCP: by the SOA alone where we can look it up
            // (RFC 1995 section 2), else by an answer that says it was cut.
            if (context.Question.Type == RecordType.AXFR)
            {
                return Refuse(ref context, new StepRefusal(ResponseCode.FormErr), reply);
            }
            if (!_parts.SendsZones)
            {
                return Refuse(ref context, new StepRefusal(ResponseCode.NoError), reply, isCut: true);
            }
        }
        if (context.Question.ToName() is not { } zone)
        {
            return Refuse(ref context, new StepRefusal(ResponseCode.FormErr), reply);
        }
        context.TraceId = NextTraceId();
        var request = new TransferRequest(ref context, zone, _parts, MessageBytesMax(ref context, ushort.MaxValue))
        {
            PlainAnswer = plainAnswer,
        };
        return new RequestOutcome(RequestDisposition.TransferOut, Transfer: request);
    }

    private RequestOutcome Control(ref RequestContext context, Span<byte> reply)
    {
        if (context.Kind == RequestKind.Notify && _parts.NotifyRate is { } rate && !rate.TryTake(context.Source.Client, context.NowMs))
        {
            AgentMetrics.CountShed(ShedReason.NotifyRate);
            return Refuse(ref context, new StepRefusal(ResponseCode.ServFail, ExtendedErrorCode.NotReady, "too many NOTIFYs"), reply);
        }
        if (context.Question.ToName() is not { } zone)
        {
            return Refuse(ref context, new StepRefusal(ResponseCode.FormErr), reply);
        }
        context.TraceId = NextTraceId();
        ControlOperation operation = context.Kind switch
        {
            RequestKind.Create => ControlOperation.Create,
            RequestKind.Delete => ControlOperation.Delete,
            _ => ControlOperation.Notify,
        };
        return new RequestOutcome(RequestDisposition.Control, Control: new ControlRequest(ref context, operation, zone, _parts));
    }

    private RequestOutcome Refuse(ref RequestContext context, in StepRefusal refusal, Span<byte> reply, bool isCut = false)
    {
        if (context.Kind == RequestKind.Notify)
        {
            AgentMetrics.CountNotify(refusal.ResponseCode == ResponseCode.ServFail ? NotifyResult.Failed : NotifyResult.Refused);
        }
        if (IsOneErrorTooMany(ref context))
        {
            return default;
        }
        // Header, question and OPT are hardly more than the request; only a full signature needs room kept for it.
        int limit = Math.Min(reply.Length, PayloadBytes) - SignatureBytes(ref context) - CookieBytes(ref context);
        int length = ReplyWriter.Write(
            context.Message, reply[..limit], refusal.ResponseCode, authoritative: false, PayloadBytes, refusal.Reason, refusal.Text);
        if (isCut)
        {
            reply[2] |= MessageHeader.TruncatedFlag >> 8;
        }
        _parts.Counters?.Count(context.Source.Transport, context.Header.Opcode, refusal.ResponseCode);
        return new RequestOutcome(RequestDisposition.Reply, Finish(ref context, reply, length));
    }

    /// <summary>Gives the cookie back, hides the length where others cannot read, and signs.</summary>
    private int Finish(ref RequestContext context, Span<byte> reply, int length)
    {
        Span<byte> option = stackalloc byte[DnsCookie.OptionBytes];
        if (context.Cookie != CookieStatus.None
            && _parts.Cookies!.TryWrite(context.CookieOption, context.Cookie, context.Source.Client, option))
        {
            length = EdnsAppender.Append(reply, length, EdnsOptionCode.Cookie, option);
        }
        // Only an answer to EDNS ends with an OPT, and nothing is done to others.
        if (context.Source.Tls is not null)
        {
            length = EdnsPadding.Extend(reply, length, EdnsPadding.AnswerBlock, SignatureBytes(ref context));
        }
        return Sign(ref context, reply, length);
    }

    private static int CookieBytes(ref RequestContext context) =>
        context.Cookie == CookieStatus.None ? 0 : EdnsAppender.OptionHeadBytes + DnsCookie.OptionBytes;

    private int Sign(ref RequestContext context, Span<byte> reply, int length) =>
        context.Authentication.Status == AuthenticationStatus.Unsigned || _parts.Authenticator is not { } authenticator
            ? length
            : authenticator.Sign(reply, length, context.Authentication);

    private int ReplyLimit(ref RequestContext context, int room) => Math.Max(
        MessageHeader.Size, MessageBytesMax(ref context, room) - SignatureBytes(ref context) - CookieBytes(ref context));

    /// <summary>What the client takes by UDP, and no more than there is room for.</summary>
    private static int MessageBytesMax(ref RequestContext context, int room)
    {
        if (context.Source.Transport != AnswerTransport.Udp)
        {
            return room;
        }
        int accepted = context.Edns.IsPresent
            ? Math.Clamp(context.Edns.PayloadSize, (ushort)PayloadBytesWithoutEdns, PayloadBytes)
            : PayloadBytesWithoutEdns;
        return Math.Min(room, accepted);
    }

    private int SignatureBytes(ref RequestContext context) =>
        context.Authentication.Status == AuthenticationStatus.Unsigned || _parts.Authenticator is not { } authenticator
            ? 0
            : authenticator.SignatureBytes(context.Authentication);

    private ulong NextTraceId()
    {
        // Spreads a counter over all bits; neighbours look unrelated and none repeats.
        ulong value = Interlocked.Add(ref _trace, TraceStep);
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }
}
