using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Agent.Bench.Peers;
using Agent.Tests.Backends;

namespace Agent.Tests.Scenarios.Anycast;

/// <summary>
/// Three agents of one cluster behind one address, each beside a BIND-like server that lags when a test wants it to, and a client that asks
/// all the time.
/// </summary>
public sealed class AnycastFixture : IAsyncLifetime
{
    public const string Zone = "anycast.example.";

    private const int MasterPort = 5354;

    private readonly ScriptedZones _zones = new();
    private readonly List<BirdServer> _birds = [];
    private readonly List<ScriptedDnsServer> _servers = [];
    private readonly TemporaryFolder _folder = new("any");
    private readonly uint?[] _frozen = new uint?[3];
    private ScriptedMaster? _master;

    internal AnycastNetwork Network { get; private set; } = null!;

    internal QueryStream Queries { get; private set; } = null!;

    internal AgentCluster Cluster { get; private set; } = null!;

    internal IReadOnlyList<AgentProcess> Agents => Cluster.Agents;

    internal IReadOnlyList<BirdServer> Birds => _birds;

    public uint Serial => _zones[Zone].Serial;

    public async Task InitializeAsync()
    {
        _zones.Set(new ScriptedZone(Zone, 1));
        Network = await AnycastNetwork.StartedAsync(agents: 3);
        _master = Network.Client.Inside(
            () => new ScriptedMaster(_zones.Answer, IPAddress.Parse(AnycastNetwork.ClientAddress), MasterPort));
        for (int i = 0; i < 3; i++)
        {
            int agent = i;
            _servers.Add(Network.Agents[i].Inside(
                () => new ScriptedDnsServer(query => ScriptedDnsServer.AnswerSoa(query, _frozen[agent] ?? Serial))));
            _birds.Add(Network.BirdOf(i));
            await _birds[i].StartAsync();
        }

        Cluster = await AgentCluster.StartedAsync(new AgentClusterOptions { Settings = SettingsOf, Networks = Network.Agents });
        await Eventually.HoldsAsync(
            async () => (await AskAnycastAsync(client => client.CreateAsync(Zone))).ResponseCode == 0,
            () => $"CREATE is taken\n{Describe()}");
        Queries = new QueryStream(Network.Client, Zone);
        await AllAnnounceAsync();
    }

    public async Task DisposeAsync()
    {
        if (Queries is { } queries) await queries.DisposeAsync();
        if (Cluster is { } cluster) await cluster.DisposeAsync();
        foreach (BirdServer bird in _birds) await bird.DisposeAsync();
        foreach (ScriptedDnsServer server in _servers) await server.DisposeAsync();
        if (_master is { } master) await master.DisposeAsync();
        if (Network is { } network) await network.DisposeAsync();
        _folder.Dispose();
    }

    /// <summary>The server beside an agent serves from now on what it serves now, whatever it is ordered; or no longer so.</summary>
    public void Freeze(int agent, bool isFrozen = true) => _frozen[agent] = isFrozen ? Serial : null;

    /// <summary>A change at the master, told to the anycast address until somebody has taken it.</summary>
    internal async Task ChangeAsync()
    {
        _zones[Zone].Serial++;
        await Eventually.HoldsAsync(
            async () => (await AskAnycastAsync(client => client.NotifyAsync(Zone))).ResponseCode == 0,
            () => $"a NOTIFY to the anycast address is taken\n{Describe()}");
    }

    /// <summary>The client of the network as pool manager; what gets no answer throws nothing and counts as SERVFAIL.</summary>
    internal async Task<(int ResponseCode, uint? Serial)> AskAnycastAsync(Func<AnycastClient, Task<DnsReply?>> ask) =>
        await ask(new AnycastClient(Network.Client)) is { } reply ? (reply.ResponseCode, reply.Serial) : (2, null);

    /// <summary>A change goes its whole way over the anycast address.</summary>
    internal async Task ChangesGoOnAsync()
    {
        await ChangeAsync();
        await Eventually.HoldsAsync(
            async () => (await AskAnycastAsync(client => client.QueryAsync(Zone))).Serial == Serial,
            () => $"serial {Serial} is served at the anycast address\n{Describe()}");
    }

    internal Task AllAnnounceAsync() => AnnounceAsync("n1", "n2", "n3");

    /// <summary>Waits until exactly these nodes have routes in the router.</summary>
    internal Task AnnounceAsync(params string[] nodes)
    {
        IEnumerable<string> wanted = nodes.Select(node => AnycastNetwork.AddressOf(node[1] - '1'));
        return Eventually.HoldsAsync(
            async () =>
            {
                string routes = await Network.RoutesAsync();
                return Enumerable.Range(0, 3).Select(AnycastNetwork.AddressOf)
                    .All(address => routes.Contains($"BGP.next_hop: {address}", StringComparison.Ordinal) == wanted.Contains(address));
            },
            () => $"{string.Join(' ', nodes)} announce\n{Network.RoutesAsync().Result}\n{Describe()}");
    }

    /// <summary>What <c>/anycast</c> says, with whatever status; null when nobody answers.</summary>
    internal async Task<JsonElement?> StateAsync(int agent)
    {
        try
        {
            return await Agents[agent].GetAnyAsync("/anycast");
        }
        catch (Exception failure) when (failure is HttpRequestException or TaskCanceledException or SocketException)
        {
            return null;
        }
    }

    internal static string[] CodesOf(JsonElement? state) => state is { } known
        ? [.. known.GetProperty("reasons").EnumerateArray().Select(reason => reason.GetProperty("code").GetString()!)]
        : [];

    /// <summary>The sessions first: what a report cuts off is the end.</summary>
    internal string Describe()
    {
        string sessions = string.Join('\n', _birds.Select(bird => $"{SessionOf(bird)}\n{bird.Output}"));
        return $"{sessions}\nrouter: {Network.RouterBird.Output}\n{Cluster?.Output}";
    }

    private static string SessionOf(BirdServer bird) => bird.ShowAsync("protocols", "all", "uplink").Result.Output;

    private string SettingsOf(int agent)
    {
        string files = _folder.CreateFolder($"zones{agent.ToString(CultureInfo.InvariantCulture)}");
        return $$"""
            host = ["127.0.0.1", "{{AnycastNetwork.Address}}"]
            port = {{AnycastNetwork.DnsPort.ToString(CultureInfo.InvariantCulture)}}
            masters = ["{{AnycastNetwork.ClientAddress}}:{{MasterPort.ToString(CultureInfo.InvariantCulture)}}"]
            undelete-window = 0s
            targets {
              a-self { driver = embedded, scope = node }
              b-beside { driver = zone-files, scope = node, directory = "{{files}}", server = "{{_servers[agent].EndPoint}}" }
            }
            quorum = 1
            cluster { listen = "{{AnycastNetwork.AddressOf(agent)}}:8055", allow-plaintext = true }
            {{AnycastSettings(_birds[agent])}}
            """;
    }

    internal static string AnycastSettings(BirdServer bird) => $$"""
        anycast {
          enabled = true
          prefixes = ["{{AnycastNetwork.Address}}/32", "{{AnycastNetwork.Address6}}/128"]
          interval = 500ms, rise = 2, fall = 2, rise-delay = 2s, last-resort-after = 6s, settle = 1s
          late-after = 1s, stale-after = 2s, stop-wait = 15s, withdraw-delay = 1s
          bird {
            ipv4-file = "{{bird.FileNamed("anycast/ipv4.conf")}}", ipv4-via = "198.18.53.2"
            ipv6-file = "{{bird.FileNamed("anycast/ipv6.conf")}}", ipv6-via = "fd00:53::2"
            reload-command = ["birdc", "-s", "{{bird.ControlSocket}}", "configure"]
          }
          alive { interface = alive, addresses = ["198.18.53.1/30", "fd00:53::1/126"], lifetime = 3s }
        }
        """;
}
