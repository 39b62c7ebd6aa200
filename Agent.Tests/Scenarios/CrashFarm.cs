using System.Text.Json;
using Agent.Bench.Peers;

namespace Agent.Tests.Scenarios;

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

    private CrashFarm(CrashTarget target, IEnumerable<ScriptedZone> zones)
    {
        Target = target;
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

    public static async Task<CrashFarm> StartAsync(string target, params ScriptedZone[] zones) =>
        new(await CrashTarget.StartAsync(target), zones);

    public bool MayBePresent(string zone) => _promises[zone] != Promise.Absent;

    /// <summary>Each of the three keeps the record; false when no answer came.</summary>
    public Task<bool> CreateAsync(string zone) => AskAsync(zone, Promise.Present, worker => worker.CreateAsync(zone));

    public Task<bool> DeleteAsync(string zone) => AskAsync(zone, Promise.Absent, worker => worker.DeleteAsync(zone));

    public async Task<bool> ChangeAsync(string zone)
    {
        _zones[zone].Serial++;
        return await AskAsync(zone, _promises[zone], worker => worker.NotifyAsync(zone));
    }

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
        Assert.Equal(Target.FilesOf(present).Order(StringComparer.Ordinal), Target.Files().Order(StringComparer.Ordinal));
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(Agent.DataFolder, "spool")));
        Assert.DoesNotContain(Contents(), file => file.EndsWith(".part", StringComparison.Ordinal));
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
        await Eventually.HoldsAsync(() => !Contents().Any(), () => $"contents gone: {string.Join(' ', Contents())}\n{Agent.Output}");
    }

    public async ValueTask DisposeAsync()
    {
        await Agent.DisposeAsync();
        await _master.DisposeAsync();
        await Target.DisposeAsync();
    }

    private IEnumerable<string> Contents() => Directory.EnumerateFiles(Path.Combine(Agent.DataFolder, "contents"));

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
