using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Agent.Actors.Kernel;
using Agent.Actors.Sweeps;

namespace Agent.Host.Telemetry;

/// <summary>Shows what the sweeps of this node's servers found. It is told each finding as a subscriber of the event stream.</summary>
/// <remarks>One per process: instruments cannot be taken back.</remarks>
internal sealed class SweepGauges : IActorRef
{
    private readonly ConcurrentDictionary<string, ServerFindings> _servers = new(StringComparer.Ordinal);

    /// <param name="meter">Where the gauges appear.</param>
    public SweepGauges(Meter meter)
    {
        Show("dnsagent_sweep_foreign_zones", "Zones that a server has and nobody created.", s => s.Foreign.Length + s.FurtherForeign);
        Show("dnsagent_sweep_missing_zones", "Wanted zones that the server did not name in the last sweep.", s => s.Missing);
        Show("dnsagent_sweep_failed", "1 while the last sweep of a server came to nothing.", s => s.State == "failed" ? 1 : 0);

        void Show(string name, string description, Func<ServerFindings, int> value) => meter.CreateObservableGauge(
            name,
            () => _servers.Values.Select(s => new Measurement<int>(value(s), new KeyValuePair<string, object?>("target", s.Target))),
            description: description);
    }

    /// <inheritdoc/>
    public string Path => "/sweep-gauges";

    /// <inheritdoc/>
    public void Tell(object message, IActorRef? sender = null)
    {
        if (message is not ServerFindings findings) return;
        if (findings.State == "elsewhere") _servers.TryRemove(findings.Target, out _);
        else _servers[findings.Target] = findings;
    }
}
