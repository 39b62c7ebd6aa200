using System.Diagnostics.CodeAnalysis;
using Agent.Actors.Zones;
using Agent.Backends.Catalog;
using Agent.Backends.Shared;
using Agent.Dns.Wire;
using Agent.Dns.Zones;
using Agent.Host.Journal;

namespace Agent.Host.Transfers;

/// <summary>The catalogs that we make ourselves, as those see them who transfer zones from us. Filled before the doors open.</summary>
internal sealed class ProducedCatalogs
{
    // A catalog that is still being made waits for the consumers of an earlier life to answer, some seconds at most.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly Dictionary<DomainName, ProducedCatalog> _catalogs = [];

    public bool IsEmpty => _catalogs.Count == 0;

    public void Add(ProducedCatalog catalog) => _catalogs.Add(catalog.Name, catalog);

    /// <summary>Gives the version of a catalog that is published; false when no catalog of ours has the name.</summary>
    /// <param name="content">Fails with an <see cref="IOException"/> when it cannot be made now.</param>
    public bool TryContentOf(DomainName zone, [NotNullWhen(true)] out Task<ZoneContentReply>? content)
    {
        content = _catalogs.TryGetValue(zone, out ProducedCatalog? catalog) ? ReplyAsync(catalog) : null;
        return content is not null;
    }

    /// <summary>A history that knows the steps of our catalogs, and of other zones what the given one does.</summary>
    public IDifferenceHistory Over(IDifferenceHistory history) => IsEmpty ? history : new History(_catalogs, history);

    private static async Task<ZoneContentReply> ReplyAsync(ProducedCatalog catalog)
    {
        using var late = new CancellationTokenSource(Patience);
        try
        {
            CatalogVersion version = await catalog.VersionAsync(late.Token);
            return new ZoneContentReply(catalog.Name, version.Content);
        }
        catch (Exception problem) when (problem is BackendException or OperationCanceledException)
        {
            throw new IOException($"the catalog {catalog.Name} cannot be given: {problem.Message}", problem);
        }
    }

    private sealed class History(IReadOnlyDictionary<DomainName, ProducedCatalog> catalogs, IDifferenceHistory others) : IDifferenceHistory
    {
        public IReadOnlyList<DifferenceRow> Find(DomainName zone) => catalogs.TryGetValue(zone, out ProducedCatalog? catalog)
            ? [.. (catalog.Published?.Steps ?? []).Select(RowOf)]
            : others.Find(zone);

        public DifferenceSequence? Read(DomainName zone, DifferenceRow row) => catalogs.TryGetValue(zone, out ProducedCatalog? catalog)
            ? catalog.Published?.Steps.Find(step => step.Id == row.Id)?.Differences
            : others.Read(zone, row);

        private static DifferenceRow RowOf(CatalogStep step) => new(
            step.Id,
            step.From,
            step.To,
            step.Differences.FromSerial,
            step.Differences.ToSerial,
            step.Differences.Octets.Length);
    }
}
