using Agent.Actors.Catalogs;
using Agent.Actors.Kernel;
using Agent.Actors.Kernel.Simulation;
using Agent.Dns.Catalogs;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Tests.Simulation.Cluster;

/// <summary>A catalog as the masters hand it out: what each of its serials says.</summary>
internal sealed class SimCatalog(CatalogPolicy policy)
{
    private readonly Dictionary<uint, CatalogReading> _readings = [];

    public CatalogPolicy Policy => policy;

    public DomainName Name => policy.Name;

    public uint Serial { get; private set; }

    /// <summary>The next serial lists these members.</summary>
    public void Publish(IEnumerable<DomainName> members) => _readings[++Serial] = new CatalogReading(
        new Catalog(Name, 2, [.. members.Select(m => new CatalogMember(m, m.ToString().Split('.')[0], [], null))]), null);

    /// <summary>The next serial cannot be read.</summary>
    public void PublishBroken() => _readings[++Serial] = new CatalogReading(null, "as the simulation says");

    public CatalogReading Read(uint serial) => _readings[serial];
}

/// <summary>One node's way to the contents of catalogs: slow, and now and then without an answer that helps.</summary>
internal sealed class SimCatalogReader(SimScheduler sim, SimNode node, SimCatalog catalog)
    : SimPort(sim, node, sim.Faults.Fork()), ICatalogReader
{
    public void Read(ZoneContent content, int membersMaximum, ReplyTo replyTo)
    {
        if (!TryCall()) return;
        bool isAway = !Sim.AreFaultsOver && Random.Chance(0.1);
        Reach(Random.NextTimeSpan(TimeSpan.FromMilliseconds(200)), () => replyTo.Tell(isAway
            ? new CatalogNotRead(content.Hash, "as the simulation says")
            : new CatalogRead(content.Hash, catalog.Read(content.Serial))));
    }
}
