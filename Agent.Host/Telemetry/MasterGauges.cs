using System.Diagnostics.Metrics;
using Agent.Actors.Kernel;
using Agent.Actors.Transfers;

namespace Agent.Host.Telemetry;

/// <summary>Shows the circuit before each address of a master. It is told each change as a subscriber of the event stream.</summary>
/// <remarks>One per process: instruments cannot be taken back.</remarks>
internal sealed class MasterGauges : IActorRef
{
    private volatile MasterStates? _states;

    /// <param name="meter">Where the gauge appears.</param>
    public MasterGauges(Meter meter) => meter.CreateObservableGauge(
        "dnsagent_master_circuit_state",
        Circuits,
        description: "Circuit before each address of a master: 0 closed, 1 half-open (on trial), 2 open (it does not answer).");

    /// <inheritdoc/>
    public string Path => "/master-gauges";

    /// <inheritdoc/>
    public void Tell(object message, IActorRef? sender = null)
    {
        if (message is MasterStates states) _states = states;
    }

    private IEnumerable<Measurement<int>> Circuits() =>
        (_states?.Masters ?? []).Where(m => m.Address is not null).Select(m => new Measurement<int>(
            (int)m.Circuit,
            new KeyValuePair<string, object?>("master", m.Name),
            new KeyValuePair<string, object?>("address", m.Address)));
}
