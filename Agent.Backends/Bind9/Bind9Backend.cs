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
//   write file -> known to be there? --yes--> reload --"up-to-date" at another serial: move the file's time on, reload--> (done)
//                   |  ^                        |  \------------------------------------------------------------------> (done)
//                   no |                        "no matching zone"
//                   v  \------------------------/
//                 addzone --------------------------------------------------------------------------------------------> (done)
//                   | already exists
//                   v
//                 zonestatus: in named.conf --> refused
//                           | another file: delzone, addzone --------------------------------------------------------> (done)
//                           | our file: showzone, modzone if it differs, reload --------------------------------------> (done)
//
// "done" means that named took it; only an observation proves that it serves it.

/// <summary>
/// Brings zones into BIND's named as primaries with files, over its control channel.
/// What was applied is remembered, so an update is one file and one command; when the same serial comes again, all is looked at anew.
/// </summary>
/// <remarks>
/// Zones go by plain <c>delzone</c>, not <c>delzone -clean</c>: named removes files some time after its answer, and would hit the new
/// file of a
/// zone that is created again at once. We remove the files ourselves.
/// </remarks>
public sealed class Bind9Backend : AsyncZoneBackend
{
    private const int ConcurrentOrders = 4;
    private const int DnsPort = 53;
    private const int AcceptedFormsMax = 16;

    // named adds no zone whose journal would have too long a name.
    private const string JournalSuffix = ".jnl";

    // What named may put beside a zone's file: journals and signed forms.
    private static readonly string[] CompanionSuffixes = [JournalSuffix, ".jbk", ".signed", ".signed.jnl"];

    // A million records take named some seconds to load.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly Bind9Options _options;
    private readonly RndcKey? _fixedKey;
    private readonly ZoneFolder _folder;
    private readonly ZoneStanza _stanza;
    private readonly ServerProbe _probe;
    private readonly RndcClient _rndc;
    private readonly string _scope;
    private volatile string? _bootTime;
    private readonly ConcurrentDictionary<ulong, uint> _appliedSerials = new();
    private readonly ConcurrentDictionary<string, bool> _acceptedForms = new(StringComparer.Ordinal);

    /// <summary>Checks the settings; touches and connects to nothing yet.</summary>
    /// <exception cref="BackendOptionsException">A setting can never work.</exception>
    public Bind9Backend(Bind9Options options, TimeProvider time)
        : base(new BackendTraits("bind9", ConcurrentOrders, Patience), OrderDeadlines.Default, time)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _folder = new ZoneFolder(options.ZoneDirectory, time, RdataTextStyle.Bind918, JournalSuffix.Length);
        if (_folder.FullPath.Any(character => character is '"' or '\\' || char.IsControl(character)))
            throw new BackendOptionsException("zone-directory", "may not contain quotes, backslashes or control characters");
        if (options.View?.All(character => char.IsAsciiLetterOrDigit(character) || character is '-' or '_' or '.') == false)
            throw new BackendOptionsException("view", "may consist of letters, digits, '-', '_' and '.' only");
        _scope = options.View is null ? "IN" : $"IN {options.View}";
        _stanza = new ZoneStanza(options.ZoneOptions);
        _fixedKey = FixedKey(options);
        _probe = new ServerProbe(options.Server ?? ServerOf(options.Host), time);
        _rndc = new RndcClient(Endpoint, time);
    }

    /// <inheritdoc/>
    protected override async Task ApplyAsync(DomainName zone, ZoneContent content, CancellationToken cancellation)
    {
        string path = _folder.Write(zone, content);
        // The same serial a second time: the first time did not do, so nothing is taken for granted.
        bool isKnown = _appliedSerials.TryGetValue(zone.StableHash, out uint applied) && applied != content.Serial;
        if (isKnown || !await AddAsync(zone, path, cancellation))
            await LoadAsync(zone, path, content, cancellation);
        _appliedSerials[zone.StableHash] = content.Serial;
    }

    private async Task LoadAsync(DomainName zone, string path, ZoneContent content, CancellationToken cancellation)
    {
        RndcReply reply = await ReloadAsync(zone, cancellation);
        if (reply.Verdict == RndcVerdict.NoSuchZone)
        {
            // Taken away behind our back, or by a restart that lost it.
            if (await AddAsync(zone, path, cancellation))
                return;
            reply = await ReloadAsync(zone, cancellation);
        }

        Ensure(reply, "reload", zone);
        if (!reply.Text.Contains("up-to-date", StringComparison.Ordinal))
            return;
        if (new NamedZoneStatus(await StatusAsync(zone, cancellation)).Serial == content.Serial)
            return;
        _folder.Touch(zone);
        Ensure(await ReloadAsync(zone, cancellation), "reload", zone);
    }

    /// <inheritdoc/>
    protected override async Task RemoveAsync(DomainName zone, CancellationToken cancellation)
    {
        RndcReply found = await StatusAsync(zone, cancellation);
        // It would be gone until the next start only, and a zone of the same name added by us would keep named from starting at all.
        if (new NamedZoneStatus(found).IsStatic)
            throw BackendException.Refused($"{zone} stands in named.conf; take it out there");
        if (found.Verdict != RndcVerdict.NoSuchZone)
        {
            RndcReply reply = await DeleteAsync(zone, cancellation);
            if (reply.Verdict != RndcVerdict.NoSuchZone)
                Ensure(reply, "delzone", zone);
        }

        _appliedSerials.TryRemove(zone.StableHash, out uint _);
        _folder.Delete(zone, CompanionSuffixes);
    }

    /// <inheritdoc/>
    protected override async Task<ZoneSighting> ObserveAsync(DomainName zone, CancellationToken cancellation)
    {
        ServerFinding finding = await _probe.AskAsync(zone, cancellation);
        // With views the answer may come from another one; and REFUSED may be an access list speaking. named itself knows better.
        bool needsSecondOpinion = _options.View is not null
            ? finding.Answer is not null
            : finding.Answer is { Cause: SoaAnswerCause.ErrorCodeOfAbsence, ResponseCode: ResponseCode.Refused };
        if (!needsSecondOpinion)
            return ZoneSighting.From(finding);
        RndcReply status = await StatusAsync(zone, cancellation);
        if (status.Verdict == RndcVerdict.NoSuchZone)
            return ZoneSighting.Absent;
        if (status.Verdict != RndcVerdict.Done || new NamedZoneStatus(status).Serial is not { } serial)
            return ZoneSighting.CannotTell($"named has {zone} but has not loaded it: {status.Explanation}");
        return _options.View is not null
            ? ZoneSighting.Present(serial)
            : ZoneSighting.CannotTell($"named has {zone} with serial {serial}, but {finding.Text} to this machine: see its allow-query");
    }

    /// <inheritdoc/>
    protected override async Task ProbeAsync(CancellationToken cancellation)
    {
        RndcReply reply = await CallAsync("status", RndcLane.Questions, cancellation);
        if (reply.Verdict != RndcVerdict.Done)
            throw BackendException.Away($"named does not give its status: {reply.Explanation}");
        _bootTime = BootTimeOf(reply.Text);
        _folder.Check();
    }

    /// <inheritdoc/>
    protected override string? ServerRun => _bootTime;

    /// <summary>The line "boot time: ..." of <c>rndc status</c>.</summary>
    private static string? BootTimeOf(string status) =>
        status.Split('\n').FirstOrDefault(line => line.StartsWith("boot time:", StringComparison.Ordinal))?.Trim();

    /// <inheritdoc/>
    protected override ValueTask CloseAsync() => _rndc.DisposeAsync();

    /// <summary>Adds the zone. False when it was there already, now with our configuration, and is still to be loaded.</summary>
    private async Task<bool> AddAsync(DomainName zone, string path, CancellationToken cancellation)
    {
        RndcReply reply = await TryAddAsync(zone, path, cancellation);
        if (reply.Verdict == RndcVerdict.AlreadyExists)
            return await AdoptAsync(zone, path, cancellation);
        // named does not have the zone, so nobody would ever ask to have this file removed.
        if (reply.Verdict != RndcVerdict.Done)
            _folder.Delete(zone, CompanionSuffixes);
        Ensure(reply, "addzone", zone);
        return true;
    }

    private Task<RndcReply> TryAddAsync(DomainName zone, string path, CancellationToken cancellation) => CallAsync(
        $"addzone \"{ControlName.WithoutFinalDot(zone)}\" {_scope} {_stanza.Compose(path)}", RndcLane.Changes, cancellation);

    /// <summary>Gives a zone that is there our configuration. True when that loaded our file too.</summary>
    private async Task<bool> AdoptAsync(DomainName zone, string path, CancellationToken cancellation)
    {
        NamedZoneStatus status = new(await StatusAsync(zone, cancellation));
        bool isOurFile = status.IsPrimary && status.HasFile(path);
        if (status.IsStatic)
        {
            // In named.conf. Added by us as well, the next start of named would fail on the doubled zone.
            return isOurFile ? false : throw BackendException.Refused(
                $"{zone} stands in named.conf with another file or type; take it out there, or give it the file {path}");
        }

        if (!isOurFile)
        {
            // modzone takes a new file into the configuration, but goes on with the old one until the next start.
            Ensure(await DeleteAsync(zone, cancellation), "delzone", zone);
            Ensure(await TryAddAsync(zone, path, cancellation), "addzone", zone);
            return true;
        }

        if (await ShownFormAsync(zone, path, cancellation) is { } shown
            && (shown == ZoneStanza.Canonical(_stanza.Compose(path), path) || _acceptedForms.ContainsKey(shown)))
        {
            return false;
        }

        string command = $"modzone \"{ControlName.WithoutFinalDot(zone)}\" {_scope} {_stanza.Compose(path)}";
        Ensure(await CallAsync(command, RndcLane.Changes, cancellation), "modzone", zone);
        // named rewrites some statements ("1h" to "3600"): what it shows now is ours in its words, for every zone.
        if (await ShownFormAsync(zone, path, cancellation) is { } rewritten && _acceptedForms.Count < AcceptedFormsMax)
            _acceptedForms[rewritten] = true;
        return false;
    }

    private async Task<string?> ShownFormAsync(DomainName zone, string path, CancellationToken cancellation)
    {
        RndcReply reply = await CallAsync($"showzone {ControlName.WithoutFinalDot(zone)} {_scope}", RndcLane.Questions, cancellation);
        return reply.Verdict == RndcVerdict.Done ? ZoneStanza.Canonical(reply.Text, path) : null;
    }

    private Task<RndcReply> DeleteAsync(DomainName zone, CancellationToken cancellation) =>
        CallAsync($"delzone {ControlName.WithoutFinalDot(zone)} {_scope}", RndcLane.Changes, cancellation);

    private Task<RndcReply> ReloadAsync(DomainName zone, CancellationToken cancellation) =>
        CallAsync($"reload {ControlName.WithoutFinalDot(zone)} {_scope}", RndcLane.Changes, cancellation);

    private Task<RndcReply> StatusAsync(DomainName zone, CancellationToken cancellation) =>
        CallAsync($"zonestatus {ControlName.WithoutFinalDot(zone)} {_scope}", RndcLane.Questions, cancellation);

    private async Task<RndcReply> CallAsync(string command, RndcLane lane, CancellationToken cancellation)
    {
        try
        {
            return await _rndc.CallAsync(command, lane, cancellation);
        }
        catch (RndcException error)
        {
            throw BackendException.Away(error.Message, error);
        }
    }

    private static void Ensure(RndcReply reply, string command, DomainName zone)
    {
        if (reply.Verdict != RndcVerdict.Done)
            throw BackendException.Refused($"named refused {command}: {reply.Explanation} (zone {zone})");
    }

    private RndcEndpoint Endpoint() => new(_options.Host, _options.Port, _fixedKey ?? KeyFromFile());

    private RndcKey KeyFromFile()
    {
        string path = _options.KeyFile!;
        string? error;
        try
        {
            if (new FileInfo(path).Length > RndcKeyFile.SizeMax)
                error = "it is too large";
            else if (RndcKeyFile.TryParse(File.ReadAllText(path), _options.KeyName, out RndcKey? key, out error))
                return key;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            error = failure.Message;
        }

        throw BackendException.Away($"cannot take the control key from {path}: {error}");
    }

    private static RndcKey? FixedKey(Bind9Options options)
    {
        if (options.KeySecret is null)
        {
            return options.KeyFile is not null
                ? null
                : throw new BackendOptionsException("key-file", "a control key is needed: key-file, or key-algorithm and key-secret");
        }

        string name = options.KeyName ?? "rndc-key";
        return RndcKey.TryCreate(name, options.KeyAlgorithm, options.KeySecret, out RndcKey? key, out string? error)
            ? key
            : throw new BackendOptionsException("key-secret", error);
    }

    private static EndPoint ServerOf(string host) =>
        IPAddress.TryParse(host, out IPAddress? address) ? new IPEndPoint(address, DnsPort) : new DnsEndPoint(host, DnsPort);
}
