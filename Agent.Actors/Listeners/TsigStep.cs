using Agent.Dns.Wire;

namespace Agent.Actors.Listeners;

/// <summary>Verifies the signature of what we answer ourselves, and admits by key whom the address alone does not.</summary>
/// <remarks>
/// A relayed query that its address admits passes untouched: its key may be one between the client and the server. Only a key that
/// allow-query names is ours whoever uses it: its signature is taken off, and the answer has one.
/// </remarks>
internal sealed class TsigStep(
    ListenerPolicy policy, IRequestAuthenticator? authenticator, bool queriesAreRelayed, bool tellsSerials) : IRequestStep
{
    public StepRefusal? Apply(ref RequestContext context)
    {
        if (!context.HasTsig)
        {
            return null;
        }
        if (queriesAreRelayed && context.Kind == RequestKind.Query && context.IsAddressAllowed)
        {
            // One who may transfer zones under a key of ours is told the serial by us. All else passes, whatever its signature is worth.
            if ((policy.AllowQuery.HasKeys || (tellsSerials && context.Question.Type == RecordType.SOA))
                && authenticator?.Verify(context.Message, context.Source.Client) is { Status: AuthenticationStatus.Verified } known)
            {
                context.Authentication = known;
            }
            return null;
        }
        context.Authentication = authenticator?.Verify(context.Message, context.Source.Client)
            ?? new RequestAuthentication(AuthenticationStatus.Failed);
        switch (context.Authentication)
        {
            case { Status: AuthenticationStatus.Failed }:
                return new StepRefusal(ResponseCode.NotAuth);
            case { Status: AuthenticationStatus.Malformed }:
                return new StepRefusal(ResponseCode.FormErr);
            case { KeyName: { } key } when AccessStep.Admits(policy, ref context, key):
                return AccessStep.TransportRefusal(policy, ref context);
            default:
                return AccessStep.Refusal(context.Kind);
        }
    }
}
