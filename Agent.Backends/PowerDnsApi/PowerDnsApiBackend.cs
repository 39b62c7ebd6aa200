using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using Agent.Actors.Backends;
using Agent.Backends.PowerDns;
using Agent.Backends.Shared;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Backends.PowerDnsApi;

// The way of an apply:
//
//   a small zone of which nothing is known --> POST all sets --made--> done
//        |                                        |
//        | otherwise                              | 409, it is there
//        v                                        v
//   GET zone (without sets) --404--> all sets --> ZoneChange
//        | there
//        v
//   it has the serial that we left, and the history leads on from that content? --yes--> the sets that this touches --> ZoneChange
//        | no
//        v
//   GET its sets, compare --> those that differ, and those that are too many --> ZoneChange (nothing at all where nothing differs)

/// <summary>Brings zones into PowerDNS over its HTTP API. Gives it the sets of records that change.</summary>
/// <remarks>What a zone was left at is remembered for as long as the process lives; after that the first change of a zone is compared with
/// what the server has.</remarks>
public sealed class PowerDnsApiBackend : AsyncZoneBackend
{
    private const int ConcurrentOrders = 8;
    private const int LooksMax = 3;
    private const long UptimeSlackSeconds = 3;

    // To make a zone that is there already costs a request in vain: of so many octets at most.
    private const int TriedByteCountMax = 16 * 1024;
    private const string VersionMark = "PowerDNS Authoritative Server ";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan PatienceWithTransfer = TimeSpan.FromSeconds(10);

    // A large zone takes some hundred requests.
    private static readonly OrderDeadlines Deadlines = OrderDeadlines.Default with { Apply = TimeSpan.FromMinutes(5) };

    private readonly PowerDnsApiOptions _options;
    private readonly PowerDnsApiClient _api;
    private readonly PowerDnsControl? _control;
    private readonly ServerProbe _probe;
    private readonly AnswerCount _answers;
    private readonly SecondaryZones? _secondaries;
    private readonly ConcurrentDictionary<DomainName, Left> _left = new();
    private readonly StaleAnswers _stale = new();

    // Large zones one after the other, so that memory holds one index of that size.
    private readonly SemaphoreSlim _large = new(1);
    private long? _started;
    private string? _version;

    /// <summary>Touches and connects to nothing yet.</summary>
    public PowerDnsApiBackend(PowerDnsApiOptions options, TimeProvider time)
        : base(
            new BackendTraits("powerdns-api", ConcurrentOrders, options?.Secondary is null ? Patience : PatienceWithTransfer)
            {
                TakesDifferences = options?.Secondary is null,
                Listing = ZoneListing.Whole,
                Limits = options?.Secondary is null ? PowerDnsTypes.LimitsUnsigned : ZoneLimits.None,
            },
            Deadlines,
            time)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _api = new PowerDnsApiClient(options, time);
        _control = options.Control is { } path ? new PowerDnsControl(path) : null;
        _probe = new ServerProbe(options.Server, time);
        _answers = new AnswerCount(options.Server, time);
        _secondaries = options.Secondary is { } source ? new SecondaryZones(_api, source) : null;
    }

    /// <summary>Types are looked at where sets of records are sent: the whole zone is not read for each small change.</summary>
    protected override ValueTask<ZoneLimits> LimitsAsync(ZoneContent content, CancellationToken cancellation) => new(ZoneLimits.None);

    /// <inheritdoc/>
    protected override async Task ApplyAsync(ApplyZone order, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(order);
        _stale.Expect(order.Zone, order.Content.Serial);
        if (_secondaries is not null)
        {
            await _secondaries.ApplyAsync(order.Zone, cancellation);
            bool isSigned = order.Content.Signing == ContentSigning.Unknown
                ? ApexTraits.Of(order.Content).IsSigned : order.Content.Signing == ContentSigning.Signed;
            _left[order.Zone] = new Left(order.Content.Hash, order.Content.Serial, isSigned);
            return;
        }

        bool isLarge = order.Content.ByteCount > ContentComparison.LargestUnordered;
        if (isLarge)
            await _large.WaitAsync(cancellation);
        try
        {
            // The same content a second time: the first time did not do, so nothing is taken for granted.
            bool wasLeft = _left.TryRemove(order.Zone, out Left? left) && left.Content != order.Content.Hash;
            bool isUnknown = left is null && !order.IsRepeated && order.Content.ByteCount <= TriedByteCountMax;
            bool isDone = isUnknown && await TryMakeAsync(order, cancellation);
            for (int look = 0; !isDone && look < LooksMax; look++)
                isDone = await ChangeAsync(order, wasLeft ? left : null, cancellation);
            if (!isDone)
                throw BackendException.Away($"somebody else keeps making and deleting {order.Zone} on the server");
            _left[order.Zone] = new Left(order.Content.Hash, order.Content.Serial, IsSigned: false);
        }
        finally
        {
            if (isLarge)
                _large.Release();
        }
    }

    /// <inheritdoc/>
    protected override Task ApplyAsync(DomainName zone, ZoneContent content, CancellationToken cancellation) =>
        ApplyAsync(new ApplyZone(0, zone, content), cancellation);

    /// <inheritdoc/>
    protected override async Task RemoveAsync(DomainName zone, CancellationToken cancellation)
    {
        _left.TryRemove(zone, out Left? _);
        _stale.Expect(zone, serial: null);
        await _api.DeleteAsync(zone, cancellation);
    }

    /// <inheritdoc/>
    protected override async Task<ZoneSighting> ObserveAsync(DomainName zone, CancellationToken cancellation)
    {
        bool wasLeft = _left.TryGetValue(zone, out Left? left);
        bool isSigned = left is { IsSigned: true };
        ServerFinding? last = null;
        ZoneSighting seen = await _stale.LookAsync(
            zone,
            left?.Serial,
            async () => PowerDnsAnswer.Judge(zone, isSigned, last = await _probe.AskAsync(zone, isSigned, cancellation)),
            _ => _control?.PurgeAsync(zone, cancellation) ?? _api.FlushAsync(zone, cancellation));
        if (!wasLeft && PowerDnsAnswer.SaysNothing(last) && !await _api.HasAsync(zone, cancellation))
        {
            _stale.Forget(zone);
            return ZoneSighting.Absent;
        }

        bool isAsLeft = !wasLeft || (seen.Observation == Observation.Present && seen.Serial == left!.Serial);
        if (isAsLeft || seen.Observation == Observation.CannotTell)
            return seen;
        if (_secondaries is not null)
            return await FetchedAsync(_secondaries, zone, left!.Serial, seen, cancellation);
        return seen.Observation == Observation.Absent && await _api.FindAsync(zone, cancellation) is { Serial: var serial }
            ? ZoneSighting.CannotTell($"PowerDNS has {zone} with serial {serial} in its database and does not serve it: "
                + $"is {_options.Server} another server, or does its zone cache (zone-cache-refresh-interval) not know the zone yet?")
            : seen;
    }

    /// <summary>In data style what is not given as it should be is seen with each change; what is transferred nobody gives.</summary>
    protected override async Task<string?> SettingsDifferenceAsync(DomainName zone, CancellationToken cancellation) =>
        await _api.FindAsync(zone, cancellation) is not { } found ? null
            : _secondaries is not null ? _secondaries.Difference(found)
            : found.IsSecondary ? "is transferred by PowerDNS (style = secondary) instead of given to it"
            : null;

    /// <summary>A zone that was not transferred yet PowerDNS refuses, as if it did not have it.</summary>
    private async Task<ZoneSighting> FetchedAsync(
        SecondaryZones secondaries, DomainName zone, uint wanted, ZoneSighting seen, CancellationToken cancellation)
    {
        if (seen.Observation == Observation.Present && seen.Serial != wanted)
            return seen.NotAsGiven(secondaries.NotFetched(zone, wanted));
        return seen.Observation == Observation.Absent && await _api.FindAsync(zone, cancellation) is not null
            ? ZoneSighting.CannotTell(secondaries.NotFetched(zone, wanted))
            : seen;
    }

    /// <inheritdoc/>
    protected override async Task ProbeAsync(CancellationToken cancellation)
    {
        _version = await _api.VersionAsync(cancellation);
        if (await _api.StatisticAsync("uptime", cancellation) is not { } uptime)
            return;
        if (_control is not null && await _control.UptimeAsync(cancellation) is { } other && Math.Abs(other - uptime) > UptimeSlackSeconds)
            throw BackendException.Refused($"the control socket {_options.Control} belongs to another PowerDNS than the API at "
                + $"{_options.Url}: it is up for {other} s, that one for {uptime} s");
        long started = (long)Time.GetElapsedTime(0).TotalSeconds - uptime;
        if (_started is not { } known || Math.Abs(started - known) > UptimeSlackSeconds)
            _started = started;
    }

    /// <inheritdoc/>
    protected override async Task<ControlledServer?> ControlledAsync(CancellationToken cancellation) =>
        new(_version is null ? null : $"PowerDNS {_version}")
        {
            VersionByDns = _version is null ? null : VersionMark + _version,
            VersionMark = VersionMark,
            Contradiction = await _answers.ContradictionAsync(c => _api.StatisticAsync("udp-queries", c), cancellation),
        };

    /// <inheritdoc/>
    protected override string? ServerRun => _started?.ToString(CultureInfo.InvariantCulture);

    /// <inheritdoc/>
    protected override async Task<IReadOnlyCollection<DomainName>> ListAsync(int maximum, CancellationToken cancellation)
    {
        List<DomainName> zones = [];
        await foreach (JsonElement zone in _api.ZonesAsync(cancellation))
        {
            if (zones.Count > maximum)
                break;
            // What comes from elsewhere is not this driver's.
            string? kind = zone.GetProperty("kind").GetString();
            bool isOwnKind = kind is "Native" or "Master" or "Primary" || (_secondaries is not null && ApiZone.IsKindOfSecondary(kind));
            if (isOwnKind && DomainName.TryParse(zone.GetProperty("name").GetString(), out DomainName? name))
                zones.Add(name);
        }

        return zones;
    }

    /// <inheritdoc/>
    protected override ValueTask CloseAsync()
    {
        _api.Dispose();
        return _answers.DisposeAsync();
    }

    /// <summary>Makes the zone without a look whether there is one, which mostly there is not; false when there is.</summary>
    private async Task<bool> TryMakeAsync(ApplyZone order, CancellationToken cancellation)
    {
        using ZoneChange change = new(_api, zone: null, WantedRrset.SoaOf(order.Content), _options) { MayBeThere = true };
        try
        {
            await SendAsync(order.Content, TouchedSets.All(order.Content), change, cancellation);
        }
        catch (BackendException) when (change.IsRefused)
        {
            if (await _api.FindAsync(order.Zone, cancellation) is not { } found)
                throw;
            // PowerDNS keeps an empty zone when it refuses the sets. One with records was there before, and is changed the ordinary way.
            if (found.Serial != 0 || await HasRecordsAsync(order.Zone, cancellation))
                return false;
            await _api.DeleteAsync(order.Zone, cancellation);
            throw;
        }

        return !change.HasMetZone;
    }

    private async Task<bool> HasRecordsAsync(DomainName zone, CancellationToken cancellation)
    {
        await foreach (JsonElement _ in _api.RrsetsAsync(zone, cancellation))
            return true;
        return false;
    }

    /// <summary>False when a zone that was to be made came to be there meanwhile.</summary>
    private async Task<bool> ChangeAsync(ApplyZone order, Left? left, CancellationToken cancellation)
    {
        ApiZone? zone = await _api.FindAsync(order.Zone, cancellation);
        WantedRrset soa = WantedRrset.SoaOf(order.Content);
        using ZoneChange change = new(_api, zone, soa, _options);
        TouchedSets? touched = zone is null ? TouchedSets.All(order.Content)
            : zone.Serial == left?.Serial && TouchedSets.TryFollow(order, left.Content) is { } followed ? followed
            : await CompareAsync(order, soa, cancellation);
        if (touched is null)
        {
            await change.SetAsync(isRectified: true, cancellation);
            return true;
        }

        await SendAsync(order.Content, touched, change, cancellation);
        return !change.HasMetZone;
    }

    private async Task SendAsync(ZoneContent content, TouchedSets touched, ZoneChange change, CancellationToken cancellation)
    {
        foreach (WantedRrset set in WantedRrset.Of(content, touched.Wanted))
        {
            if (Limits.For(set.Type) is { } limit)
            {
                string why = $"PowerDNS cannot be given {set.Owner} {PowerDnsTypes.NameOf(set.Type)}: {limit.Why}";
                throw BackendException.CannotHold(why, changedNothing: !change.HasSentPart);
            }

            touched.Gone.Remove(ApiZoneId.TextOf(set.Owner), out List<string>? typesGone);
            await change.AddAsync(set, typesGone, cancellation);
        }

        foreach ((string owner, List<string> types) in touched.Gone)
        {
            foreach (string type in types)
                await change.DeleteAsync(owner, type, cancellation);
        }

        await change.FinishAsync(cancellation);
    }

    /// <summary>Null when the server has all of it, the SOA too.</summary>
    private async Task<TouchedSets?> CompareAsync(ApplyZone order, WantedRrset soa, CancellationToken cancellation)
    {
        RrsetIndex wanted = RrsetIndex.Of(order.Content);
        ServedRrsets served = new(wanted, soa);
        await foreach (JsonElement rrset in _api.RrsetsAsync(order.Zone, cancellation))
            served.Take(rrset);
        return wanted.Count == 0 && served.Surplus.Count == 0 && served.HasSoa ? null : new TouchedSets(wanted, served.Surplus);
    }

    /// <summary>What a zone was left at.</summary>
    /// <param name="Content">Its content.</param>
    /// <param name="Serial">Its serial.</param>
    /// <param name="IsSigned">PowerDNS transfers it with signatures of its master.</param>
    private sealed record Left(ContentHash Content, uint Serial, bool IsSigned);
}
