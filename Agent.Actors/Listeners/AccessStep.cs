using Agent.Dns.Wire;

namespace Agent.Actors.Listeners;

/// <summary>
/// Refuses whom neither the address, nor a certificate, nor, possibly, a key admits. The key itself is looked at by <see cref="TsigStep"/>.
/// </summary>
internal sealed class AccessStep(ListenerPolicy policy, bool queriesAreRelayed) : IRequestStep
{
    public StepRefusal? Apply(ref RequestContext context)
    {
        if (context.Kind is RequestKind.Other or RequestKind.UnknownOpcode)
        {
            return context.HasTsig ? null : Refusal(context.Kind);
        }
        // A signed request that we answer is refused behind its signature, so that the refusal can be signed too.
        if (!context.HasTsig && TransportRefusal(policy, ref context) is { } refusal)
        {
            return refusal;
        }
        AccessList list = ListFor(policy, context.Kind);
        context.IsAddressAllowed = list.AllowsAddress(context.Source.Client) || list.AllowsCertificate(context.Source.Tls);
        bool keyIsLookedAt = context.HasTsig && (list.HasKeys || !(queriesAreRelayed && context.Kind == RequestKind.Query));
        return context.IsAddressAllowed || keyIsLookedAt ? null : Refusal(context.Kind);
    }

    /// <summary>Whether the key of a verified signature, or the address already, is enough for what is asked.</summary>
    internal static bool Admits(ListenerPolicy policy, ref RequestContext context, DomainName key) =>
        context.Kind is not (RequestKind.Other or RequestKind.UnknownOpcode)
            && (context.IsAddressAllowed || ListFor(policy, context.Kind).AllowsKey(key));

    /// <summary>Whether what is asked must come another way, whoever asks and whatever the signature is worth.</summary>
    internal static StepRefusal? TransportRefusal(ListenerPolicy policy, ref RequestContext context) => context.Kind switch
    {
        RequestKind.Create or RequestKind.Delete when policy.ControlNeedsTcp && context.Source.Transport == AnswerTransport.Udp =>
            new StepRefusal(ResponseCode.Refused, ExtendedErrorCode.Prohibited, "CREATE and DELETE need TCP"),
        RequestKind.Transfer => TransferRefusal(policy, context.Source.Tls),
        _ => null,
    };

    private static StepRefusal? TransferRefusal(ListenerPolicy policy, TlsClient? tls)
    {
        if (tls is null)
        {
            return policy.TransferNeedsTls
                ? new StepRefusal(ResponseCode.Refused, ExtendedErrorCode.Prohibited, "transfers need TLS")
                : null;
        }
        return policy.TransferNeedsDot && !tls.HasChosenDot
            ? new StepRefusal(ResponseCode.Refused, ExtendedErrorCode.Prohibited, "transfers over TLS need the protocol dot (ALPN)")
            : null;
    }

    private static AccessList ListFor(ListenerPolicy policy, RequestKind kind) => kind switch
    {
        RequestKind.Query => policy.AllowQuery,
        RequestKind.Transfer => policy.AllowTransfer,
        RequestKind.Notify => policy.AllowNotify,
        _ => policy.AllowControl,
    };

    internal static StepRefusal Refusal(RequestKind kind) => kind switch
    {
        RequestKind.UnknownOpcode => new(ResponseCode.NotImp),
        RequestKind.Other => new(ResponseCode.Refused, ExtendedErrorCode.NotSupported),
        RequestKind.Query => new(ResponseCode.Refused, ExtendedErrorCode.Prohibited, "not in allow-query"),
        RequestKind.Transfer => new(ResponseCode.Refused, ExtendedErrorCode.Prohibited, "not in allow-transfer"),
        RequestKind.Notify => new(ResponseCode.Refused, ExtendedErrorCode.Prohibited, "not in allow-notify"),
        _ => new(ResponseCode.Refused, ExtendedErrorCode.Prohibited, "not in allow-control"),
    };
}
