using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Agent.Actors.Catalogs;
using Agent.Actors.Kernel;
using Agent.Actors.Zones;
using Agent.Dns.Wire;

namespace Agent.Host.Telemetry;

/// <summary>Shows the catalogs whose zones this node owns. It is told each change as a subscriber of the event stream.</summary>
/// <remarks>One per process: instruments cannot be taken back.</remarks>
internal sealed class CatalogGauges : IActorRef
{
    private readonly ConcurrentDictionary<DomainName, CatalogStatus> _catalogs = new();

    /// <param name="meter">Where the gauges appear.</param>
    public CatalogGauges(Meter meter)
    {
        Show("dnsagent_catalog_members", "Zones that belong to a catalog.", c => c.Members);
        Show("dnsagent_catalog_removals_waiting", "Members whose removal waits for approval.", c => c.State == "waiting" ? c.Removing : 0);
        Show("dnsagent_catalog_conflicts", "Zones that a catalog claims and that are not free.", c => c.Conflicts);
        Show("dnsagent_catalog_broken", "1 while a catalog breaks RFC 9432 and is not processed.", c => c.State == "broken" ? 1 : 0);
        Show("dnsagent_catalog_failing", "1 while a catalog does not follow its masters.", c => c.State == "failing" ? 1 : 0);

        void Show(string name, string description, Func<CatalogStatus, int> value) => meter.CreateObservableGauge(
            name,
            () => _catalogs.Values.Select(
                c => new Measurement<int>(value(c), new KeyValuePair<string, object?>("catalog", c.Name.ToString()))),
            description: description);
    }

    /// <inheritdoc/>
    public string Path => "/catalog-gauges";

    /// <inheritdoc/>
    public void Tell(object message, IActorRef? sender = null)
    {
        if (message is CatalogStatus status) _catalogs[status.Name] = status;
        else if (message is CatalogEnded ended) _catalogs.TryRemove(ended.Name, out _);
    }
}
