using Agent.Actors.Cluster;
using Agent.Actors.Transfers;
using Agent.Actors.Zones;
using Agent.Host.Configuration;

namespace Agent.Host.Composition;

/// <content>Taking over a changed configuration while running.</content>
internal sealed partial class AgentService
{
    /// <summary>Applies what can change; the change itself has told the rest.</summary>
    public async Task ApplyAsync(AgentOptions options, CancellationToken cancellation)
    {
        _keyOptions = options;
        _transferKeys.Replace(KeysOf(options));
        _authenticator.UseKeys(KeysOf(options));
        _tls.Replace(options.Tls);
        if (options.TlsListen is { } served) _acceptor?.Replace(served.Profile);
        _policy.Current = options.Zones;
        _system.EventStream.Publish(new ZonePolicyExchanged());
        _cluster?.Node.Keeper.Tell(new SetPlacement(PlacementMark.Of(options.Zones)));
        _masters.Tell(new ReplaceMasters(options.Roster));
        Change(options.Catalogs);
        _jar?.UseGiven(options.Cookies.Secrets);
        _listeners.UsePolicy(await PolicyOfAsync(options, cancellation));
    }
}
