using System.Collections.Concurrent;
using Agent.Actors.Backends;
using Agent.Actors.Reasons;
using Agent.Backends.Shared;
using Agent.Dns.Transfers;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Backends.Catalog;

/// <summary>
/// Brings zones to servers that read a catalog zone of ours (RFC 9432) and transfer its members from us. A zone is brought there by being
/// a member, and changed by a NOTIFY; both are for others to fetch, so an order is done when that can begin.
/// </summary>
public sealed class CatalogBackend : AsyncZoneBackend
{
    // So that many zones share a version of the catalog.
    private const int ConcurrentOrders = 200;

    // BIND looks at a catalog once in five seconds, and transfers two zones at a time from us unless it is told otherwise.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly CatalogConsumers _consumers;
    private readonly CatalogNews _news;
    private readonly CatalogHoldings _holdings = new();

    // What was last given out in this run.
    private readonly ConcurrentDictionary<DomainName, uint> _given = new();

    /// <summary>Touches and connects to nothing yet.</summary>
    public CatalogBackend(CatalogOptions options, TimeProvider time)
        : base(new BackendTraits("catalog", ConcurrentOrders, Patience) { Listing = ZoneListing.Own }, OrderDeadlines.Default, time)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Consumers.Count == 0 || options.Required > options.Consumers.Count)
            throw new BackendOptionsException("quorum", $"{options.Required} of {options.Consumers.Count} consumers cannot be had");
        _consumers = new CatalogConsumers(options.Consumers, options.Required, time);
        _news = new CatalogNews(options.Consumers, time);
        Catalog = new ProducedCatalog(
            options, cancellation => _consumers.NewestSerialAsync(options.Name, cancellation), () => _news.Tell(options.Name), time);
    }

    /// <summary>What the consumers are to be given.</summary>
    public ProducedCatalog Catalog { get; }

    /// <inheritdoc/>
    protected override async Task ApplyAsync(ApplyZone order, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(order);
        if (order.Zone == Catalog.Name)
            throw BackendException.NameNotAcceptable($"{order.Zone} is the catalog itself, which the agent makes");
        CatalogVersion version = await Catalog.VersionAsync(cancellation);
        bool isMember = Catalog.Membership.Contains(order.Zone);

        // Who is given what he was given before does not serve it, or we do not know what he was given.
        bool isNews = _given.TryGetValue(order.Zone, out uint given) && given != order.Content.Serial;
        bool isAsked = isMember && (order.IsRepeated || !isNews);
        ServerFinding[] findings = isAsked ? await _consumers.AskAsync(order.Zone, cancellation) : [];
        bool begins = isMember && GoesBack(order, findings);
        if (begins || !isMember) _holdings.Forget(order.Zone);
        Catalog.Membership.Add(order.Zone, begins, version.Content.Serial);

        // One that was taken away by hand comes back only where the catalog is read anew.
        if (isMember && findings.Any(finding => finding.Kind == SoaAnswerKind.Absent)) Catalog.Membership.Repeat(order.Zone);
        await Catalog.PublishedAsync(order.Zone).WaitAsync(cancellation);
        if (order.IsRepeated) _news.Tell(Catalog.Name);

        // Of a new member a consumer hears by the catalog.
        if (isMember) _news.Tell(order.Zone);
        _given[order.Zone] = order.Content.Serial;
    }

    /// <inheritdoc/>
    protected override Task ApplyAsync(DomainName zone, ZoneContent content, CancellationToken cancellation) =>
        ApplyAsync(new ApplyZone(0, zone, content), cancellation);

    /// <inheritdoc/>
    protected override async Task RemoveAsync(DomainName zone, CancellationToken cancellation)
    {
        // It was never brought there as a zone, and is to stay what the consumers read.
        if (zone == Catalog.Name) return;
        await Catalog.VersionAsync(cancellation);
        bool isAgain = Catalog.Membership.IsLeaving(zone);
        Catalog.Membership.Remove(zone);
        _given.TryRemove(zone, out _);
        _holdings.Forget(zone);
        _news.Forget(zone);
        await Catalog.PublishedAsync(zone).WaitAsync(cancellation);
        if (isAgain) _news.Tell(Catalog.Name);
    }

    /// <inheritdoc/>
    protected override Task<ZoneSighting> ObserveAsync(DomainName zone, CancellationToken cancellation) =>
        ObserveAsync(new ObserveZone(0, zone), cancellation);

    /// <inheritdoc/>
    protected override async Task<ZoneSighting> ObserveAsync(ObserveZone order, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(order);
        DomainName zone = order.Zone;
        if (zone == Catalog.Name) return ZoneSighting.Absent;
        await Catalog.VersionAsync(cancellation);
        ServerFinding[] findings = await _consumers.AskAsync(zone, cancellation);
        for (int consumer = 0; consumer < findings.Length; consumer++)
        {
            if (findings[consumer].Answer is null) continue;
            _news.TellAgain(consumer, Catalog.Name);
            _news.TellAgain(consumer, zone);
        }

        if (Catalog.Membership.Contains(zone))
        {
            // An order may be done already that nobody repeats before its patience is over, and until then it would not come back.
            if (_holdings.IsLost(zone, findings)) await GiveAgainAsync(zone, cancellation);
            uint? wanted = order.WantedSerial ?? (_given.TryGetValue(zone, out uint given) ? given : null);
            return WithObjections(_consumers.JudgeMember(findings, wanted), wanted);
        }

        ZoneSighting seen = _consumers.JudgeOther(findings, Catalog.Membership.IsLeaving(zone));

        // With a quorum below all, who has not been heard may have it still.
        if (findings.All(finding => finding.Kind == SoaAnswerKind.Absent)) Catalog.Membership.SeenGone(zone);
        return seen;
    }

    /// <inheritdoc/>
    protected override async Task ProbeAsync(CancellationToken cancellation)
    {
        await Catalog.VersionAsync(cancellation);
        await _consumers.ProbeAsync(Catalog.Name, cancellation);
    }

    /// <summary>One that was taken away at a consumer comes back only where the catalog is read anew.</summary>
    private Task GiveAgainAsync(DomainName zone, CancellationToken cancellation)
    {
        Catalog.Membership.Repeat(zone);
        return Catalog.PublishedAsync(zone).WaitAsync(cancellation);
    }

    /// <summary>Where consumers are behind, and would not be told, that is why.</summary>
    private ZoneSighting WithObjections(ZoneSighting seen, uint? wanted)
    {
        string objections = _news.Objections;
        bool isLevel = seen.Observation == Observation.Present && seen.Serial == wanted;
        if (isLevel || objections.Length == 0) return seen;
        string text = seen.Reason is { } reason ? $"{reason.Text}; {objections}" : objections;
        return seen with { Reason = new Reason(seen.Reason?.Code ?? ReasonCode.VerifyStale, text) };
    }

    /// <summary>Whether consumers would not take the content because they have a newer one: none goes back by itself.</summary>
    private bool GoesBack(ApplyZone order, ServerFinding[] findings)
    {
        uint? newest = CatalogConsumers.Newest(findings) ?? (_given.TryGetValue(order.Zone, out uint given) ? given : null);
        return newest is { } theirs && SerialNumber.IsNewer(theirs, order.Content.Serial);
    }

    /// <summary>The members.</summary>
    protected override async Task<IReadOnlyCollection<DomainName>> ListAsync(int maximum, CancellationToken cancellation)
    {
        await Catalog.VersionAsync(cancellation);
        return Catalog.Membership.Zones(maximum);
    }

    /// <inheritdoc/>
    protected override async ValueTask CloseAsync()
    {
        await Catalog.DisposeAsync();
        _news.Dispose();
    }
}
