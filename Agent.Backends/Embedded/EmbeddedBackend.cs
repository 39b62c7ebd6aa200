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
    // Building an image keeps a processor busy: of large ones more at once would only take turns, and memory. Of small ones some have to
    // wait at hand, or a processor has nothing to do from the end of one until the next has been ordered.
    private const int OrdersPerProcessor = 4;
    private const int LargeByteCount = 64 * 1024;

    private static readonly int Processors = Math.Max(1, Environment.ProcessorCount);

    private static readonly BackendTraits Driver = new("embedded", OrdersPerProcessor * Processors, TimeSpan.FromSeconds(1))
    {
        TakesDifferences = true,
        BeginsEmpty = true,
        Listing = ZoneListing.Whole,
    };

    private readonly EmbeddedZoneTable _zones;
    private readonly SemaphoreSlim _large = new(Processors);

    /// <summary>Serves through this table, which outlives the driver.</summary>
    public EmbeddedBackend(EmbeddedZoneTable zones, TimeProvider time)
        : base(Driver, OrderDeadlines.Default, time) => _zones = zones;

    /// <inheritdoc/>
    protected override async Task ApplyAsync(ApplyZone order, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(order);
        if (order.Content.ByteCount < LargeByteCount)
        {
            Serve(order, cancellation);
            return;
        }

        await _large.WaitAsync(cancellation);
        try
        {
            Serve(order, cancellation);
        }
        finally
        {
            _large.Release();
        }
    }

    private void Serve(ApplyZone order, CancellationToken cancellation)
    {
        if (!TryRevise(order, out ZoneImage? image))
        {
            ZoneContentError error = ZoneImage.TryBuild(order.Content, out image);
            if (error != ZoneContentError.None)
                throw BackendException.Refused(error.Text());
        }

        // After the deadline the caller was told that nothing came of it.
        cancellation.ThrowIfCancellationRequested();
        _zones.Put(image!);
        FaultPoint.Pass("embedded.served");
    }

    /// <inheritdoc/>
    protected override Task ApplyAsync(DomainName zone, ZoneContent content, CancellationToken cancellation) =>
        ApplyAsync(new ApplyZone(0, zone, content), cancellation);

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

    /// <summary>A large zone is changed and not built again, where it is known what led to its content.</summary>
    private bool TryRevise(ApplyZone order, [NotNullWhen(true)] out ZoneImage? image)
    {
        image = null;
        return _zones.TryGet(order.Zone, out ZoneImage? served)
            && order.History?.Find(order.Content, served.ContentHash) is { } differences
            && served.TryRevise(differences, order.Content.Hash, out image) == ZoneRevisionError.None
            && image!.Serial == order.Content.Serial;
    }
}
