using Agent.Dns.Wire;

namespace Agent.Actors.Listeners;

/// <summary>Refuses whom neither the address nor, possibly, a key admits. The key itself is looked at by <see cref="TsigStep"/>.</summary>
internal sealed class AccessStep(ListenerPolicy policy, bool queriesAreRelayed) : IRequestStep
{
    public StepRefusal? Apply(ref RequestContext context)
    {
        if (context.Kind == RequestKind.Other)
        {
            return new StepRefusal(ResponseCode.Refused, ExtendedErrorCode.NotSupported);
        }
        if (policy.ControlNeedsTcp && context.Source.Transport == AnswerTransport.Udp
            && context.Kind is RequestKind.Create or RequestKind.Delete)
        {
            return new StepRefusal(ResponseCode.Refused, ExtendedErrorCode.Prohibited, "CREATE and DELETE need TCP");
        }
        AccessList list = ListFor(policy, context.Kind);
        context.IsAddressAllowed = list.AllowsAddress(context.Source.Client);
        // A signed request that we answer is refused behind its signature, so that the refusal can be signed too.
        bool keyIsLookedAt = context.HasTsig && (list.HasKeys || !(queriesAreRelayed && context.Kind == RequestKind.Query));
        return context.IsAddressAllowed || keyIsLookedAt ? null : Refusal(context.Kind);
    }

    internal static AccessList ListFor(ListenerPolicy policy, RequestKind kind) => kind switch
    {
        RequestKind.Query => policy.AllowQuery,
        RequestKind.Transfer => policy.AllowTransfer,
        RequestKind.Notify => policy.AllowNotify,
        _ => policy.AllowControl,
    };

    internal static StepRefusal Refusal(RequestKind kind) => new(ResponseCode.Refused, ExtendedErrorCode.Prohibited, kind switch
    {
        RequestKind.Query => "not in allow-query",
        RequestKind.Transfer => "not in allow-transfer",
        RequestKind.Notify => "not in allow-notify",
        _ => "not in allow-control",
    });
}
