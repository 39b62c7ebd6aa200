using System.Diagnostics.CodeAnalysis;
using Agent.Actors.Backends;
using Agent.Actors.Kernel;
using Agent.Backends.Shared;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Backends.Embedded;

/// <summary>The driver <c>embedded</c>: puts zones into the table that the agent itself answers from.</summary>
public sealed class EmbeddedBackend : AsyncZoneBackend
{
    // Building an image keeps a processor busy, so more at once would only take turns.
    private static readonly BackendTraits Driver = new("embedded", Math.Max(1, Environment.ProcessorCount), TimeSpan.FromSeconds(1))
    {
        Listing = ZoneListing.Whole,
    };

    private readonly EmbeddedZoneTable _zones;
    private readonly RecentDifferences _recent;

    /// <summary>Serves through this table, which outlives the driver.</summary>
    /// <param name="zones">Where the zones are answered from.</param>
    /// <param name="recent">Finds what led to a content: a large zone is then changed and not built again.</param>
    /// <param name="time">The clock of the deadlines.</param>
    public EmbeddedBackend(EmbeddedZoneTable zones, RecentDifferences recent, TimeProvider time)
        : base(Driver, OrderDeadlines.Default, time)
    {
        _zones = zones;
        _recent = recent;
    }

    /// <inheritdoc/>
    protected override Task ApplyAsync(DomainName zone, ZoneContent content, CancellationToken cancellation)
    {
        if (!TryRevise(zone, content, out ZoneImage? image))
        {
            ZoneContentError error = ZoneImage.TryBuild(content, out image);
            if (error != ZoneContentError.None)
                throw BackendException.Refused(error.Text());
        }

        // After the deadline the caller was told that nothing came of it.
        cancellation.ThrowIfCancellationRequested();
        _zones.Put(image!);
        FaultPoint.Pass("embedded.served");
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    protected override Task RemoveAsync(DomainName zone, CancellationToken cancellation)
    {
        _zones.Remove(zone);
        FaultPoint.Pass("embedded.removed");
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    protected override Task<ZoneSighting> ObserveAsync(DomainName zone, CancellationToken cancellation) =>
        Task.FromResult(_zones.TryGet(zone, out ZoneImage? image) ? ZoneSighting.Present(image.Serial) : ZoneSighting.Absent);

    /// <inheritdoc/>
    protected override Task<IReadOnlyCollection<DomainName>> ListAsync(int maximum, CancellationToken cancellation) =>
        Task.FromResult<IReadOnlyCollection<DomainName>>(_zones.Names(maximum));

    /// <inheritdoc/>
    protected override Task ProbeAsync(CancellationToken cancellation) => Task.CompletedTask;

    private bool TryRevise(DomainName zone, ZoneContent content, [NotNullWhen(true)] out ZoneImage? image)
    {
        image = null;
        return _zones.TryGet(zone, out ZoneImage? served)
            && _recent.TryFind(zone, served.ContentHash, content.Hash, out DifferenceSequence? differences)
            && served.TryRevise(differences, content.Hash, out image) == ZoneRevisionError.None
            && image!.Serial == content.Serial;
    }
}
