using Agent.Dns.Wire;

namespace Agent.Actors.Listeners;

/// <summary>Ends requests of an EDNS version that does not exist yet with BADVERS (RFC 6891 section 6.1.3).</summary>
internal sealed class EdnsStep : IRequestStep
{
    public StepRefusal? Apply(ref RequestContext context) =>
        context.Edns is { IsPresent: true, Version: > 0 } ? new StepRefusal(ResponseCode.BadVers) : null;
}
