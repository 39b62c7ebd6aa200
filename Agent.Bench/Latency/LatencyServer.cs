using System.Net;
using Agent.Bench.Peers;

namespace Agent.Bench.Latency;

/// <summary>One kind of server: once as a secondary by itself, once as the target of an agent.</summary>
/// <param name="Name">What it is called in the report.</param>
/// <param name="Own">The secondary, which has the zone of its own from the master.</param>
/// <param name="Target">Without zones at first.</param>
/// <param name="TargetSettings">How the agent reaches the target.</param>
internal sealed record LatencyServer(string Name, MasterServer Own, MasterServer Target, string TargetSettings) : IAsyncDisposable
{
    /// <summary>BIND, NSD and Knot, each told to lose no time as a secondary.</summary>
    public static LatencyServer[] All()
    {
        BindServer bind = new();
        NsdServer nsd = new();
        KnotServer knot = new() { HasDatabase = true };
        return
        [
            new("BIND", new BindServer { ExtraOptions = Hasty }, bind, $"targets.bind9 {{ {bind.TargetSettings} }}"),
            new("NSD", new NsdServer(), nsd, $"targets.nsd {{ {nsd.TargetSettings} }}"),
            new("Knot", new KnotServer(), knot, $"targets.knot {{ {knot.TargetSettings} }}"),
        ];
    }

    public async Task StartAsync(string zone, IPEndPoint master, uint serial)
    {
        await Target.StartAsync();
        await Own.StartAsync();
        await Own.AddSecondaryAsync(zone, master);
        await WorkerClient.ServedAsync(Own.EndPoint, zone, serial, () => Own.Output);
    }

    public async ValueTask DisposeAsync()
    {
        await Own.DisposeAsync();
        await Target.DisposeAsync();
    }

    private const string Hasty = "serial-query-rate 10000; notify-rate 10000; startup-notify-rate 10000; transfers-in 100; "
        + "transfers-per-ns 100; min-refresh-time 1; max-refresh-time 86400;";
}
