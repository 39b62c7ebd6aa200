using Agent.Bench.Peers;

namespace Agent.Tests.Scenarios;

/// <summary>A master with two zones, and an agent that keeps a target at its content, with a sweep that looks often.</summary>
internal sealed class KeptZones : IAsyncDisposable
{
    public const string Zone = "kept.example.";
    public const string Second = "second.example.";

    private readonly ScriptedZones _zones = new();

    private KeptZones()
    {
        _zones.Set(new ScriptedZone(Zone, 1, hosts: 50));
        _zones.Set(new ScriptedZone(Second, 1));
        Master = new ScriptedMaster(_zones.Answer);
    }

    public ScriptedMaster Master { get; }

    public AgentProcess Agent { get; private set; } = null!;

    /// <summary>Starts both, and has the zones created.</summary>
    /// <param name="target">The settings that name the target.</param>
    public static async Task<KeptZones> StartedAsync(string target)
    {
        KeptZones kept = new();
        kept.Agent = await AgentProcess.StartedAsync($$"""
            masters = ["{{kept.Master.EndPoint}}"]
            sweep { interval = 1s, after-return = 0s }
            {{target}}
            """);
        await kept.Agent.Worker.CreateAcceptedAsync(Zone);
        await kept.Agent.Worker.CreateAcceptedAsync(Second);
        return kept;
    }

    /// <summary>The master has another content, and nobody says so.</summary>
    public void Change(uint serial) => _zones[Zone].Serial = serial;

    /// <summary>The master has another content, and the agent is told.</summary>
    public Task NotifyAsync(uint serial)
    {
        Change(serial);
        return Agent.Worker.NotifyAcceptedAsync(Zone);
    }

    public async ValueTask DisposeAsync()
    {
        await Agent.DisposeAsync();
        await Master.DisposeAsync();
    }
}
