using System.Globalization;
using System.Net;
using Agent.Bench.Peers;
using Agent.Tests.Architecture;

namespace Agent.Tests.Scenarios.Anycast;

/// <summary>
/// A router with BIRD, a client behind it, and machines for agents on a network before it, each with the anycast address on its loopback.
/// The routers' configuration is that of deploy/anycast, word for word but for what is a machine's own.
/// <code>
///   client 10.54.0.2 --- 10.54.0.1 router 10.53.0.1 ---+--- 10.53.0.11 first agent
///                                                      +--- 10.53.0.12 second, and so on
/// </code>
/// </summary>
internal sealed class AnycastNetwork : IAsyncDisposable
{
    public const string Address = "192.0.2.53";
    public const string Address6 = "2001:db8:53::53";
    public const string ClientAddress = "10.54.0.2";
    public const int DnsPort = 53;

    private static int _count;

    private readonly string _name = $"any{Environment.ProcessId}x{Interlocked.Increment(ref _count)}";

    private AnycastNetwork()
    {
    }

    public NetworkNamespace Router { get; private set; } = null!;

    public NetworkNamespace Client { get; private set; } = null!;

    public List<NetworkNamespace> Agents { get; } = [];

    public BirdServer RouterBird { get; private set; } = null!;

    public static IPEndPoint Anycast => new(IPAddress.Parse(Address), DnsPort);

    public static string AddressOf(int agent) => $"10.53.0.{(11 + agent).ToString(CultureInfo.InvariantCulture)}";

    public static async Task<AnycastNetwork> StartedAsync(int agents)
    {
        AnycastNetwork network = new();
        try
        {
            await network.StartAsync(agents);
            return network;
        }
        catch
        {
            await network.DisposeAsync();
            throw;
        }
    }

    /// <summary>BIRD beside an agent.</summary>
    public BirdServer BirdOf(int agent)
    {
        BirdServer bird = new(Agents[agent], Deployed("deploy/anycast/bird/agent.conf"));
        string number = (11 + agent).ToString(CultureInfo.InvariantCulture);
        bird.Write("site.conf", Deployed("deploy/anycast/bird/site.conf")
            .Replace("10.53.0.11", $"10.53.0.{number}", StringComparison.Ordinal)
            .Replace("fd00:10:53::11", $"fd00:10:53::{number}", StringComparison.Ordinal));
        return bird;
    }

    /// <summary>Which agent the router sends the anycast address to; null when it has no route.</summary>
    public async Task<int?> LeadsToAsync()
    {
        string route = await Router.IpAsync("route", "show", Address);
        int via = route.IndexOf("via 10.53.0.", StringComparison.Ordinal);
        return via < 0 ? null : int.Parse(route[(via + 12)..].Split(' ')[0], CultureInfo.InvariantCulture) - 11;
    }

    /// <summary>All routes of the router to the address, with their metrics.</summary>
    public async Task<string> RoutesAsync(string address = Address) =>
        (await RouterBird.ShowAsync("route", "for", address, "all")).Output;

    /// <summary>The file as it is shipped.</summary>
    public static string Deployed(string path) => File.ReadAllText(Path.Combine(SourceTree.Root, path));

    public async ValueTask DisposeAsync()
    {
        if (RouterBird is { } bird) await bird.DisposeAsync();
        NetworkNamespace?[] all = [.. Agents, Client, Router];
        foreach (NetworkNamespace? network in all) network?.Dispose();
    }

    private async Task StartAsync(int agents)
    {
        Router = await NetworkNamespace.CreatedAsync($"{_name}r");
        Client = await NetworkNamespace.CreatedAsync($"{_name}c");
        Router.SetParameter("net/ipv4/ip_forward", "1");
        await Router.IpAsync("link", "add", "lan", "type", "bridge");
        await Router.IpAsync("link", "set", "lan", "up");
        await Router.IpAsync("address", "add", "10.53.0.1/24", "dev", "lan");
        await Router.IpAsync("address", "add", "fd00:10:53::1/64", "dev", "lan", "nodad");
        await Router.LinkAsync("client", Client, "uplink");
        await Router.IpAsync("address", "add", "10.54.0.1/24", "dev", "client");
        await Client.IpAsync("address", "add", $"{ClientAddress}/24", "dev", "uplink");
        await Client.IpAsync("route", "add", "default", "via", "10.54.0.1");
        for (int i = 0; i < agents; i++) await AddAgentAsync(i);
        RouterBird = new BirdServer(
            Router, Deployed("deploy/anycast/bird/router.conf").Replace("2001:db8:53::53", Address6, StringComparison.Ordinal));
        await RouterBird.StartAsync();
    }

    private async Task AddAgentAsync(int i)
    {
        string number = i.ToString(CultureInfo.InvariantCulture);
        NetworkNamespace agent = await NetworkNamespace.CreatedAsync($"{_name}a{number}");
        Agents.Add(agent);
        await agent.LinkAsync("uplink", Router, $"port{number}");
        await Router.IpAsync("link", "set", $"port{number}", "master", "lan");
        await agent.IpAsync("address", "add", $"{AddressOf(i)}/24", "dev", "uplink");
        string second = (11 + i).ToString(CultureInfo.InvariantCulture);
        await agent.IpAsync("address", "add", $"fd00:10:53::{second}/64", "dev", "uplink", "nodad");
        await agent.IpAsync("route", "add", "default", "via", "10.53.0.1");
        await agent.IpAsync("address", "add", $"{Address}/32", "dev", "lo");
        // What the guide makes a dummy interface is one end of a cable here: not every kernel has dummies.
        await agent.IpAsync("link", "add", "alive", "type", "veth", "peer", "name", "alive-end");
        await agent.IpAsync("link", "set", "alive", "up");
        await agent.IpAsync("link", "set", "alive-end", "up");
    }
}
