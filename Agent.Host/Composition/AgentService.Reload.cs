using Agent.Actors.Transfers;
using Agent.Host.Configuration;

namespace Agent.Host.Composition;

/// <content>Taking over a changed configuration while running.</content>
internal sealed partial class AgentService
{
    /// <summary>Applies what can change; the rest was told by the change itself.</summary>
    public async Task ApplyAsync(AgentOptions options, CancellationToken cancellation)
    {
        _keys.Replace(options.Keys);
        _authenticator.UseKeys(_keys.Current);
        _policy.Current = DomainSettings.PolicyOf(options);
        _masters.Tell(new ReplaceMasters(DomainSettings.MastersOf(options)), null);
        _listeners.UsePolicy(await DomainSettings.PolicyForListenersAsync(options, cancellation));
    }
}
