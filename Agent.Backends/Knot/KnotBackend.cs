using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Agent.Actors.Backends;
using Agent.Actors.Transfers;
using Agent.Actors.Kernel;
using Agent.Backends.Shared;
using Agent.Dns.Records;
using Agent.Dns.Transfers;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Backends.Knot;

// The way of an apply:
//
//   applied before --> write file --> reload -------------------------------------------------------------------> (done)
//        | no                           | no such zone
//        v                              v
//   conf-read: absent --> write file --> purge what an earlier zone of the name left --> conf-set ----------------> (done)
//        | there                                                                           | there after all: again
//        v
//   write file --> settings ours? --no--> conf-set the others (or, if its content came from elsewhere, unset and set)
//        |
//        |-- knotd has what the file before had --> reload --------------------------------------------------------> (done)
//        \-- it has something else, or this serial already --> purge its journal --> reload, and wait for its end -> (loaded)
//
// "done" means that knotd took it; only an observation proves that it serves it. The journal must go because knotd applies to a file
// that it reads whatever changes it has noted from the file's serial on: an edit made at the server would come back with every reload.

/// <summary>
/// Brings zones into Knot DNS as primaries with files, over its control socket; or as secondaries, see <see cref="KnotSecondaries"/>.
/// What was applied is remembered, so an update is one file and one command; when the same serial comes again, all is looked at anew.
/// </summary>
public sealed class KnotBackend : AsyncZoneBackend
{
    // They share the rounds of commands, the transactions and the waits for the disk.
    private const int ConcurrentOrders = 128;

    // A path in sockaddr_un, with its final NUL.
    private const int SocketPathMax = 107;

    private const string VersionMark = "Knot DNS ";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly BackendTraits Driver = new("knot", ConcurrentOrders, Patience)
    {
        Listing = ZoneListing.Whole,
        OrdersTogether = ConcurrentOrders,
        CanReAdd = true,
        Limits = new ZoneLimits { FileNameOctets = ZoneFileName.LengthMax },
    };

    private readonly KnotOptions _options;
    private readonly ZoneFolder _folder;
    private readonly ServerProbe _probe;
    private readonly KnotControl _knot;
    private readonly KnotSecondaries? _secondaries;
    private readonly ZonePatternMap<string> _templates;
    private readonly ConcurrentDictionary<DomainName, uint> _appliedSerials = new();
    private volatile string? _run;
    private volatile string? _version;

    /// <summary>Checks the settings; touches and connects to nothing yet.</summary>
    /// <exception cref="BackendOptionsException">A setting can never work.</exception>
    public KnotBackend(KnotOptions options, TimeProvider time)
        : base(Driver, OrderDeadlines.Default, time)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        if (options.Control.Length == 0 || options.Control.Any(char.IsControl))
            throw new BackendOptionsException("control", "the path of knotd's control socket is needed");
        if (Encoding.UTF8.GetByteCount(options.Control) > SocketPathMax)
            throw new BackendOptionsException("control", $"the path of a socket may have at most {SocketPathMax} octets");
        if (options.Template is { } template && !CanBeTemplate(template))
            throw new BackendOptionsException("template", "may not be empty or contain control characters");
        if (!options.Templates.All(static own => CanBeTemplate(own.Template)))
            throw new BackendOptionsException("templates", "may not be empty or contain control characters");
        _templates = new ZonePatternMap<string>(options.Templates);
        _folder = new ZoneFolder(options.ZoneDirectory, time, RdataTextStyle.Knot32, names: ZoneFileNames.Relative);
        if (_folder.FullPath.Any(char.IsControl))
            throw new BackendOptionsException("zone-directory", "may not contain control characters");
        _probe = new ServerProbe(options.Server, time);
        _knot = new KnotControl(options.Control, time);
        _secondaries = options.Secondary is { } source ? new KnotSecondaries(_knot, _folder, source) : null;
    }

    /// <inheritdoc/>
    protected override string? ServerRun => _run;

    /// <inheritdoc/>
    protected override Task ApplyAsync(DomainName zone, ZoneContent content, CancellationToken cancellation) =>
        ApplyAsync(new ApplyZone(0, zone, content), cancellation);

    /// <inheritdoc/>
    protected override async Task ApplyAsync(ApplyZone order, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(order);
        (DomainName zone, ZoneContent content) = (order.Zone, order.Content);
        // The same serial a second time: the first time did not do, so nothing is taken for granted.
        bool isKnown = _appliedSerials.TryGetValue(zone, out uint applied) && applied != content.Serial;
        bool isRepeat = !isKnown && _appliedSerials.ContainsKey(zone);
        if (_secondaries is not null)
        {
            bool goesBack = isKnown && SerialNumber.IsNewer(applied, content.Serial);
            if (!isKnown || !await _secondaries.FetchAsync(zone, mustTakeAll: goesBack, cancellation))
                await BringInSecondaryAsync(_secondaries, order, isRepeat, cancellation);
        }
        else if (!isKnown || !await UpdateAsync(zone, content, cancellation))
        {
            await BringInAsync(zone, content, isRepeat, order.MayTakeAway, cancellation);
        }

        _appliedSerials[zone] = content.Serial;
    }

    private static bool CanBeTemplate(string name) => name.Length > 0 && !name.Any(char.IsControl);

    private string? TemplateOf(DomainName zone) => _templates.TryFind(zone, out string? own) ? own : _options.Template;

    /// <summary>False when knotd no longer has the zone.</summary>
    private async Task<bool> UpdateAsync(DomainName zone, ZoneContent content, CancellationToken cancellation)
    {
        await _folder.WriteAsync(zone, content);
        KnotReply reply = await _knot.ReloadAsync(zone, cancellation);
        if (reply.Verdict == KnotVerdict.NoSuchZone)
            return false;
        KnotControl.Ensure(reply, "zone-reload", zone);
        return true;
    }

    private async Task BringInSecondaryAsync(
        KnotSecondaries secondaries, ApplyZone order, bool isRepeat, CancellationToken cancellation)
    {
        DomainName zone = order.Zone;
        KnotZoneSettings settings = secondaries.SettingsFor(zone, TemplateOf(zone));
        await secondaries.EnsureRemotesAsync(zone, cancellation);
        KnotReply found = await _knot.SettingsAsync(zone, cancellation);
        if (found.Error is null && settings.IsForeign(found))
        {
            EnsureMayTakeAway(zone, order.MayTakeAway);
            KnotControl.Ensure(await _knot.UnsetAsync(zone, cancellation), "conf-unset", zone);
            found = await _knot.SettingsAsync(zone, cancellation);
        }

        if (found.Verdict == KnotVerdict.NoSuchZone)
        {
            EnsureChangesStay(zone);
            await _folder.DeleteAsync(zone, companionSuffixes: []);
            if (await CreateAsync(zone, settings, cancellation))
                return;
            found = await _knot.SettingsAsync(zone, cancellation);
        }

        KnotControl.Ensure(found, "conf-read", zone);
        await secondaries.TakeOverAsync(zone, settings, found, order.Content.Serial, isRepeat, cancellation);
    }

    private async Task BringInAsync(
        DomainName zone, ZoneContent content, bool isRepeat, bool mayTakeAway, CancellationToken cancellation)
    {
        ZoneSighting before = _folder.Look(zone);
        KnotZoneSettings settings = new(_folder.PathOf(zone), TemplateOf(zone));
        KnotReply found = await _knot.SettingsAsync(zone, cancellation);
        if (found.Verdict == KnotVerdict.NoSuchZone)
        {
            EnsureChangesStay(zone);
            await _folder.WriteAsync(zone, content);
            if (await CreateAsync(zone, settings, cancellation))
                return;
            found = await _knot.SettingsAsync(zone, cancellation);
        }

        KnotControl.Ensure(found, "conf-read", zone);
        string name = KnotControl.NameOf(zone);
        bool isForeign = settings.IsForeign(found);
        bool wasSecondary = KnotZoneSettings.MastersOf(found).Count > 0;
        IReadOnlyList<KnotUnit> change = settings.Change(name, found);
        if (isForeign || wasSecondary || change.Count > 0)
            EnsureChangesStay(zone);
        if (isForeign)
            EnsureMayTakeAway(zone, mayTakeAway);
        uint? served = KnotControl.SerialOf(await _knot.SerialAsync(zone, cancellation));
        if (wasSecondary && !isForeign)
        {
            // Before there is a file of ours that knotd could write over.
            KnotControl.Ensure(await _knot.UnsetAsync(KnotZoneSettings.Masters(name), cancellation), "conf-unset", zone);
            KnotControl.Ensure(await _knot.SetAsync(change, cancellation), "conf-set", zone);
            change = [];
        }

        await _folder.WriteAsync(zone, content);
        if (isForeign)
        {
            KnotControl.Ensure(await _knot.UnsetAsync(zone, cancellation), "conf-unset", zone);
            if (await CreateAsync(zone, settings, cancellation))
                return;
        }
        else if (change.Count > 0)
        {
            KnotControl.Ensure(await _knot.SetAsync(change, cancellation), "conf-set", zone);
        }

        bool isInStep = before.Observation == Observation.Present && before.Serial == served && served != content.Serial;
        if (isInStep && !isRepeat && !wasSecondary)
        {
            KnotControl.Ensure(await _knot.ReloadAsync(zone, cancellation), "zone-reload", zone);
            return;
        }

        await _knot.PurgeJournalAsync(zone, cancellation);
        KnotControl.Ensure(await _knot.ReloadAndWaitAsync(zone, cancellation), "zone-reload", zone);
    }

    /// <summary>False when the zone is there after all.</summary>
    private async Task<bool> CreateAsync(DomainName zone, KnotZoneSettings settings, CancellationToken cancellation)
    {
        await PurgeOrphanAsync(zone, cancellation);
        KnotReply reply = await _knot.SetAsync(settings.Creation(KnotControl.NameOf(zone)), cancellation);
        if (reply.Verdict == KnotVerdict.AlreadyExists)
            return false;
        // knotd does not have the zone, so nobody would ever ask to have this file removed.
        if (reply.Error is not null)
            await _folder.DeleteAsync(zone, companionSuffixes: []);
        KnotControl.Ensure(reply, "conf-set", zone);
        return true;
    }

    /// <inheritdoc/>
    protected override async Task RemoveAsync(DomainName zone, CancellationToken cancellation)
    {
        KnotReply found = await _knot.SettingsAsync(zone, cancellation);
        if (found.Verdict != KnotVerdict.NoSuchZone)
        {
            EnsureChangesStay(zone);
            KnotReply reply = await _knot.UnsetAsync(zone, cancellation);
            if (reply.Verdict != KnotVerdict.NoSuchZone)
                KnotControl.Ensure(reply, "conf-unset", zone);
        }

        await PurgeOrphanAsync(zone, cancellation);
        _appliedSerials.TryRemove(zone, out uint _);
        await _folder.DeleteAsync(zone, companionSuffixes: []);
        if (KnotZoneSettings.FileGiven(found) is { } former && FormerFile.IsPossible(former, _folder, zone))
            FormerFile.Delete(former, companionSuffixes: []);
    }

    /// <inheritdoc/>
    protected override async Task<ZoneSighting> ObserveAsync(DomainName zone, CancellationToken cancellation)
    {
        ServerFinding finding = await _probe.AskAsync(zone, cancellation);
        // REFUSED may be an access list speaking; knotd itself knows better.
        bool isRefused = finding.Answer is { Cause: SoaAnswerCause.ErrorCodeOfAbsence, ResponseCode: ResponseCode.Refused };
        bool isUnfetched = _secondaries is not null && finding.Answer?.ResponseCode == ResponseCode.ServFail;
        if (!isRefused && !isUnfetched)
            return WithExpectation(zone, ZoneSighting.From(finding));
        KnotReply status = await _knot.SerialAsync(zone, cancellation);
        if (status.Verdict == KnotVerdict.NoSuchZone)
            return ZoneSighting.Absent;
        if (_secondaries is not null && KnotControl.SerialOf(status) is null && _appliedSerials.TryGetValue(zone, out uint wanted))
            return ZoneSighting.CannotTell($"{_secondaries.NotFetched(zone, wanted)} ({finding.Text})") with { Nsid = finding.Nsid };
        return ZoneSighting.CannotTell(KnotControl.SerialOf(status) is { } serial
            ? $"knotd has {zone} with serial {serial}, but {finding.Text} to this machine: see its modules"
            : $"knotd has {zone} but has not loaded it: {status.Error ?? "its log says why"}") with { Nsid = finding.Nsid };
    }

    /// <summary>knotd answers before it reads the file or fetches the zone. If it keeps the old version, no more can be said.</summary>
    private ZoneSighting WithExpectation(DomainName zone, ZoneSighting seen) =>
        seen.Observation == Observation.Present && _appliedSerials.TryGetValue(zone, out uint applied) && applied != seen.Serial
            ? seen.NotAsGiven(
                _secondaries?.NotFetched(zone, applied)
                ?? $"knotd has not loaded serial {applied} from {_folder.PathOf(zone)}; unless it is busy with that, its log says why")
            : seen;

    /// <inheritdoc/>
    protected override async Task<string?> SettingsDifferenceAsync(DomainName zone, CancellationToken cancellation)
    {
        KnotReply found = await _knot.SettingsAsync(zone, cancellation);
        if (found.Verdict == KnotVerdict.NoSuchZone)
            return null;
        KnotControl.Ensure(found, "conf-read", zone);
        KnotZoneSettings settings = _secondaries?.SettingsFor(zone, TemplateOf(zone)) ?? new(_folder.PathOf(zone), TemplateOf(zone));
        return settings.Difference(found);
    }

    /// <inheritdoc/>
    protected override async Task ProbeAsync(CancellationToken cancellation)
    {
        string? run = RunOf(_options.Control);
        KnotReply reply = await _knot.VersionAsync(cancellation);
        if (reply.Error is { } words)
            throw BackendException.Away($"knotd does not give its status: {words}");
        _run = run;
        _version = reply.Units.Select(unit => unit[KnotItem.Data]).FirstOrDefault(text => text is not null)?.Split(' ')[^1];
        _folder.Check();
    }

    /// <inheritdoc/>
    protected override async Task<ControlledServer?> ControlledAsync(CancellationToken cancellation)
    {
        KnotReply settings = await _knot.ServerSettingsAsync(cancellation);
        string? software = _version is null ? null : VersionMark + _version;
        return new ControlledServer(software)
        {
            VersionByDns = software,
            VersionMark = VersionMark,
            Identity = Setting(settings, "identity"),
            Nsid = Setting(settings, "nsid") is { } nsid && !nsid.StartsWith("0x", StringComparison.Ordinal) ? nsid : null,
        };
    }

    /// <summary>What the configuration says; null for what knotd chooses, and of what it does not tell.</summary>
    private static string? Setting(KnotReply settings, string item)
    {
        string? said = settings.Units.FirstOrDefault(unit => unit[KnotItem.Item] == item)?[KnotItem.Data];
        return string.IsNullOrEmpty(said) ? null : said;
    }

    /// <summary>All zones of knotd's configuration, from whomever; the members of a catalog stand elsewhere.</summary>
    protected override async Task<IReadOnlyCollection<DomainName>> ListAsync(int maximum, CancellationToken cancellation)
    {
        KnotReply reply = await _knot.NamesAsync(maximum, cancellation);
        if (reply.Error is { } words)
            throw BackendException.Refused($"knotd refused conf-read: {words}");
        List<DomainName> zones = [];
        foreach (KnotUnit unit in reply.Units)
        {
            if (DomainName.TryParse(unit[KnotItem.Data] ?? "", out DomainName? zone))
                zones.Add(zone);
        }

        return zones;
    }

    /// <inheritdoc/>
    protected override ValueTask CloseAsync() => _knot.DisposeAsync();

    private async Task PurgeOrphanAsync(DomainName zone, CancellationToken cancellation)
    {
        KnotControl.Ensure(await _knot.PurgeOrphanAsync(zone, cancellation), "zone-purge", zone);
        FaultPoint.Pass("knot.purged");
    }

    private static void EnsureMayTakeAway(DomainName zone, bool mayTakeAway)
    {
        if (!mayTakeAway)
        {
            throw BackendException.Refused(
                $"knotd has the content of {zone} from elsewhere; it is ours only when it is taken away and set anew, which "
                + "re-add = never does not allow");
        }
    }

    private void EnsureChangesStay(DomainName zone)
    {
        if (_knot.TextFile is { } file)
        {
            throw BackendException.Refused(
                $"knotd runs from the text file {file}, so what is changed by control ({zone}) would be lost at its next start or reload; "
                + "bring the file into a database with knotc conf-import, and start knotd with -C");
        }
    }

    /// <summary>knotd makes its socket anew at every start, and leaves it alone until the next.</summary>
    private static string? RunOf(string control)
    {
        FileInfo socket = new(control);
        return socket.Exists ? socket.LastWriteTimeUtc.Ticks.ToString(CultureInfo.InvariantCulture) : null;
    }
}
