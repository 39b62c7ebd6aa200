using Agent.Bench.Peers;

namespace Agent.Tests.Scenarios;

/// <summary>One master, one BIND as target, and an agent between them.</summary>
public sealed class Farm : IAsyncDisposable
{
    private Farm(MasterServer master, BindServer target, AgentProcess agent)
    {
        Master = master;
        Target = target;
        Agent = agent;
    }

    public MasterServer Master { get; }

    public BindServer Target { get; }

    public AgentProcess Agent { get; }

    public static MasterServer CreateMaster(string kind) => kind switch
    {
        "bind" => new BindServer(),
        "knot" => new KnotServer(),
        "nsd" => new NsdServer(),
        "powerdns" => new PowerDnsServer(),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "not a master of the harness"),
    };

    /// <summary>The settings that make a BIND server the only target.</summary>
    public static string TargetSettings(BindServer target) => $$"""
        backend-driver = bind9
        backends.bind9 {
          server = "{{target.EndPoint}}"
          host = "127.0.0.1"
          port = {{target.ControlPort}}
          key-file = "{{target.ControlKeyFile}}"
          zone-directory = "{{target.ZoneFolder}}"
        }
        """;

    /// <summary>The settings that make an NSD the only target, over its unix socket.</summary>
    public static string TargetSettings(NsdServer target) => $$"""
        backend-driver = nsd
        backends.nsd {
          server = "{{target.EndPoint}}"
          control = "unix:{{target.ControlPath}}"
          pattern = {{NsdServer.TargetPattern}}
          zone-directory = "{{target.ZoneFolder}}"
        }
        """;

    /// <summary>Starts all three. The master is told to send its NOTIFYs to the agent, whose port is fixed for that.</summary>
    public static Task<Farm> StartAsync(string master = "knot", string settings = "", BindServer? target = null) =>
        StartAsync(CreateMaster(master), settings, target);

    /// <summary>The same with a master that is made but not started.</summary>
    public static async Task<Farm> StartAsync(MasterServer masterServer, string settings = "", BindServer? target = null)
    {
        int port = LoopbackPort.Next();
        masterServer.NotifyTargets = [new(System.Net.IPAddress.Loopback, port)];
        BindServer targetServer = target ?? new BindServer();
        await Task.WhenAll(masterServer.StartAsync(), targetServer.StartAsync());
        AgentProcess agent = new($$"""
            port = {{port}}
            masters = ["{{masterServer.EndPoint}}"]
            {{TargetSettings(targetServer)}}
            {{settings}}
            """);
        Farm farm = new(masterServer, targetServer, agent);
        try
        {
            await agent.StartAsync();
            return farm;
        }
        catch
        {
            await farm.DisposeAsync();
            throw;
        }
    }

    /// <summary>Waits until the target answers with the serial, then compares every record.</summary>
    public Task TargetEqualsMasterAsync(string zone) => TargetEqualsMasterAsync(zone, StringComparer.Ordinal);

    /// <summary>
    /// The same with a comparer of choice: a master compresses names against the question, so a zone that was asked for in another case
    /// comes with its own name in that case.
    /// </summary>
    public async Task TargetEqualsMasterAsync(string zone, StringComparer comparer)
    {
        await WorkerClient.ServedAsync(Target.EndPoint, zone, Master.Zone(zone).Serial, () => Agent.Output);
        Assert.Equal(await DigTool.TransferAsync(Master.EndPoint, zone), await DigTool.TransferAsync(Target.EndPoint, zone), comparer);
    }

    public async ValueTask DisposeAsync()
    {
        await Agent.DisposeAsync();
        await Target.DisposeAsync();
        await Master.DisposeAsync();
    }
}
