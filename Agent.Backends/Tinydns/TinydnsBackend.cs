using Agent.Actors.Backends;
using Agent.Backends.Shared;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Backends.Tinydns;

/// <summary>
/// Brings zones into tinydns by its data.cdb, written directly. tinydns has no control channel and is never asked to do anything: it opens
/// the file for each question. To a question about a name of no zone it says nothing at all, so only data.cdb tells that it does not have a
/// zone, and only an answer about one that it has, that it is there.
/// </summary>
public sealed class TinydnsBackend : AsyncZoneBackend
{
    // So that many zones share a build, which always costs as much as all zones together.
    private const int ConcurrentOrders = 500;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    // A build of millions of zones takes minutes, and an order may wait for the one before.
    private static readonly TimeSpan BuildPatience = TimeSpan.FromMinutes(5);

    private readonly TinydnsData _data;
    private readonly ServerProbe _probe;

    /// <summary>Touches and connects to nothing yet.</summary>
    public TinydnsBackend(TinydnsOptions options, TimeProvider time)
        : base(
            new BackendTraits("tinydns", ConcurrentOrders, Patience)
            {
                Listing = ZoneListing.Own,
                OrdersTogether = ConcurrentOrders,
                CanReAdd = true,
                Limits = TinydnsContentRules.Limits,
            },
            OrderDeadlines.Default with { Apply = BuildPatience, Remove = BuildPatience },
            time)
    {
        ArgumentNullException.ThrowIfNull(options);
        _data = new TinydnsData(options.Root, options.DataBytesMax, time);
        _probe = new ServerProbe(options.Server, time);
    }

    /// <inheritdoc/>
    protected override async Task ApplyAsync(DomainName zone, ZoneContent content, CancellationToken cancellation)
    {
        if (zone.Wire.StartsWith("\u0001*"u8))
            throw BackendException.NameNotAcceptable($"tinydns serves no zone that is a wildcard: {zone}");
        if (TinydnsContentRules.Objection(content, out long dataBytes) is { } objection)
            throw BackendException.CannotHold($"tinydns does not serve a zone with {objection} (zone {zone}, serial {content.Serial})");
        _data.Prepare();
        await _data.ApplyAsync(zone, content, dataBytes).WaitAsync(cancellation);
    }

    /// <inheritdoc/>
    protected override async Task RemoveAsync(DomainName zone, CancellationToken cancellation)
    {
        _data.Prepare();
        await _data.RemoveAsync(zone).WaitAsync(cancellation);
    }

    /// <inheritdoc/>
    protected override async Task<ZoneSighting> ObserveAsync(DomainName zone, CancellationToken cancellation)
    {
        ZoneSighting held = _data.Look(zone);
        if (held.Observation != Observation.Present)
            return held;
        ServerFinding finding = await _probe.AskAsync(zone, cancellation);
        if (finding.Answer is null)
            return ZoneSighting.CannotTell($"{_data.Root} has {zone} with serial {held.Serial}, but {finding.Text}");
        ZoneSighting seen = ZoneSighting.From(finding);
        return seen.Observation == Observation.Present && seen.Serial == held.Serial
            ? seen
            : seen with { Reason = new(Actors.Reasons.ReasonCode.VerifyStale, Elsewhere(zone, held.Serial, finding.Text)) };
    }

    /// <inheritdoc/>
    protected override async Task ProbeAsync(CancellationToken cancellation)
    {
        _data.Check();
        if (_data.AnyZone() is not { } zone)
            return;
        ServerFinding finding = await _probe.AskAsync(zone, cancellation);
        if (finding.Answer is null)
            throw BackendException.Away(finding.Text);
    }

    /// <summary>The zones of which data.cdb is built.</summary>
    protected override Task<IReadOnlyCollection<DomainName>> ListAsync(int maximum, CancellationToken cancellation)
    {
        _data.Prepare();
        return Task.FromResult<IReadOnlyCollection<DomainName>>(_data.Zones(maximum));
    }

    private string Elsewhere(DomainName zone, uint serial, string text) =>
        $"{_data.Root} has {zone} with serial {serial}, but {text}: that server's ROOT is another folder";
}
