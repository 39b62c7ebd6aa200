using Agent.Actors.Zones;
using Agent.Backends.Catalog;
using Agent.Backends.Shared;
using Agent.Dns.Wire;
using Agent.Host.Configuration;
using Agent.Host.Journal;
using Agent.Host.Transfers;

namespace Agent.Host.Composition;

/// <content>The catalogs that we make ourselves, for servers that take their zones from us.</content>
internal sealed partial class AgentService
{
    private const string ProducedFolder = "catalogs";

    private readonly ProducedCatalogs _produced = new();

    private CatalogBackend ProduceCatalog(
        TargetOptions target, CatalogTargetSettings settings, DataDirectory data, INodeJournal journal, TimeProvider clock)
    {
        string folder = Directory.CreateDirectory(Path.Combine(data.Path, ProducedFolder)).FullName;
        try
        {
            CatalogOptions options = settings.ToOptions(
                folder, _transferKeys.Find, cancellation => WantedAsync(target, journal, cancellation));
            var backend = new CatalogBackend(options, clock);
            _produced.Add(backend.Catalog);
            return backend;
        }
        catch (Exception problem) when (problem is ArgumentException or BackendOptionsException)
        {
            throw new StartException($"target {target.Name}: {problem.Message}", problem);
        }
    }

    /// <summary>The zones of a target, by the journal and the patterns that are in force.</summary>
    private async Task<IReadOnlyCollection<DomainName>> WantedAsync(
        TargetOptions target, INodeJournal journal, CancellationToken cancellation)
    {
        var wanted = await journal.ReadWantedNamesAsync().WaitAsync(cancellation);
        ZonePolicy policy = _policy?.Current ?? _options.Zones;
        return [.. wanted.Where(zone => policy.IsPlaced(zone, target.Name))];
    }
}
