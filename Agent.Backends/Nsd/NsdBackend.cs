using System.Collections.Concurrent;
using System.Net;
using Agent.Actors.Backends;
using Agent.Actors.Transfers;
using Agent.Backends.Shared;
using Agent.Dns.Records;
using Agent.Dns.Transfers;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Backends.Nsd;

// The way of an apply:
//
//   known, another serial --> write file --> reload --------------------------------------------------------------------> (taken)
//                                             \ "not configured"
//                                              v
//   not known, no file there --> write file --> addzones --"already exists"--> zonestatus
//                                             \ added ------------------------------------------------------------------> (taken)
//   not known, or the same serial again --> zonestatus:
//       in nsd.conf --> refused
//       nothing --> write file --> addzones
//       another pattern, or the same serial again --> write file --> changezone ----------------------------------------> (taken)
//       our pattern --> write file --> reload --------------------------------------------------------------------------> (taken)
//
//   (taken): nsd has put it on the list of its next reload. A large zone is waited for; the first zone that this process adds too, because
//   it shows whether the pattern names the file that was written.

/// <summary>
/// Brings zones into NSD as primaries with files, over its control channel; or as secondaries, see <see cref="NsdSecondaries"/>. nsd
/// answers before it does anything, and what it says of a zone afterwards is its configuration, not its data: only an observation by DNS
/// proves that a zone is served.
/// </summary>
/// <remarks>
/// nsd can lose a task of a reload (a zone that its configuration has and its data have not), and can stay at the version before. Neither
/// comes right by itself or by reload. So an order for a serial that was ordered before goes by changezone, which makes all of it anew in
/// one reload.
/// </remarks>
public sealed class NsdBackend : AsyncZoneBackend
{
    // So that many small zones share calls of addzones, their files the waits for the disk, and above all the reloads: each costs nsd as
    // much as a hundred zones, and more the more zones it has.
    private const int ConcurrentOrders = 1024;

    // With fewer zones under way each is told by itself and asked for by itself, at once.
    private const int CrowdMin = 8;
    private const int DnsPort = 53;
    private const double SecondsPerRecord = 20e-6;
    private const string VersionMark = "NSD ";

    // What nsd puts beside a zone's file when the pattern says store-ixfr; five versions unless ixfr-number says otherwise.
    private static readonly string[] CompanionSuffixes = [".ixfr", ".ixfr.2", ".ixfr.3", ".ixfr.4", ".ixfr.5"];

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly Version FirstToCount = new(4, 6, 0);
    private static readonly TimeSpan PatienceWithTransfer = TimeSpan.FromSeconds(30);

    // So long after an order nobody has to ask the control channel why the zone is not served yet.
    private static readonly TimeSpan TimeToCome = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan FirstLook = TimeSpan.FromMilliseconds(2);
    private static readonly TimeSpan SlowestLook = TimeSpan.FromMilliseconds(100);

    private readonly NsdOptions _options;
    private readonly ZoneFolder _folder;
    private readonly ServerProbe _probe;
    private readonly AnswerCount _answers;
    private readonly NsdControl _nsd;
    private readonly NsdSecondaries? _secondaries;
    private readonly NsdReloads _reloads;
    private readonly ConcurrentDictionary<DomainName, Given> _given = new();
    private readonly RecentRemovals _removals;
    private readonly ZonePatternMap<string> _patterns;
    private readonly ConcurrentDictionary<string, bool> _provenPatterns = new(StringComparer.Ordinal);
    private volatile string? _run;
    private volatile string _version = "";

    /// <summary>Checks the settings; touches and connects to nothing yet.</summary>
    /// <exception cref="BackendOptionsException">A setting can never work.</exception>
    public NsdBackend(NsdOptions options, TimeProvider time)
        : base(TraitsOf(options), OrderDeadlines.Default, time)
    {
        ArgumentNullException.ThrowIfNull(options);
        // A word of a command line: nsd takes what follows the last space for the pattern.
        if (!CanBePattern(options.Pattern))
            throw new BackendOptionsException("pattern", "a name without spaces is needed, as a pattern of nsd.conf has it");
        if (!options.Templates.All(static own => CanBePattern(own.Pattern)))
            throw new BackendOptionsException("templates", "names without spaces are needed, as patterns of nsd.conf have them");
        _patterns = new ZonePatternMap<string>(options.Templates);
        if (options.Control is NsdControlPlace.LocalSocket { Path: var path } && !LocalPath.IsPossible(path))
            throw new BackendOptionsException("control", $"'{path}' cannot be the path of a unix socket");
        _options = options;
        _removals = new RecentRemovals(time);
        _folder = new ZoneFolder(options.ZoneDirectory, time, RdataTextStyle.Nsd46, names: ZoneFileNames.Relative);
        EndPoint server = options.Server ?? ServerOf(options.Control);
        _probe = new ServerProbe(server, time);
        _answers = new AnswerCount(server, time);
        _nsd = new NsdControl(options.Control, time, isCrowded: () => IsCrowded);
        _reloads = new NsdReloads(_probe, time);
        _secondaries = options.IsSecondary ? new NsdSecondaries(_nsd, _folder, time) : null;
    }

    private static BackendTraits TraitsOf(NsdOptions options) =>
        new("nsd", ConcurrentOrders, options is { IsSecondary: true } ? PatienceWithTransfer : Patience)
        {
            Listing = ZoneListing.Whole,
            OrdersTogether = ConcurrentOrders,
            CanReAdd = true,
            Limits = new ZoneLimits { FileNameOctets = ZoneFileName.LengthMax },
        };

    /// <inheritdoc/>
    protected override async Task ApplyAsync(DomainName zone, ZoneContent content, CancellationToken cancellation)
    {
        if (!NsdZoneName.TryCreate(zone, out string? name))
            throw BackendException.NameNotAcceptable(NsdZoneName.Objection(zone));
        string path = _folder.PathOf(zone);
        _removals.Forget(zone);
        if (NsdContentRules.Objection(content) is { } objection)
            throw BackendException.CannotHold($"nsd loads no zone with {objection} (zone {zone}, serial {content.Serial})");
        bool wasApplied = _given.TryGetValue(zone, out Given given);
        uint applied = given.Serial;
        bool isRepeated = wasApplied && applied == content.Serial;
        bool isKnown = wasApplied && !isRepeated;
        if (_secondaries is not null)
        {
            await _secondaries.ApplyAsync(
                zone, name, PatternOf(zone), content.Serial, isKnown ? applied : null, isRepeated, cancellation);
            Note(zone, content.Serial);
            return;
        }

        bool isAdded = false;
        if (isKnown || (!isRepeated && !File.Exists(path)))
        {
            await _folder.WriteAsync(zone, content);
            if (!isKnown || !await ReloadAsync(zone, name, cancellation))
                isAdded = await AddAsync(zone, name, cancellation);
        }
        else
        {
            isAdded = await RenewAsync(zone, name, content, isRepeated, cancellation);
        }

        Note(zone, content.Serial);
        string pattern = PatternOf(zone);
        bool isFirst = isAdded && !_provenPatterns.ContainsKey(pattern);
        if (isFirst && await _nsd.StatusAsync(name, cancellation) is { IsPrimary: false })
            await UndoAsync(zone, name, $"its pattern {pattern} has request-xfr, so it would come from elsewhere", cancellation);
        if (isFirst || content.ByteCount >= _options.LargeZoneBytes)
            await LoadedAsync(zone, name, content, isFirst, cancellation);
        else if (IsCrowded)
            await _reloads.PassedAsync(zone, content.Serial, cancellation);
    }

    /// <inheritdoc/>
    protected override async Task RemoveAsync(DomainName zone, CancellationToken cancellation)
    {
        // Such a zone never came here.
        if (!NsdZoneName.TryCreate(zone, out string? name))
            return;
        NsdReply reply = await _nsd.DeleteAsync(name, cancellation);
        if (reply.IsStatic)
            throw Static(zone);
        if (!reply.IsDone && !reply.IsNoSuchZone)
            throw BackendException.Refused($"nsd refused delzones: {reply.Text} (zone {zone})");
        _given.TryRemove(zone, out Given _);
        if (_secondaries is null || _folder.IsHere)
            await _folder.DeleteAsync(zone, CompanionsOf(zone));
        _removals.Note(zone);
        if (IsCrowded)
            await _reloads.PassedAsync(zone, serial: null, cancellation);
    }

    /// <inheritdoc/>
    protected override async Task<ZoneSighting> ObserveAsync(DomainName zone, CancellationToken cancellation)
    {
        ServerFinding finding = await _probe.AskAsync(zone, cancellation);
        ZoneSighting seen = ZoneSighting.From(finding);
        if (seen.Observation == Observation.Present)
        {
            if (!_given.TryGetValue(zone, out Given present))
                return seen;
            if (present.Serial != seen.Serial)
                return seen.NotAsGiven(NotLoaded(zone, present.Serial));
            _provenPatterns.TryAdd(PatternOf(zone), true);
            return seen;
        }

        // What nsd said of its configuration when we took the zone away is what it would say now.
        if (_removals.Take(zone))
            return seen;
        // REFUSED is also what an access list says, and a server that has not come to its new zones yet.
        bool isDoubtful = finding.Answer?.ResponseCode is ResponseCode.Refused or ResponseCode.ServFail;
        if (!isDoubtful || !NsdZoneName.TryCreate(zone, out string? name))
            return seen;
        bool wasGiven = _given.TryGetValue(zone, out Given given);
        if (_secondaries is null && wasGiven && Time.GetElapsedTime(given.At) < TimeToCome)
            return ZoneSighting.CannotTell($"nsd was told of {zone} just now: {finding.Text}") with { Nsid = finding.Nsid };
        if (await _nsd.StatusAsync(name, cancellation) is null)
            return seen;
        if (_secondaries is not null && wasGiven)
            return ZoneSighting.CannotTell($"{NotLoaded(zone, given.Serial)} ({finding.Text})");
        return ZoneSighting.CannotTell(finding.Answer?.ResponseCode == ResponseCode.ServFail
            ? $"nsd has {zone} but has not loaded it from {_folder.PathOf(zone)}; its log says why"
            : $"nsd has {zone} in its configuration but {finding.Text}: it has not come to it yet, or its allow-query excludes us")
            with { Nsid = finding.Nsid };
    }

    /// <inheritdoc/>
    protected override async Task<string?> SettingsDifferenceAsync(DomainName zone, CancellationToken cancellation) =>
        NsdZoneName.TryCreate(zone, out string? name)
            && (await _nsd.StatusAsync(name, cancellation))?.Pattern is { } pattern && pattern != PatternOf(zone)
            ? $"has the pattern {pattern} instead of {PatternOf(zone)}"
            : null;

    /// <inheritdoc/>
    protected override async Task ProbeAsync(CancellationToken cancellation)
    {
        _version = await _nsd.VersionAsync(cancellation);
        _run = _options.Control is NsdControlPlace.LocalSocket local ? LocalPath.MadeAt(local.Path) : null;
        if (_secondaries is null || _folder.IsHere)
            _folder.Check();
    }

    /// <inheritdoc/>
    protected override async Task<ControlledServer?> ControlledAsync(CancellationToken cancellation) =>
        new(VersionMark + _version)
        {
            VersionByDns = VersionMark + _version,
            VersionMark = VersionMark,
            Contradiction = CountsWithoutReload(_version)
                ? await _answers.ContradictionAsync(_nsd.TextQuestionsAsync, cancellation)
                : null,
        };

    /// <summary>Earlier releases begin a reload to count.</summary>
    private static bool CountsWithoutReload(string version) => Version.TryParse(version, out Version? known) && known >= FirstToCount;

    /// <inheritdoc/>
    protected override async Task<IReadOnlyCollection<DomainName>> ListAsync(int maximum, CancellationToken cancellation) =>
        await _nsd.ZonesAsync(maximum, withSecondaries: _secondaries is not null, cancellation);

    /// <inheritdoc/>
    protected override string? ServerRun => _run;

    /// <inheritdoc/>
    protected override ValueTask CloseAsync()
    {
        _nsd.Dispose();
        return _answers.DisposeAsync();
    }

    /// <summary>False when nsd does not have the zone.</summary>
    private async Task<bool> ReloadAsync(DomainName zone, string name, CancellationToken cancellation)
    {
        NsdReply reply = await _nsd.ReloadAsync(name, cancellation);
        return reply.IsDone || (reply.IsNoSuchZone
            ? false
            : throw BackendException.Refused($"nsd refused reload: {reply.Text} (zone {zone})"));
    }

    /// <summary>Adds the zone, or takes over the one that is there; true when it was added.</summary>
    private async Task<bool> AddAsync(DomainName zone, string name, CancellationToken cancellation)
    {
        NsdReply reply = await _nsd.AddAsync(name, PatternOf(zone), cancellation);
        if (reply is { IsDone: true, AlreadyExists: false })
            return true;
        NsdZoneStatus? status = reply.IsDone ? await _nsd.StatusAsync(name, cancellation) : null;
        if (status?.Pattern is not null)
        {
            await TakeOverAsync(zone, name, status, mustRenew: false, cancellation);
            return false;
        }

        // The file is ours and of no use: nobody would ever ask to have it removed.
        await _folder.DeleteAsync(zone, CompanionsOf(zone));
        throw status is not null ? Static(zone)
            : reply.IsDone ? BackendException.Away($"{zone} was taken from nsd by somebody else")
            : BackendException.Refused($"nsd refused addzones: {reply.Text} (zone {zone})");
    }

    /// <summary>Looks before it writes: a file that is there may be that of a zone of nsd.conf. True when the zone was added.</summary>
    private async Task<bool> RenewAsync(DomainName zone, string name, ZoneContent content, bool mustRenew, CancellationToken cancellation)
    {
        NsdZoneStatus? status = await _nsd.StatusAsync(name, cancellation);
        if (status is { Pattern: null })
            throw Static(zone);
        await _folder.WriteAsync(zone, content);
        if (status is null)
            return await AddAsync(zone, name, cancellation);
        await TakeOverAsync(zone, name, status, mustRenew, cancellation);
        return false;
    }

    private async Task TakeOverAsync(DomainName zone, string name, NsdZoneStatus status, bool mustRenew, CancellationToken cancellation)
    {
        string pattern = PatternOf(zone);
        bool isOurs = status.Pattern == pattern && !mustRenew;
        NsdReply reply = isOurs ? await _nsd.ReloadAsync(name, cancellation) : await _nsd.ChangeAsync(name, pattern, cancellation);
        if (!reply.IsDone)
            throw BackendException.Refused($"nsd refused {(isOurs ? "reload" : "changezone")}: {reply.Text} (zone {zone})");
    }

    /// <summary>Waits until nsd serves the content, for a time that allows for its size.</summary>
    /// <exception cref="BackendException">The first zone ever added is there without data: the pattern names another file.</exception>
    private async Task LoadedAsync(DomainName zone, string name, ZoneContent content, bool isFirst, CancellationToken cancellation)
    {
        TimeSpan patience = _options.LoadPatience + TimeSpan.FromSeconds(content.RecordCount * SecondsPerRecord);
        bool isLarge = content.ByteCount >= _options.LargeZoneBytes;
        string pattern = PatternOf(zone);
        long started = Time.GetTimestamp();
        TimeSpan pause = FirstLook;
        while (isLarge || !_provenPatterns.ContainsKey(pattern))
        {
            ServerFinding finding = await _probe.AskAsync(zone, cancellation);
            if (finding is { Kind: SoaAnswerKind.Authoritative, Answer.Serial: var serial } && serial == content.Serial)
            {
                _provenPatterns.TryAdd(pattern, true);
                return;
            }

            if (Time.GetElapsedTime(started) > patience)
            {
                if (isFirst && !_provenPatterns.ContainsKey(pattern) && finding.Answer?.ResponseCode == ResponseCode.ServFail)
                {
                    string path = _folder.PathOf(zone);
                    await UndoAsync(
                        zone,
                        name,
                        $"it did not load {path}: the zonefile of its pattern {pattern} must be {_folder.FullPath}/%s.zone, "
                            + "and nsd must be able to read there; its log says which file it wanted and what it found",
                        cancellation);
                }

                return;
            }

            await Task.Delay(pause, Time, cancellation);
            pause = pause * 2 < SlowestLook ? pause * 2 : SlowestLook;
        }
    }

    /// <summary>Takes a zone away again that was added and will never be served as it should.</summary>
    private async Task UndoAsync(DomainName zone, string name, string problem, CancellationToken cancellation)
    {
        await _nsd.DeleteAsync(name, cancellation);
        _given.TryRemove(zone, out Given _);
        await _folder.DeleteAsync(zone, CompanionsOf(zone));
        throw BackendException.Refused($"nsd took {zone}, but {problem}");
    }

    private static bool CanBePattern(string name) =>
        name.Length is > 0 and <= 200 && name.All(static character => character is > ' ' and <= '~');

    /// <summary>Those that are there: nsd numbers them without a gap.</summary>
    private IEnumerable<string> CompanionsOf(DomainName zone) =>
        CompanionSuffixes.TakeWhile(suffix => File.Exists(_folder.PathOf(zone) + suffix));

    private bool IsCrowded => OrdersUnderWay >= CrowdMin;

    private void Note(DomainName zone, uint serial) => _given[zone] = new Given(serial, Time.GetTimestamp());

    private string PatternOf(DomainName zone) => _patterns.TryFind(zone, out string? own) ? own : _options.Pattern;

    private string NotLoaded(DomainName zone, uint applied) => _secondaries is not null
        ? NsdSecondaries.NotFetched(zone, applied, PatternOf(zone))
        : $"nsd has not loaded serial {applied} from {_folder.PathOf(zone)}; unless it is busy with that, its log says why";

    private static BackendException Static(DomainName zone) =>
        BackendException.Refused($"{zone} stands in nsd.conf; take it out there");

    private static EndPoint ServerOf(NsdControlPlace control) => control is not NsdControlPlace.Tls tls
        ? new IPEndPoint(IPAddress.Loopback, DnsPort)
        : IPAddress.TryParse(tls.Host, out IPAddress? address) ? new IPEndPoint(address, DnsPort) : new DnsEndPoint(tls.Host, DnsPort);

    /// <summary>What nsd was told last of a zone, and when.</summary>
    private readonly record struct Given(uint Serial, long At);
}
