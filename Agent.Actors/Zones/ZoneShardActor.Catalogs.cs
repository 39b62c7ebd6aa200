using System.Collections.Immutable;
using Agent.Actors.Backends;
using Agent.Actors.Cluster;
using Agent.Actors.Journal;
using Agent.Actors.Kernel;
using Agent.Actors.Reasons;
using Agent.Dns.Wire;

namespace Agent.Actors.Zones;

/// <content>
/// Catalogs: zones that are transferred like others and that no target hears of. The actor of each lives here, beside the catalog zone,
/// and hears of every change of its row.
/// </content>
public sealed partial class ZoneShardActor
{
    private static readonly TargetSet NoTargets = new(0, ImmutableSortedDictionary<string, IActorRef>.Empty);

    private static readonly Reason IsConfigured = new(ReasonCode.OwnedElsewhere, "the zone is a catalog of the configuration");

    private readonly Dictionary<DomainName, IActorRef> _catalogs = [];

    /// <summary>What was created otherwise before it was configured as a catalog stays what it is, until somebody deletes it.</summary>
    private bool IsCatalog(DomainName name, ZoneRow? row) =>
        row is { Wish: ZoneWish.Present }
            ? row.Owner is { MasterSet: null } owner && owner.Catalog == row.Name
            : _settings.Catalogs.Contains(name);

    private ZoneSlot SlotOf(DomainName name, ZoneRow? row) => new(row) { IsCatalog = IsCatalog(name, row) };

    /// <summary>The answer to who would create by a message what the configuration creates; null when the message is the zone's.</summary>
    private ZoneReply? ConfiguredAs(ZoneMessage message, ZoneSlot? slot)
    {
        bool isOurs = _settings.Catalogs.Contains(message.Zone) && slot is null or { IsCatalog: true };
        if (!isOurs || (message is NotifyZone && slot is not null)) return null;
        return message is NotifyZone
            ? new ZoneReply(message.Zone, ZoneOutcome.Done)
            : new ZoneReply(message.Zone, ZoneOutcome.Failed, IsConfigured);
    }

    private void StartCatalogs()
    {
        foreach (DomainName name in _settings.Catalogs)
        {
            if (ShardRegionActor.ShardOf(name.StableHash, _settings.ShardCount) == _start!.Shard) Start(name);
        }

        // A catalog that is configured no more is of no use, and its members stay.
        var origin = new RequestOrigin("the configuration", null, "");
        DomainName[] former = [.. _slots.Where(s => s.Value.IsCatalog && !_settings.Catalogs.Contains(s.Key)).Select(s => s.Key)];
        foreach (DomainName name in former) Deliver(new ReleaseZone(name, name, origin), Self);
    }

    private void Start(DomainName catalog)
    {
        if (_settings.CatalogProps is not { } recipe) return;
        IActorRef actor = Context.ActorOf(recipe(catalog, Context.Parent));
        Context.Watch(actor);
        _catalogs[catalog] = actor;
        if (_slots.TryGetValue(catalog, out ZoneSlot? slot)) TellCatalog(catalog, slot);
    }

    private void TellCatalog(DomainName zone, ZoneSlot slot)
    {
        if (_catalogs.Count > 0 && _catalogs.TryGetValue(zone, out IActorRef? actor)) actor.Tell(new CatalogRow(RowOf(zone, slot)), Self);
    }

    private void AskCatalog(ZoneMessage message, IActorRef sender)
    {
        if (_catalogs.TryGetValue(message.Zone, out IActorRef? actor)) actor.Tell(message, sender);
        else sender.Tell(new ZoneReply(message.Zone, ZoneOutcome.Unknown), Self);
    }

    /// <summary>True when it was the actor of a catalog that broke. It knows nothing that the journal does not.</summary>
    private bool CatalogFailed(IActorRef actor)
    {
        foreach ((DomainName name, IActorRef known) in _catalogs)
        {
            if (known != actor) continue;
            _catalogs.Remove(name);
            Timers.StartSingleTimer(known, new StartCatalog(name), ReviveDelay);
            return true;
        }

        return false;
    }

    private sealed record StartCatalog(DomainName Catalog);
}
