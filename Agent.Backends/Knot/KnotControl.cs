using System.Globalization;
using Agent.Backends.Shared;
using Agent.Dns.Wire;

namespace Agent.Backends.Knot;

/// <summary>
/// The commands that this driver gives to knotd, each about one zone that is named. A connection that does not carry them is "away";
/// knotd's own no is a reply like any other.
/// </summary>
internal sealed class KnotControl(string path, TimeProvider time) : IAsyncDisposable
{
    // Letters of the protocol: what a status is to show, what is to be purged, how a command works.
    private const string SerialOnly = "s";
    private const string JournalOnly = "j";
    private const string JournalAndTimersOfOrphan = "ojt";
    private const string UntilItIsDone = "B";

    private readonly KnotClient _client = new(path, time);

    /// <summary>The text file that knotd runs from; null when it has a database of configuration, or nobody can tell.</summary>
    public string? TextFile => _client.TextFile;

    /// <summary>Which serial the zone has.</summary>
    public Task<KnotReply> SerialAsync(DomainName zone, CancellationToken cancellation) => CallAsync(
        KnotStage.Command, "zone-status", new KnotUnit { [KnotItem.Zone] = NameOf(zone), [KnotItem.Filter] = SerialOnly }, cancellation);

    /// <summary>What knotd's configuration says about the zone.</summary>
    public Task<KnotReply> SettingsAsync(DomainName zone, CancellationToken cancellation) =>
        CallAsync(KnotStage.Command, "conf-read", KnotZoneSettings.Of(NameOf(zone)), cancellation);

    /// <summary>Brings settings into knotd's configuration.</summary>
    public Task<KnotReply> SetAsync(IReadOnlyList<KnotUnit> settings, CancellationToken cancellation) =>
        CallAsync(new KnotJob(KnotStage.Configuration, "conf-set", settings, cancellation));

    /// <summary>What knotd's configuration says about something else than a zone.</summary>
    public Task<KnotReply> ReadAsync(KnotUnit question, CancellationToken cancellation) =>
        CallAsync(KnotStage.Command, "conf-read", question, cancellation);

    /// <summary>Takes a setting out of knotd's configuration.</summary>
    public Task<KnotReply> UnsetAsync(KnotUnit setting, CancellationToken cancellation) =>
        CallAsync(KnotStage.Configuration, "conf-unset", setting, cancellation);

    /// <summary>Has a secondary ask for the serial, and fetch what is newer.</summary>
    public Task<KnotReply> RefreshAsync(DomainName zone, CancellationToken cancellation) =>
        CallAsync(KnotStage.Command, "zone-refresh", new KnotUnit { [KnotItem.Zone] = NameOf(zone) }, cancellation);

    /// <summary>Has a secondary fetch the whole zone, whatever its serial.</summary>
    public Task<KnotReply> RetransferAsync(DomainName zone, CancellationToken cancellation) =>
        CallAsync(KnotStage.Command, "zone-retransfer", new KnotUnit { [KnotItem.Zone] = NameOf(zone) }, cancellation);

    /// <summary>Takes the zone out of knotd's configuration.</summary>
    public Task<KnotReply> UnsetAsync(DomainName zone, CancellationToken cancellation) =>
        CallAsync(KnotStage.Configuration, "conf-unset", KnotZoneSettings.Of(NameOf(zone)), cancellation);

    /// <summary>Takes away the changes that knotd has noted of a zone that it has; they only serve IXFR.</summary>
    public Task<KnotReply> PurgeJournalAsync(DomainName zone, CancellationToken cancellation) => CallAsync(
        KnotStage.Command, "zone-purge", new KnotUnit { [KnotItem.Zone] = NameOf(zone), [KnotItem.Filter] = JournalOnly }, cancellation);

    /// <summary>Takes away what knotd has noted of a zone that it no longer has. Keys for signing stay.</summary>
    public Task<KnotReply> PurgeOrphanAsync(DomainName zone, CancellationToken cancellation) => CallAsync(
        KnotStage.Command,
        "zone-purge",
        new KnotUnit { [KnotItem.Zone] = NameOf(zone), [KnotItem.Filter] = JournalAndTimersOfOrphan },
        cancellation);

    /// <summary>Lets knotd read the zone's file, which it does some time after its answer.</summary>
    public Task<KnotReply> ReloadAsync(DomainName zone, CancellationToken cancellation) =>
        CallAsync(KnotStage.Command, "zone-reload", new KnotUnit { [KnotItem.Zone] = NameOf(zone) }, cancellation);

    /// <summary>The same, and hears whether it could.</summary>
    public Task<KnotReply> ReloadAndWaitAsync(DomainName zone, CancellationToken cancellation) => CallAsync(
        KnotStage.Alone, "zone-reload", new KnotUnit { [KnotItem.Zone] = NameOf(zone), [KnotItem.Flags] = UntilItIsDone }, cancellation);

    /// <summary>Whether knotd answers.</summary>
    public Task<KnotReply> VersionAsync(CancellationToken cancellation) =>
        CallAsync(KnotStage.Command, "status", new KnotUnit { [KnotItem.Type] = "version" }, cancellation);

    /// <summary>The section of the configuration that says who knotd is.</summary>
    public Task<KnotReply> ServerSettingsAsync(CancellationToken cancellation) =>
        CallAsync(KnotStage.Command, "conf-read", new KnotUnit { [KnotItem.Section] = "server" }, cancellation);

    /// <summary>The zones of knotd's configuration, not much more than the maximum.</summary>
    public Task<KnotReply> NamesAsync(int maximum, CancellationToken cancellation) => CallAsync(
        new KnotJob(KnotStage.Alone, "conf-read", [KnotZoneSettings.AllNames()], cancellation) { UnitsMax = maximum + 1 });

    /// <summary>The serial that an answer to <see cref="SerialAsync"/> tells; null when it tells none.</summary>
    public static uint? SerialOf(KnotReply status)
    {
        string? text = status.Units.FirstOrDefault(unit => unit[KnotItem.Type] == "serial")?[KnotItem.Data];
        return uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out uint serial) ? serial : null;
    }

    /// <summary>The zone's name as knotd reads and prints it.</summary>
    public static string NameOf(DomainName zone) => ControlName.Absolute(zone);

    public ValueTask DisposeAsync() => _client.DisposeAsync();

    /// <summary>Turns a no into a refusal in knotd's words.</summary>
    /// <exception cref="BackendException">It was a no.</exception>
    public static void Ensure(KnotReply reply, string command, DomainName zone)
    {
        if (reply.Error is { } words)
            throw BackendException.Refused($"knotd refused {command}: {words} (zone {zone}); its log may say more");
    }

    private Task<KnotReply> CallAsync(KnotStage stage, string command, KnotUnit unit, CancellationToken cancellation) =>
        CallAsync(new KnotJob(stage, command, [unit], cancellation));

    private async Task<KnotReply> CallAsync(KnotJob job)
    {
        try
        {
            return await _client.CallAsync(job);
        }
        catch (KnotException error)
        {
            throw BackendException.Away(error.Message, error);
        }
    }
}
