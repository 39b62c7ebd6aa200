using System.Collections.Concurrent;
using System.Net;
using Agent.Actors.Backends;
using Agent.Backends.Shared;
using Agent.Dns.Records;
using Agent.Dns.Transfers;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Backends.Bind9;

// The way of an apply:
//
//   known to be there, or small --> write file
//                   |  known to be there? --yes--> load ---------------------------------------------------------------> (done)
//                   |     | no                      |
//                   |     v                         v "no matching zone"
//                   |  addzone <--------------------/ -----------------------------------------------------------------> (done)
//                   |     | already exists
//                   |     v
//                   |  zonestatus: in named.conf --> refused
//                   |            | another file: delzone, addzone (where the zone may be taken away) -------------------> (done)
//                   |            | our file: showzone, modzone if it differs, load ------------------------------------> (done)
//                   v
//   large and new: see LargeZoneEntrance --------------------------------------------------------------------------------> (done)
//
//   load: see ZoneLoading
//
// "done" means that named took it; only an observation proves that it serves it.

/// <summary>
/// Brings zones into BIND's named as primaries with files, over its control channel; or as secondaries, see <see cref="NamedSecondaries"/>.
/// What was applied is remembered, so an update is one file and one command; when the same serial comes again, all is looked at anew.
/// </summary>
/// <remarks>
/// Zones go by plain <c>delzone</c>, not <c>delzone -clean</c>: named removes files some time after its answer, and would hit the new
/// file of a
/// zone that is created again at once. We remove the files ourselves.
/// </remarks>
public sealed partial class Bind9Backend : AsyncZoneBackend
{
    // named takes one command after the other; so many at once let their files share the waits for the disk, and named never wait for us.
    private const int ConcurrentOrders = 256;
    private const int DnsPort = 53;

    // About each zone that has no file of ours named is asked whether it stands in named.conf; there are as many as an operator made.
    private const int StrangersMax = 5000;

    // named adds no zone whose journal would have too long a name.
    private static readonly int SuffixOctets = NamedFiles.Journal.Length;

    // For zones that are not large; the others are waited for in the order itself.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    // named asks 20 serials a second (serial-query-rate) and transfers two zones at a time (transfers-per-ns) unless it is told otherwise.
    private static readonly TimeSpan PatienceWithTransfer = TimeSpan.FromSeconds(30);

    private readonly Bind9Options _options;
    private readonly ZoneFolder _folder;
    private readonly ZoneStanzas _stanzas;
    private readonly ServerProbe _probe;
    private readonly NamedIdentity _identity;
    private readonly NamedControl _named;
    private readonly LargeZoneEntrance _entrance;
    private readonly ZoneLoading _loading;
    private readonly NamedSecondaries? _secondaries;
    private readonly NamedStatistics? _statistics;
    private readonly ConcurrentDictionary<DomainName, uint> _appliedSerials = new();
    private readonly ShownForms _forms = new();
    private readonly RecentRemovals _removals;
    private volatile string? _bootTime;
    private volatile ZoneLimits _limits;
    private volatile string _status = "";
    private volatile bool _isKnown;

    /// <summary>Checks the settings; touches and connects to nothing yet.</summary>
    /// <exception cref="BackendOptionsException">A setting can never work.</exception>
    public Bind9Backend(Bind9Options options, TimeProvider time)
        : base(TraitsOf(options), OrderDeadlines.Default, time)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _folder = new ZoneFolder(options.ZoneDirectory, time, RdataTextStyle.Bind918, SuffixOctets, () => OrdersUnderWay);
        if (_folder.FullPath.Any(character => character is '"' or '\\' || char.IsControl(character)))
            throw new BackendOptionsException("zone-directory", "may not contain quotes, backslashes or control characters");
        if (options.View?.All(character => char.IsAsciiLetterOrDigit(character) || character is '-' or '_' or '.') == false)
            throw new BackendOptionsException("view", "may consist of letters, digits, '-', '_' and '.' only");
        _stanzas = new ZoneStanzas(options);
        _removals = new RecentRemovals(time);
        _limits = NamedLimits.Of(_status, _stanzas.Common, SuffixOctets);
        EndPoint server = options.Server ?? ServerOf(options.Host);
        _probe = new ServerProbe(server, time);
        _identity = new NamedIdentity(server, time);
        _named = new NamedControl(options, time);
        _statistics = options.Statistics is { } place ? new NamedStatistics(place, options.View) : null;
        _entrance = new LargeZoneEntrance(_named, _folder, _stanzas, options.LargeZoneBytes, time);
        _loading = new ZoneLoading(_named, _folder, _stanzas, _entrance, time);
        _secondaries = options.Secondary is { } source ? new NamedSecondaries(_named, _folder, _stanzas, _forms, source) : null;
    }

    private static BackendTraits TraitsOf(Bind9Options options) =>
        new("bind9", ConcurrentOrders, options?.Secondary is null ? Patience : PatienceWithTransfer)
        {
            Listing = options?.Statistics is null ? ZoneListing.Own : ZoneListing.Whole,
            CanReAdd = true,
            ComesInTurn = options?.Secondary is null,
        };

    /// <inheritdoc/>
    protected override Task ApplyAsync(DomainName zone, ZoneContent content, CancellationToken cancellation) =>
        ApplyAsync(new ApplyZone(0, zone, content), cancellation);

    /// <inheritdoc/>
    protected override async Task ApplyAsync(ApplyZone order, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(order);
        (DomainName zone, ZoneContent content) = (order.Zone, order.Content);
        // The same serial a second time: the first time did not do, so nothing is taken for granted.
        bool wasApplied = _appliedSerials.TryGetValue(zone, out uint applied);
        bool isKnown = wasApplied && applied != content.Serial;
        _removals.Forget(zone);
        if (_secondaries is not null)
        {
            await _secondaries.ApplyAsync(order, isKnown ? applied : null, isRepeated: wasApplied && !isKnown, cancellation);
        }
        else if (isKnown || !await _entrance.TryEnterAsync(zone, content, cancellation))
        {
            ZoneFile file = await _entrance.WriteAsync(zone, content);
            await (isKnown
                ? UpdateAsync(zone, file, content, applied, order.MayTakeAway, cancellation)
                : BringInAsync(zone, file, content, order.MayTakeAway, cancellation));
        }

        _appliedSerials[zone] = content.Serial;
    }

    /// <summary>Loads the file of a zone that named has by all we know.</summary>
    private async Task UpdateAsync(
        DomainName zone, ZoneFile file, ZoneContent content, uint applied, bool mayTakeAway, CancellationToken cancellation)
    {
        if (SerialNumber.IsNewer(applied, content.Serial))
        {
            // Whatever becomes of it, next time the zone's configuration is looked at.
            _appliedSerials.TryRemove(zone, out uint _);
            if (await _loading.TryGoBackAsync(zone, file, content, cancellation))
                return;
        }
        else if (await _loading.TryLoadAsync(zone, content, applied, cancellation))
        {
            return;
        }

        // Taken away behind our back, or by a restart that lost it.
        await BringInAsync(zone, file, content, mayTakeAway, cancellation);
    }

    /// <summary>Brings in a zone of which nothing is known: it is added, or gets our configuration and is loaded.</summary>
    private async Task BringInAsync(
        DomainName zone, ZoneFile file, ZoneContent content, bool mayTakeAway, CancellationToken cancellation)
    {
        bool isThere = await AddAsync(zone, file, content, mayTakeAway, cancellation) switch
        {
            Presence.Loaded => true,
            Presence.HasNewer => await _loading.TryGoBackAsync(zone, file, content, cancellation),
            _ => await _loading.TryLoadAsync(zone, content, applied: null, cancellation),
        };
        if (!isThere)
            throw BackendException.Away($"{zone} was taken from named by somebody else");
    }

    /// <inheritdoc/>
    protected override async Task<ZoneSighting> ObserveAsync(DomainName zone, CancellationToken cancellation)
    {
        ServerFinding finding = await _probe.AskAsync(zone, cancellation);
        // With views the answer may come from another one; and REFUSED may be an access list speaking. named itself knows better.
        bool needsSecondOpinion = _options.View is not null
            ? finding.Answer is not null
            : finding.Answer is { Cause: SoaAnswerCause.ErrorCodeOfAbsence, ResponseCode: ResponseCode.Refused }
                || (_secondaries is not null && finding.Answer?.ResponseCode == ResponseCode.ServFail);
        // named's word that the zone goes is such an opinion; but not that the question came to the view of which it spoke.
        bool isGone = finding.Kind != SoaAnswerKind.Authoritative && _removals.Take(zone)
            && finding.Answer?.ResponseCode == ResponseCode.Refused && _options.View is null;
        if (!needsSecondOpinion || isGone)
            return WithExpectation(zone, ZoneSighting.From(finding));
        RndcReply status = await _named.StatusAsync(zone, cancellation);
        if (status.Verdict == RndcVerdict.NoSuchZone)
            return ZoneSighting.Absent;
        if (status.Verdict == RndcVerdict.NoSuchView)
            return WithoutView(zone, finding, status);
        if (status.Verdict != RndcVerdict.Done || new NamedZoneStatus(status).Serial is not { } serial)
        {
            if (_secondaries is not null && _appliedSerials.TryGetValue(zone, out uint wanted))
                return ZoneSighting.CannotTell($"{_secondaries.NotFetched(zone, wanted)} ({status.Explanation})");
            return ZoneSighting.CannotTell($"named has {zone} but has not loaded it: {status.Explanation}");
        }

        return _options.View is not null
            ? WithExpectation(zone, ZoneSighting.Present(serial))
            : ZoneSighting.CannotTell($"named has {zone} with serial {serial}, but {finding.Text} to this machine: see its allow-query")
                with { Nsid = finding.Nsid };
    }

    /// <summary>named answers before it reads the file or fetches the zone. If it keeps the old version, no more can be said.</summary>
    private ZoneSighting WithExpectation(DomainName zone, ZoneSighting seen) =>
        seen.Observation == Observation.Present && _appliedSerials.TryGetValue(zone, out uint applied) && applied != seen.Serial
            ? seen.NotAsGiven(
                _secondaries?.NotFetched(zone, applied)
                ?? $"named has not loaded serial {applied} from {_folder.PathOf(zone)}; unless it is busy with that, its log says why, "
                + "in a line with \"not loaded due to errors\"")
            : seen;

    /// <inheritdoc/>
    protected override async Task ProbeAsync(CancellationToken cancellation)
    {
        await LearnAsync(cancellation);
        if (_secondaries is null || _folder.IsHere)
            _folder.Check();
    }

    /// <inheritdoc/>
    protected override async Task<ControlledServer?> ControlledAsync(CancellationToken cancellation) =>
        NamedIdentity.Of(_status) with { Contradiction = await _identity.ContradictionAsync(_named, cancellation) };

    private async Task LearnAsync(CancellationToken cancellation)
    {
        RndcReply reply = await _named.ServerStatusAsync(cancellation);
        if (reply.Verdict != RndcVerdict.Done)
            throw BackendException.Away($"named does not give its status: {reply.Explanation}");
        _limits = NamedLimits.Of(reply.Text, _stanzas.Common, SuffixOctets);
        _status = reply.Text;
        _bootTime = BootTimeOf(reply.Text);
        _isKnown = true;
    }

    /// <inheritdoc/>
    protected override ZoneLimits Limits => _limits;

    /// <summary>An order may come before the first probe; it asks for itself if its content can be too much.</summary>
    protected override async ValueTask<ZoneLimits> LimitsAsync(ZoneContent content, CancellationToken cancellation)
    {
        if (!_isKnown && content.RecordCount > NamedLimits.Default)
            await LearnAsync(cancellation);
        ZoneStanza stanza = _stanzas.For(content.Apex);
        return stanza == _stanzas.Common ? _limits : NamedLimits.Of(_status, stanza, SuffixOctets);
    }

    /// <summary>
    /// With statistics, all primary zones that came over the control channel, from whomever; without, those that have a file here. What
    /// stands in named.conf is the operator's: it could not be taken over from there in any case.
    /// </summary>
    protected override async Task<IReadOnlyCollection<DomainName>> ListAsync(int maximum, CancellationToken cancellation)
    {
        bool isHere = _secondaries is null || _folder.IsHere;
        if (_statistics is null)
            return isHere ? _folder.Zones(maximum) : [];
        List<DomainName> zones = await _statistics.ZonesAsync(maximum, withSecondaries: _secondaries is not null, cancellation);
        if (zones.Count > maximum)
            return zones;
        HashSet<DomainName> ours = isHere ? [.. _folder.Zones(int.MaxValue - 1)] : [];
        List<DomainName> found = [.. zones.Where(ours.Contains)];
        foreach (DomainName zone in zones.Where(zone => !ours.Contains(zone)).Take(StrangersMax))
        {
            if (await MayBeOursAsync(zone, cancellation))
                found.Add(zone);
        }

        return found;
    }

    /// <summary>Of a zone that is not loaded, a secondary of named.conf for instance, named does not tell where it comes from.</summary>
    private async Task<bool> MayBeOursAsync(DomainName zone, CancellationToken cancellation)
    {
        RndcReply status = await _named.StatusAsync(zone, cancellation);
        return status.Verdict == RndcVerdict.Done || _secondaries is null
            ? !new NamedZoneStatus(status).IsStatic
            : await _secondaries.HasOurFileAsync(zone, cancellation);
    }

    /// <inheritdoc/>
    protected override string? ServerRun => _bootTime;

    /// <summary>The line "boot time: ..." of <c>rndc status</c>.</summary>
    private static string? BootTimeOf(string status) =>
        status.Split('\n').FirstOrDefault(line => line.StartsWith("boot time:", StringComparison.Ordinal))?.Trim();

    /// <inheritdoc/>
    protected override ValueTask CloseAsync()
    {
        _statistics?.Dispose();
        return _named.DisposeAsync();
    }

    /// <summary>What a zone has after it was added or found.</summary>
    private enum Presence
    {
        /// <summary>Our file.</summary>
        Loaded = 0,

        /// <summary>What it had, and our configuration.</summary>
        HasOlder = 1,

        /// <summary>The same, and a serial behind ours.</summary>
        HasNewer = 2,
    }

    /// <summary>Adds the zone; one that is there gets our configuration.</summary>
    private async Task<Presence> AddAsync(
        DomainName zone, ZoneFile file, ZoneContent content, bool mayTakeAway, CancellationToken cancellation)
    {
        RndcReply reply = await _named.AddAsync(zone, StanzaOf(zone, file), cancellation);
        if (reply.Verdict == RndcVerdict.AlreadyExists)
            return await AdoptAsync(zone, file, content, mayTakeAway, cancellation);
        // named does not have the zone, so nobody would ever ask to have this file removed.
        if (reply.Verdict != RndcVerdict.Done)
            await _folder.DeleteAsync(zone, NamedFiles.Companions);
        NoteAnswer(zone, reply);
        NamedControl.Ensure(reply, "addzone", zone);
        return Presence.Loaded;
    }

    private async Task<Presence> AdoptAsync(
        DomainName zone, ZoneFile file, ZoneContent content, bool mayTakeAway, CancellationToken cancellation)
    {
        NamedZoneStatus status = new(await _named.StatusAsync(zone, cancellation));
        bool isOurFile = status.IsPrimary && status.HasFile(file.Path);
        if (status.IsStatic)
        {
            // In named.conf. Added by us as well, the next start of named would fail on the doubled zone.
            if (isOurFile && !file.IsRaw)
                return Presence.HasOlder;
            // named does not read it, and the zone is not ours to take away together with it.
            if (!isOurFile)
                await _folder.DeleteAsync(zone, companionSuffixes: []);
            throw BackendException.Untouched(
                $"{zone} stands in named.conf with another file or type; take it out there, or give it the file {file.Path}");
        }

        string? shown = isOurFile ? await _named.ShownFormAsync(zone, file.Path, cancellation) : null;
        if (!isOurFile || ZoneStanza.IsRaw(shown) != file.IsRaw)
        {
            // modzone takes a new file into the configuration, but goes on with the old one until the next start.
            if (!mayTakeAway)
            {
                if (!isOurFile)
                    await _folder.DeleteAsync(zone, companionSuffixes: []);
                throw BackendException.Untouched(
                    $"named has {zone} from another file, or as another type; it takes {file.Path} only when the zone is taken away and "
                    + "added anew, which re-add = never does not allow");
            }

            RndcReply gone = await _named.DeleteAsync(zone, withFiles: false, cancellation);
            if (gone.Verdict != RndcVerdict.NoSuchZone)
                NamedControl.Ensure(gone, "delzone", zone);
            // The journal of a secondary leads to what it has transferred, not to our file.
            if (!status.IsPrimary)
                await _folder.DeleteCompanionsAsync(zone, NamedFiles.Journals);
            NamedControl.Ensure(await _named.AddAsync(zone, StanzaOf(zone, file), cancellation), "addzone", zone);
            return Presence.Loaded;
        }

        if (shown is null || !_forms.IsSame(FormOf(zone, file), shown))
            await ConfigureAsync(zone, file, cancellation);
        return status.Serial is { } served && SerialNumber.IsNewer(served, content.Serial) ? Presence.HasNewer : Presence.HasOlder;
    }

    /// <summary>Gives the zone our configuration in place. What named shows then is ours in its words.</summary>
    private async Task<string?> ConfigureAsync(DomainName zone, ZoneFile file, CancellationToken cancellation)
    {
        NamedControl.Ensure(await _named.ModifyAsync(zone, StanzaOf(zone, file), cancellation), "modzone", zone);
        string? shown = await _named.ShownFormAsync(zone, file.Path, cancellation);
        if (shown is not null)
            _forms.Learn(FormOf(zone, file), shown);
        return shown;
    }

    /// <summary>
    /// As long as named's words for a configuration are not known, what it shows otherwise may be the same. It is given it once then, to
    /// hear them; that zone is right from there on, and what was found is told all the same.
    /// </summary>
    protected override async Task<string?> SettingsDifferenceAsync(DomainName zone, CancellationToken cancellation)
    {
        string path = _folder.PathOf(zone);
        NamedZoneStatus status = new(await _named.StatusAsync(zone, cancellation));
        // What stands in named.conf is the operator's; another file an apply finds.
        if (status.IsStatic || !status.HasFile(path) || await _named.ShownFormAsync(zone, path, cancellation) is not { } shown)
            return null;
        if (_secondaries is not null)
            return await _secondaries.DifferenceAsync(zone, shown, cancellation);
        if (!status.IsPrimary)
            return "is transferred by named (style = secondary) instead of given to it";
        ZoneFile file = new(path, ZoneStanza.IsRaw(shown));
        string wanted = FormOf(zone, file);
        if (_forms.IsSame(wanted, shown) || (!_forms.Knows(wanted) && await ConfigureAsync(zone, file, cancellation) == shown))
            return null;
        return _forms.Difference(wanted, shown);
    }

    private string FormOf(DomainName zone, ZoneFile file) => ZoneStanza.Canonical(StanzaOf(zone, file), file.Path)!;

    private string StanzaOf(DomainName zone, ZoneFile file) => _stanzas.For(zone).Compose(file.Path, file.IsRaw);

    private static EndPoint ServerOf(string host) =>
        IPAddress.TryParse(host, out IPAddress? address) ? new IPEndPoint(address, DnsPort) : new DnsEndPoint(host, DnsPort);
}
