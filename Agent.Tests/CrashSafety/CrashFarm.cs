using System.Text.Json;
using Agent.Bench.Peers;
using Agent.Tests.Scenarios;

namespace Agent.Tests.CrashSafety;

/// <summary>
/// An agent that is killed again and again, with a record of what it promised: after an answer NOERROR a zone is promised present or
/// absent; after a request without an answer either is right, as long as journal, server and disk agree.
/// </summary>
internal sealed class CrashFarm : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly ScriptedZones _zones = new();
    private readonly ScriptedMaster _master;
    private readonly Dictionary<string, Promise> _promises = [];
    private readonly JournalDatabase? _journal;

    private CrashFarm(CrashTarget target, JournalDatabase? journal, IEnumerable<ScriptedZone> zones)
    {
        Target = target;
        _journal = journal;
        foreach (ScriptedZone zone in zones)
        {
            _zones.Set(zone);
            _promises[zone.Name] = Promise.Absent;
        }

        _master = new ScriptedMaster(_zones.Answer);
        Agent = new AgentProcess($$"""
            masters = ["{{_master.EndPoint}}"]
            undelete-window = 0s
            {{target.Settings}}
            {{journal?.Settings}}
            """);
    }

    private enum Promise
    {
        Absent,
        Present,
        Either,
    }

    public CrashTarget Target { get; }

    public AgentProcess Agent { get; }

    public IReadOnlyList<string> Names => [.. _promises.Keys];

    public static Task<CrashFarm> StartAsync(string target, params ScriptedZone[] zones) => StartAsync(target, journal: null, zones);

    /// <param name="journal">Where the journal is; null for the one in the data folder.</param>
    public static async Task<CrashFarm> StartAsync(string target, JournalDatabase? journal, params ScriptedZone[] zones) =>
        new(await CrashTarget.StartAsync(target), journal, zones);

    /// <summary>Zones for each of the three ways in which contents are kept.</summary>
    public static ScriptedZone[] ZonesOfEachSize(string domain) =>
    [
        new ScriptedZone($"small.{domain}", 1),
        // Received in memory, too large for a row: the journal writes the file.
        new ScriptedZone($"medium.{domain}", 1) { NoiseRecords = 600 },
        // Received into the spool: the journal takes the file over.
        new ScriptedZone($"large.{domain}", 1) { NoiseRecords = 1800 },
    ];

    public bool MayBePresent(string zone) => _promises[zone] != Promise.Absent;

    /// <summary>Each of the three keeps the record; false when no answer came.</summary>
    public Task<bool> CreateAsync(string zone) => AskAsync(zone, Promise.Present, worker => worker.CreateAsync(zone));

    public Task<bool> DeleteAsync(string zone) => AskAsync(zone, Promise.Absent, worker => worker.DeleteAsync(zone));

    public async Task<bool> ChangeAsync(string zone)
    {
        _zones[zone].Serial++;
        return await NotifyAsync(zone);
    }

    public Task<bool> NotifyAsync(string zone) => AskAsync(zone, _promises[zone], worker => worker.NotifyAsync(zone));

    /// <summary>Waits until nothing moves any more, then compares what is there with what was promised.</summary>
    public async Task PromisesHoldAsync(string describe)
    {
        foreach (string zone in Names)
        {
            await Eventually.HoldsAsync(
                () => IsSettledAsync(zone), () => $"{zone} ({_promises[zone]}) {describe}\n{Agent.Output}", Patience);
        }

        string[] present = [.. Names.Where(zone => _promises[zone] == Promise.Present)];
        JsonElement list = (await Agent.GetAsync("/api/v1/zones"))!.Value;
        JsonElement rows = list.ValueKind == JsonValueKind.Array ? list : list.GetProperty("zones");
        Assert.Equal(present.Length, rows.GetArrayLength());
        // The last rows of a removal are written behind its answer.
        List<string> faults = [];
        await Eventually.HoldsAsync(
            async () =>
            {
                List<string> ofJournal =
                    _journal is null ? JournalFile.Faults(Agent, present) : await _journal.FaultsAsync(Agent, present);
                faults = [.. ofJournal, .. await Target.FaultsAsync(present)];
                return faults.Count == 0;
            },
            () => $"{describe}: {string.Join("; ", faults)}\n{Agent.Output}");
    }

    /// <summary>Waits until the zone is as its last request wanted, and the journal has taken what that led to.</summary>
    public async Task SettlesAsync(string zone)
    {
        await Eventually.HoldsAsync(() => IsSettledAsync(zone), () => $"{zone} ({_promises[zone]})\n{Agent.Output}", Patience);
        // The journal answers in order, so what was asked of it before has been written.
        await Agent.GetAsync($"/api/v1/zones/{Uri.EscapeDataString(zone)}/history");
    }

    /// <summary>Deletes everything and starts once more: nothing of the zones may be left, large contents included.</summary>
    public async Task EmptiesAsync()
    {
        foreach (string zone in Names)
            Assert.True(await DeleteAsync(zone), Agent.Output);
        await PromisesHoldAsync("at the end");
        Assert.Equal(0, await Agent.StopAsync());
        await Agent.StartAsync();
        await PromisesHoldAsync("after the end");
    }

    public async ValueTask DisposeAsync()
    {
        await Agent.DisposeAsync();
        await _master.DisposeAsync();
        await Target.DisposeAsync();
    }

    private async Task<bool> AskAsync(string zone, Promise promised, Func<WorkerClient, Task<DnsReply>> ask)
    {
        Promise before = _promises[zone];
        _promises[zone] = before == promised ? before : Promise.Either;
        try
        {
            // By TCP the end of the process is seen at once.
            DnsReply reply = await ask(Agent.WorkerByTcp);
            WorkerClient.EnsureAccepted(reply);
            _promises[zone] = promised;
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    private async Task<bool> IsSettledAsync(string zone)
    {
        JsonElement? row = await Agent.ZoneAsync(zone);
        uint served = await Target.SerialAsync(Agent, zone);
        uint wanted = _zones[zone].Serial;
        bool isPresent = row is { } there && there.GetProperty("state").GetString() == "ok" && served == wanted;
        bool isAbsent = row is null && served == 0;
        if (_promises[zone] == Promise.Either && (isPresent || isAbsent))
            _promises[zone] = isPresent ? Promise.Present : Promise.Absent;
        return _promises[zone] == Promise.Present ? isPresent : isAbsent;
    }
}
