using System.Globalization;
using System.Net;
using Agent.Bench.Peers;
using Agent.Bench.Provision;

namespace Agent.Bench.Storm;

/// <summary>One of those that a storm goes over: an agent, with a server behind it or none, or a server by itself.</summary>
/// <param name="Subject">What it is called in the report.</param>
/// <param name="Notified">Who hears NOTIFY.</param>
/// <param name="Asked">Who answers for the zones.</param>
/// <param name="Processes">The programs whose time counts.</param>
/// <param name="Output">What they wrote.</param>
internal sealed record StormSide(
    string Subject, IPEndPoint Notified, IPEndPoint Asked, IReadOnlyList<int> Processes, Func<string> Output)
{
    /// <summary>The agent that answers by itself.</summary>
    public const string Embedded = "agent, embedded";

    /// <summary>Whether it is an agent, alone or with a server.</summary>
    public bool IsAgent => Subject.StartsWith("agent", StringComparison.Ordinal);

    private const int CreatedAtOnce = 64;
    private const int ThreadsOfServer = 2;

    // What a secondary does not limit by itself is no question of its speed: how fast it asks, and how much it fetches at once.
    private const string HastyBind = "serial-query-rate 10000; notify-rate 10000; startup-notify-rate 10000; transfers-in 100; "
        + "transfers-per-ns 100; min-refresh-time 1; max-refresh-time 86400; tcp-clients 1000;";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    /// <summary>The servers that it is compared with.</summary>
    public static IReadOnlyList<string> Servers { get; } = ["BIND", "NSD", "Knot"];

    /// <summary>What each was told, for the report.</summary>
    public static string Tuning => "BIND alone: serial-query-rate 10000, transfers-in and transfers-per-ns 100, no IXFR, two threads. "
        + "NSD alone: xfrd-reload-timeout 0, AXFR, what else is built in (128 connections at a time). "
        + "Knot alone: 16 background workers (its transfers wait in them). The agents: defaults.";

    public static string Alone(string server) => $"{server} alone";

    public static string Through(string server) => $"agent, {server} as target";

    /// <summary>A server that has the zones from the master.</summary>
    public static async Task<StormSide> AloneAsync(
        string name, IReadOnlyList<string> zones, IPEndPoint master, Action<IAsyncDisposable> keep)
    {
        MasterServer server = name switch
        {
            "BIND" => new BindServer { ExtraOptions = HastyBind, Threads = ThreadsOfServer },
            "NSD" => new NsdServer(),
            _ => new KnotServer { BackgroundWorkers = 16 },
        };
        keep(server);
        server.FollowFromStart(zones, master);
        await server.StartAsync();
        return await LevelAsync(
            new StormSide(Alone(name), server.EndPoint, server.EndPoint, [server.Process!.Id], () => server.Output), zones);
    }

    /// <summary>An agent with a server as its target.</summary>
    /// <param name="settings">Lines of configuration, where others than the defaults are to be tried.</param>
    public static async Task<StormSide> ThroughAsync(
        string name, string settings, IReadOnlyList<string> zones, IPEndPoint master, Action<IAsyncDisposable> keep)
    {
        BindServer bind = new() { Threads = ThreadsOfServer };
        NsdServer nsd = new();
        KnotServer knot = new() { HasDatabase = true };
        (MasterServer server, string target) = name switch
        {
            "BIND" => (bind, bind.TargetSettings),
            "NSD" => (nsd, nsd.TargetSettings),
            _ => ((MasterServer)knot, knot.TargetSettings),
        };
        keep(bind);
        keep(nsd);
        keep(knot);
        await server.StartAsync();
        AgentProcess agent = await CreatedAsync($"targets.server {{ {target} }}\n{settings}", zones, master, keep);
        return await LevelAsync(
            new StormSide(
                Through(name),
                agent.Dns,
                server.EndPoint,
                [agent.Process!.Id, server.Process!.Id],
                () => $"{agent.Output}\n{server.Output}"),
            zones);
    }

    public static async Task<StormSide> EmbeddedAsync(
        string settings, IReadOnlyList<string> zones, IPEndPoint master, Action<IAsyncDisposable> keep)
    {
        AgentProcess agent = await CreatedAsync($"backend-driver = embedded\n{settings}", zones, master, keep);
        return await LevelAsync(new StormSide(Embedded, agent.Dns, agent.Dns, [agent.Process!.Id], () => agent.Output), zones);
    }

    private static async Task<AgentProcess> CreatedAsync(
        string settings, IReadOnlyList<string> zones, IPEndPoint master, Action<IAsyncDisposable> keep)
    {
        AgentProcess agent = await AgentProcess.StartedAsync(string.Create(
            CultureInfo.InvariantCulture, $"{settings}\nmasters = [\"{master}\"]\nlogging.level = warning"));
        keep(agent);
        await Parallel.ForEachAsync(
            zones,
            new ParallelOptions { MaxDegreeOfParallelism = CreatedAtOnce },
            async (zone, _) => await agent.Worker.CreateAcceptedAsync(zone));
        return agent;
    }

    private static async Task<StormSide> LevelAsync(StormSide side, IReadOnlyList<string> zones)
    {
        await ServedSweep.UntilAsync(side.Asked, zones, 1, Patience, side.Output);
        return side;
    }
}
