using System.Diagnostics.Metrics;
using Agent.Actors.Kernel;
using Agent.Actors.Transfers;

namespace Agent.Host.Telemetry;

/// <summary>Shows which addresses of masters answer, and the circuit before each.</summary>
/// <remarks>
/// It is told each change as a subscriber of the event stream. One per process: instruments cannot be taken back.
/// </remarks>
internal sealed class MasterGauges : IActorRef
{
    private volatile MasterStates? _states;

    /// <param name="meter">Where the gauge appears.</param>
    public MasterGauges(Meter meter)
    {
        meter.CreateObservableGauge(
            "dnsagent_master_circuit_state",
            () => Show(m => true, m => (int)m.Circuit),
            description: "Circuit before each address of a master: 0 closed, 1 half-open (on trial), 2 open (it does not answer).");
        meter.CreateObservableGauge(
            "dnsagent_master_up",
            () => Show(m => m.State != "unknown", m => m.State == "up" ? 1 : 0),
            description: "Whether each address of a master answers: 0 down, or it has never answered, 1 up; none before it was asked.");
    }

    /// <inheritdoc/>
    public string Path => "/master-gauges";

    /// <inheritdoc/>
    public void Tell(object message, IActorRef? sender = null)
    {
        if (message is MasterStates states) _states = states;
    }

    private IEnumerable<Measurement<int>> Show(Func<MasterState, bool> isShown, Func<MasterState, int> value) =>
        (_states?.Masters ?? []).Where(m => m.Address is not null && isShown(m))
            .Select(m => new Measurement<int>(value(m), [.. Labels(m)]));

    private static IEnumerable<KeyValuePair<string, object?>> Labels(MasterState master)
    {
        yield return new KeyValuePair<string, object?>("master", master.Name);
        yield return new KeyValuePair<string, object?>("address", master.Address);
        if (master.Tls is { } profile) yield return new KeyValuePair<string, object?>("tls", profile);
    }
}
