using System.Collections.Immutable;
using System.Security.Cryptography;
using Agent.Actors.Cookies;
using Agent.Actors.Listeners;
using Agent.Dns.Cookies;
using Agent.Host.Configuration;

namespace Agent.Host.Composition;

/// <content>DNS cookies, and who may ask what with or without one.</content>
internal sealed partial class AgentService
{
    private CookieJar? _jar;

    private void StartCookies(TimeProvider clock)
    {
        if (!_options.Cookies.IsEnabled) return;
        _jar = new CookieJar(clock);
        _jar.UseGiven(_options.Cookies.Secrets);
        CookieCluster? cluster = _cluster?.Settings is { } node ? new CookieCluster(node.Keys, node.Store, _cluster.Node.View) : null;
        _system.ActorOf(CookieActor.Props(new CookieSettings(_jar, _options.Cookies.RotateEvery, DrawSecret, cluster)), "cookies");
    }

    private static string DrawSecret() => Convert.ToHexString(RandomNumberGenerator.GetBytes(DnsCookie.SecretBytes));

    private static async Task<ListenerPolicy> PolicyOfAsync(AgentOptions options, CancellationToken cancellation)
    {
        ListenerPolicy policy = options.Access.ToPolicy(await AddressesOfAsync(options.Roster.All, cancellation), options.TlsListen);
        return policy with
        {
            RequiresCookies = options.Cookies.IsRequired,
            MasterSets = await SendersOfAsync(options.MasterSets, cancellation),
        };
    }

    private static async Task<ImmutableArray<MasterSetSenders>> SendersOfAsync(
        ImmutableArray<MasterSetOptions> sets, CancellationToken cancellation)
    {
        var senders = new List<MasterSetSenders>();
        foreach (MasterSetOptions set in sets)
        {
            IEnumerable<AccessEntry> entries = set.Senders.Count > 0
                ? set.Senders
                : (await AddressesOfAsync(set.Masters, cancellation)).Select(address => AccessEntry.OfAddress(address));
            senders.Add(new MasterSetSenders(set.Name, AccessOptions.ListOf(entries)));
        }

        return [.. senders];
    }
}
