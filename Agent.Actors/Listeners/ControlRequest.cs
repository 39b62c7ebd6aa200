using System.Buffers.Binary;
using Agent.Actors.Cookies;
using Agent.Actors.Kernel;
using Agent.Actors.Telemetry;
using Agent.Dns.Cookies;
using Agent.Dns.Net;
using Agent.Dns.Wire;

namespace Agent.Actors.Listeners;

/// <summary>What a control message wants.</summary>
public enum ControlOperation : byte
{
    /// <summary>Serve the zone.</summary>
    Create = 0,

    /// <summary>Stop serving the zone.</summary>
    Delete = 1,

    /// <summary>The zone has changed at a master.</summary>
    Notify = 2,
}

/// <summary>A CREATE, DELETE or NOTIFY that passed all checks and waits for its answer.</summary>
/// <remarks>
/// Answered once, from any thread, by <see cref="TryAnswer"/> or ended without an answer by <see cref="TryIgnore"/>; either gives back the
/// credit it holds. Repeats of it that came meanwhile end with it, each with an answer of its own. What is left of the message is only what
/// the answer needs, so waiting requests stay small.
/// </remarks>
public sealed class ControlRequest
{
    private readonly byte[] _head;
    private readonly RequestSource _source;
    private readonly RequestAuthentication _authentication;
    private readonly IRequestAuthenticator? _authenticator;
    private readonly RequestCounters? _counters;
    private IControlCompletion? _completion;
    private int _ended;

    internal ControlRequest(ref RequestContext context, ControlOperation operation, DomainName zone, PipelineParts parts)
    {
        Operation = operation;
        Zone = zone;
        SerialHint = operation == ControlOperation.Notify ? context.Serial : null;
        TraceId = context.TraceId;
        MasterSet = context.MasterSet;
        Opcode = context.Header.Opcode;
        _source = context.Source;
        _authentication = context.Authentication;
        _authenticator = parts.Authenticator;
        _counters = parts.Counters;
        _head = ControlAnswerBuilder.HeadOf(ref context);
        if (context.Cookie == CookieStatus.None)
        {
            return;
        }
        byte[] cookie = new byte[DnsCookie.OptionBytes];
        Cookie = parts.Cookies!.TryWrite(context.CookieOption, context.Cookie, context.Source.Client, cookie) ? cookie : [];
    }

    /// <summary>What is wanted.</summary>
    public ControlOperation Operation { get; }

    /// <summary>The zone, in the case that was sent.</summary>
    public DomainName Zone { get; }

    /// <summary>The serial of an SOA that a NOTIFY carried; a hint, since anybody can write one.</summary>
    public uint? SerialHint { get; }

    /// <summary>The master set that the sender speaks for; null for none.</summary>
    public string? MasterSet { get; }

    /// <summary>Who asks.</summary>
    public NetworkEndpoint Client => _source.Client;

    /// <summary>How the request came.</summary>
    public AnswerTransport Transport => _source.Transport;

    /// <summary>The verified TSIG key; null when unsigned.</summary>
    public DomainName? KeyName => _authentication.KeyName;

    /// <summary>Joins everything that this request causes in logs and traces.</summary>
    public ulong TraceId { get; }

    internal Opcode Opcode { get; }

    /// <summary>What repeats of this request have in common with it.</summary>
    internal RepeatKey RepeatKey => new(Client, Transport, MessageId, Operation, Zone, KeyName);

    private ushort MessageId => BinaryPrimitives.ReadUInt16BigEndian(_head);

    /// <summary>The cookie that the answer gives back; empty for none.</summary>
    internal byte[] Cookie { get; } = [];

    internal bool IsOverTls => _source.Tls is not null;

    internal ReadOnlySpan<byte> Head => _head;

    internal ref readonly RequestAuthentication Authentication => ref _authentication;

    internal IRequestAuthenticator? Authenticator => _authenticator;

    /// <summary>Sends the answer, unless the request has already ended.</summary>
    /// <returns>Whether this call ended it.</returns>
    public bool TryAnswer(in ControlAnswer answer)
    {
        if (!TryEnd(out IReadOnlyList<ControlRequest> repeats))
        {
            return false;
        }
        Span<byte> message = stackalloc byte[ControlAnswerBuilder.SizeMax];
        int length = ControlAnswerBuilder.Build(this, answer, message);
        FaultPoint.Pass("request.answering");
        _source.ReplyPath.Reply(_source.Token, message[..length]);
        FaultPoint.Pass("request.answered");
        Count(answer);
        foreach (ControlRequest repeat in repeats) repeat.TryAnswer(answer);
        return true;
    }

    /// <summary>Ends the request in silence, unless it has already ended.</summary>
    public bool TryIgnore()
    {
        if (!TryEnd(out IReadOnlyList<ControlRequest> repeats))
        {
            return false;
        }
        _source.ReplyPath.Withhold(_source.Token);
        if (Operation == ControlOperation.Notify) AgentMetrics.CountNotify(NotifyResult.Ignored);
        foreach (ControlRequest repeat in repeats) repeat.TryIgnore();
        return true;
    }

    internal void CompleteTo(IControlCompletion completion) => _completion = completion;

    private bool TryEnd(out IReadOnlyList<ControlRequest> repeats)
    {
        bool isFirst = Interlocked.Exchange(ref _ended, 1) == 0;
        repeats = isFirst && _completion is { } completion ? completion.Completed(this) : [];
        return isFirst;
    }

    private void Count(in ControlAnswer answer)
    {
        _counters?.Count(Transport, Opcode, answer.ResponseCode);
        if (Operation == ControlOperation.Notify)
        {
            AgentMetrics.CountNotify(answer.ResponseCode switch
            {
                ResponseCode.NoError => NotifyResult.Accepted,
                ResponseCode.ServFail => NotifyResult.Failed,
                _ when answer.Reason == ExtendedErrorCode.NotAuthoritative => NotifyResult.UnknownZone,
                _ => NotifyResult.Refused,
            });
            return;
        }
        AgentMetrics.Control.Add(
            1,
            new("op", Operation == ControlOperation.Create ? "create" : "delete"),
            new("result", answer.ResponseCode switch
            {
                ResponseCode.NoError => "ok",
                ResponseCode.ServFail => "failed",
                _ => "refused",
            }));
    }
}

/// <summary>Told when a request has ended.</summary>
internal interface IControlCompletion
{
    /// <returns>The repeats that wait for the same answer.</returns>
    IReadOnlyList<ControlRequest> Completed(ControlRequest request);
}
