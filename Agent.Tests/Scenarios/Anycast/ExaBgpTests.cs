using Agent.Bench.Peers;

namespace Agent.Tests.Scenarios.Anycast;

/// <summary>ExaBGP instead of BIRD beside an agent, with the configuration of deploy/anycast: the command that it runs follows the
/// agent.</summary>
[Trait("Category", "Peer")]
public sealed class ExaBgpTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new("exabgp");
    private AnycastNetwork _network = null!;
    private AgentProcess _agent = null!;
    private ChildProcess? _exabgp;

    public async Task InitializeAsync()
    {
        _network = await AnycastNetwork.StartedAsync(agents: 1);
        _agent = new AgentProcess($$"""
            host = ["127.0.0.1", "{{AnycastNetwork.Address}}"]
            port = {{AnycastNetwork.DnsPort}}
            management.port = 8054
            backend-driver = embedded
            anycast {
              enabled = true, prefixes = ["{{AnycastNetwork.Address}}/32"]
              interval = 200ms, rise = 2, fall = 2, rise-delay = 500ms, withdraw-delay = 1s
            }
            """)
        {
            Network = _network.Agents[0],
        };
    }

    public async Task DisposeAsync()
    {
        if (_exabgp is { } exabgp) await exabgp.DisposeAsync();
        await _agent.DisposeAsync();
        await _network.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task The_routes_follow_the_agent_through_its_life()
    {
        await StartExaBgpAsync();
        await _agent.StartAsync();
        await RouteAsync(isThere: true);
        Assert.Contains("BGP.med: 0", await _network.RoutesAsync());
        Assert.Equal(0, (await CheckAsync()).ExitCode);

        _agent.Process!.Signal(PosixSignalNumber.Stop);
        await RouteAsync(isThere: false);
        _agent.Process!.Signal(PosixSignalNumber.Continue);
        await RouteAsync(isThere: true);

        await _agent.KillAsync();
        await RouteAsync(isThere: false);
        Assert.Equal(3, (await CheckAsync()).ExitCode);

        await _agent.StartAsync();
        await RouteAsync(isThere: true);
        Assert.Equal(0, await _agent.StopAsync());
        await RouteAsync(isThere: false);
        await _exabgp!.KillAsync();
    }

    private async Task StartExaBgpAsync()
    {
        string text = AnycastNetwork.Deployed("deploy/anycast/exabgp/exabgp.conf");
        Assert.Contains("/usr/bin/agent", text, StringComparison.Ordinal);
        string file = _folder.Write("exabgp.conf", text.Replace("/usr/bin/agent", AgentProcess.Program, StringComparison.Ordinal));
        // ExaBGP takes its settings from the environment; by default it becomes nobody, who may not read a test's program.
        Dictionary<string, string> settings = new(StringComparer.Ordinal)
        {
            ["exabgp.daemon.user"] = "root", ["exabgp.daemon.daemonize"] = "false", ["exabgp.api.cli"] = "false",
            ["exabgp.log.destination"] = "stderr",
        };
        string[] command = [.. _network.Agents[0].Launcher, Tool.Find("exabgp"), file];
        _exabgp = await ChildProcess.StartAsync(command[0], command[1..], _folder.FullPath, settings);
    }

    private Task RouteAsync(bool isThere) => Eventually.HoldsAsync(
        async () => await _network.LeadsToAsync() is not null == isThere,
        () => $"the router {(isThere ? "has" : "has lost")} the route\n{_agent.Output}\n{_exabgp!.Output}");

    private Task<ToolResult> CheckAsync()
    {
        string[] command = [.. _network.Agents[0].Launcher, AgentProcess.Program, "anycast", "check"];
        return Tool.RunAsync(command[0], command[1..]);
    }
}
