using System.Collections.Immutable;
using Agent.Actors.Catalogs;
using Agent.Actors.Kernel;
using Agent.Actors.Telemetry;
using Agent.Actors.Zones;
using Agent.Dns.Wire;
using Agent.Host.Catalogs;
using Agent.Host.Telemetry;

namespace Agent.Host.Composition;

/// <content>The catalogs that say which zones there are.</content>
internal sealed partial class AgentService
{
    private CatalogPolicyHolder? _catalogs;

    private ZoneShardSettings WithCatalogs(ZoneShardSettings shards, IActorRef writer)
    {
        if (_options.Catalogs.IsEmpty) return shards;
        _catalogs = new CatalogPolicyHolder(_options.Catalogs);
        var settings = new CatalogSettings(_catalogs, writer, new CatalogContentReader());
        var gauges = new CatalogGauges(AgentMetrics.Meter);
        _system.EventStream.Subscribe(gauges, typeof(CatalogStatus));
        _system.EventStream.Subscribe(gauges, typeof(CatalogEnded));
        return shards with
        {
            Catalogs = settings.Names,
            CatalogProps = (name, region) => CatalogActor.Props(settings, name, region),
        };
    }

    private void Change(ImmutableDictionary<DomainName, CatalogPolicy> catalogs)
    {
        if (_catalogs is null) return;
        _catalogs.Current = catalogs;
        _system.EventStream.Publish(new CatalogPoliciesChanged());
    }
}
