using System.Collections.Concurrent;
using Agent.Actors.Backends;
using Agent.Actors.Reasons;
using Agent.Backends.Shared;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Backends.Gdnsd;

/// <summary>
/// Brings zones into gdnsd by files and reloads of all zones. gdnsd answers a reload when the zones are served, or when none of the files
/// was taken because one is bad; <see cref="GdnsdReloads"/> sees to it that the bad one harms nobody else.
/// </summary>
public sealed class GdnsdBackend : AsyncZoneBackend
{
    // So that many zones share a reload, which always costs as much as all zones of gdnsd together.
    private const int ConcurrentOrders = 500;

    // Smaller contents of a group are brought to the disk together.
    private const long GroupedBytesMax = 256 * 1024;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly ServerProbe _probe;
    private readonly GdnsdFolder _folder;
    private readonly GdnsdControl _control;
    private readonly GdnsdReloads _reloads;
    private readonly ConcurrentDictionary<DomainName, uint> _appliedSerials = new();
    private volatile string? _run;

    /// <summary>Checks the settings; touches and connects to nothing yet.</summary>
    /// <exception cref="BackendOptionsException">A setting can never work.</exception>
    public GdnsdBackend(GdnsdOptions options, TimeProvider time)
        : base(
            new BackendTraits("gdnsd", ConcurrentOrders, Patience)
            {
                Listing = ZoneListing.Whole,
                OrdersTogether = ConcurrentOrders,
                CanReAdd = true,
                Limits = GdnsdContentRules.Limits,
            },
            DeadlinesFor(options),
            time)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (!LocalPath.IsPossible(options.Control))
            throw new BackendOptionsException("control", $"'{options.Control}' cannot be the path of a unix socket");
        _probe = new ServerProbe(options.Server, time);
        _folder = new GdnsdFolder(options.ZoneDirectory, time);
        _control = new GdnsdControl(options.Control, options.ReloadPatience, time);
        _reloads = new GdnsdReloads(_folder, _control, time);
    }

    /// <inheritdoc/>
    protected override string? ServerRun => _run;

    /// <inheritdoc/>
    protected override async Task ApplyAsync(DomainName zone, ZoneContent content, CancellationToken cancellation)
    {
        if (!GdnsdZoneName.TryCreate(zone, out string? name))
            throw BackendException.NameNotAcceptable(GdnsdZoneName.Objection(zone));
        if (GdnsdContentRules.Objection(content) is { } objection)
            throw BackendException.CannotHold($"gdnsd takes no zone with {objection} (zone {zone}, serial {content.Serial})");
        await _reloads.ReadyAsync(cancellation);
        bool isLarge = content.ByteCount > GroupedBytesMax;
        string written = _folder.Write(name, content, flushToDisk: isLarge);
        await _reloads.SubmitAsync(new GdnsdChange(zone, name, written, isOnDisk: isLarge), cancellation);
        _appliedSerials[zone] = content.Serial;
    }

    /// <inheritdoc/>
    protected override async Task RemoveAsync(DomainName zone, CancellationToken cancellation)
    {
        // Such a zone never came here.
        if (!GdnsdZoneName.TryCreate(zone, out string? name))
            return;
        await _reloads.ReadyAsync(cancellation);
        // Also when there is no file: an earlier order may have come to the file and not to the reload.
        await _reloads.SubmitAsync(new GdnsdChange(zone, name, written: null, isOnDisk: false), cancellation);
        _appliedSerials.TryRemove(zone, out uint _);
    }

    /// <inheritdoc/>
    protected override async Task<ZoneSighting> ObserveAsync(DomainName zone, CancellationToken cancellation)
    {
        ZoneSighting seen = ZoneSighting.From(await _probe.AskAsync(zone, cancellation));
        if (!_appliedSerials.TryGetValue(zone, out uint applied) || seen.Observation == Observation.CannotTell
            || (seen.Observation == Observation.Present && seen.Serial == applied))
        {
            return seen;
        }

        Reason hint = new(
            ReasonCode.VerifyStale,
            $"gdnsd said that it serves {zone} with serial {applied}, and does not: unless somebody else changed its files, "
            + $"{_folder.FullPath} is not the folder zones of its configuration, or another server answers");
        return seen with { Reason = hint };
    }

    /// <inheritdoc/>
    protected override async Task ProbeAsync(CancellationToken cancellation)
    {
        // Before anything else: what an earlier process left may be what keeps gdnsd from starting.
        await _reloads.ReadyAsync(cancellation);
        _run = await _control.RunAsync(cancellation);
        _folder.Check();
        if (await _reloads.BlockageAsync(cancellation) is { } blockage)
            throw BackendException.Away(blockage);
    }

    /// <summary>All zones that have a file, from whomever.</summary>
    protected override Task<IReadOnlyCollection<DomainName>> ListAsync(int maximum, CancellationToken cancellation) =>
        Task.FromResult<IReadOnlyCollection<DomainName>>([.. _folder.Zones().Take(maximum + 1).Select(static file => file.Zone)]);

    /// <inheritdoc/>
    protected override async ValueTask CloseAsync()
    {
        // Whatever waits for gdnsd ends with its connections.
        _control.Dispose();
        await _reloads.EndedAsync();
    }

    /// <summary>An order may wait for a reload that is under way before its own, and after a bad file for some more.</summary>
    private static OrderDeadlines DeadlinesFor(GdnsdOptions options) => OrderDeadlines.Default with
    {
        Apply = OrderDeadlines.Default.Apply + options.ReloadPatience,
        Remove = OrderDeadlines.Default.Remove + options.ReloadPatience,
    };
}
