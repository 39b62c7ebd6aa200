using Agent.Actors.Backends;
using Agent.Backends.Shared;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Backends.ZoneFiles;

/// <summary>
/// Keeps one master file for each zone in a folder and runs a command after each change: for any server that reads such files. With
/// <see cref="ZoneFilesOptions.Server"/> set, that server is asked what it serves; otherwise the serial in the file is all there is to
/// see.
/// </summary>
public sealed class ZoneFilesBackend : AsyncZoneBackend
{
    private const int ConcurrentOrders = 4;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly ZoneFolder _folder;
    private readonly ChangeCommand _command;
    private readonly ServerProbe? _probe;

    /// <summary>Touches nothing yet.</summary>
    public ZoneFilesBackend(ZoneFilesOptions options, TimeProvider time)
        : base(TraitsOf(options), DeadlinesFor(options), time)
    {
        ArgumentNullException.ThrowIfNull(options);
        _folder = new ZoneFolder(options.Directory, time);
        _command = new ChangeCommand(options.Command, options.CommandTimeout, time);
        _probe = options.Server is null ? null : new ServerProbe(options.Server, time);
    }

    // Only the file can be looked at, but what counts is that the command ran. A process that ends between the two leaves a note.
    private bool TakesNotes => _probe is null && _command.IsSet;

    /// <inheritdoc/>
    protected override async Task ApplyAsync(DomainName zone, ZoneContent content, CancellationToken cancellation)
    {
        if (TakesNotes)
            _folder.NoteUntold(zone);
        await _command.RunAsync(zone, await _folder.WriteAsync(zone, content), "apply", cancellation);
        if (TakesNotes)
            _folder.ForgetUntold(zone);
    }

    /// <inheritdoc/>
    protected override async Task RemoveAsync(DomainName zone, CancellationToken cancellation)
    {
        // The command runs also when there was no file: an earlier order may have come to the file and not to the command.
        if (await _folder.DeleteAsync(zone, companionSuffixes: []) is { } path)
            await _command.RunAsync(zone, path, "remove", cancellation);
        if (TakesNotes)
            _folder.ForgetUntold(zone);
    }

    /// <inheritdoc/>
    protected override async Task<ZoneSighting> ObserveAsync(DomainName zone, CancellationToken cancellation)
    {
        if (_probe is not null)
            return ZoneSighting.From(await _probe.AskAsync(zone, cancellation));
        return TakesNotes && _folder.IsUntold(zone)
            ? ZoneSighting.CannotTell($"the file of {zone} changed, and the command has not ended well since")
            : _folder.Look(zone);
    }

    /// <inheritdoc/>
    protected override async Task ProbeAsync(CancellationToken cancellation)
    {
        _folder.Check();
        if (_probe is null)
            return;
        ServerFinding finding = await _probe.AskAsync(DomainName.Root, cancellation);
        if (finding.Answer is null)
            throw BackendException.Away(finding.Text);
    }

    /// <inheritdoc/>
    protected override Task<IReadOnlyCollection<DomainName>> ListAsync(int maximum, CancellationToken cancellation) =>
        Task.FromResult<IReadOnlyCollection<DomainName>>(_folder.Zones(maximum));

    private static BackendTraits TraitsOf(ZoneFilesOptions options) => new("zone-files", ConcurrentOrders, Patience)
    {
        Listing = ListingOf(options),
        Limits = new ZoneLimits { FileNameOctets = ZoneFileName.LengthMax },
    };

    /// <summary>Of a server behind the files nothing more is known than which files there are.</summary>
    private static ZoneListing ListingOf(ZoneFilesOptions options) => options?.Server is null ? ZoneListing.Whole : ZoneListing.Own;

    private static OrderDeadlines DeadlinesFor(ZoneFilesOptions options) => OrderDeadlines.Default with
    {
        Apply = OrderDeadlines.Default.Apply + options.CommandTimeout,
        Remove = OrderDeadlines.Default.Remove + options.CommandTimeout,
    };
}
