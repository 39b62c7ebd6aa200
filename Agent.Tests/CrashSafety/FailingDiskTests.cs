using Agent.Bench.Peers;
using Agent.Tests.Scenarios;

namespace Agent.Tests.CrashSafety;

/// <summary>A disk that takes nothing more, because it is full or read-only: refused with a reason, served on, and well again by
/// itself.</summary>
[Trait("Category", "Long")]
public sealed class FailingDiskTests : IAsyncLifetime
{
    private const string Held = "held.disk.example.";
    private const string Small = "small.disk.example.";
    private const string Large = "large.disk.example.";
    private const string Medium = "medium.disk.example.";

    private readonly ScriptedZones _zones = new();
    private readonly ScriptedMaster _master;
    private readonly AgentProcess _agent;
    private PrivateFileSystem _disk = null!;

    public FailingDiskTests()
    {
        _zones.Set(new ScriptedZone(Held, 1) { NoiseRecords = 1800 });
        foreach (ScriptedZone zone in CrashFarm.ZonesOfEachSize("disk.example."))
            _zones.Set(zone);
        _master = new ScriptedMaster(_zones.Answer);
        // An answer that only came by this deadline would come too late for any client.
        _agent = new AgentProcess($$"""
            backend-driver = embedded
            masters = ["{{_master.EndPoint}}"]
            answer-deadline = 5m
            """);
    }

    private string ContentsPath => Path.Combine(_disk.OutsidePath, "contents");

    public async Task InitializeAsync()
    {
        _disk = await PrivateFileSystem.StartAsync(_agent.DataFolder, "8m");
        _agent.Place = Placement.Loopback with { Launcher = _disk.Launcher };
    }

    public async Task DisposeAsync()
    {
        await _agent.DisposeAsync();
        await _disk.DisposeAsync();
        await _master.DisposeAsync();
    }

    [Fact]
    public async Task A_full_disk_refuses_changes_and_serves_on()
    {
        await _agent.StartAsync();
        await _agent.Worker.CreateAcceptedAsync(Held);
        string[] contents = Directory.GetFiles(ContentsPath);
        _disk.Fill();

        await RefusedAsync(_agent.Worker.CreateAsync(Small));
        await RefusedAsync(_agent.Worker.CreateAsync(Large));
        await RefusedAsync(_agent.Worker.DeleteAsync(Held));
        _zones[Held].Serial = 2;
        await _agent.Worker.NotifyAcceptedAsync(Held);
        await ReasonIsShownAsync();
        Assert.Equal(1u, await WorkerClient.PollSerialAsync(_agent.Dns, Held));
        await NothingIsLeftAsync(contents);

        _disk.MakeRoom();
        await WorkerClient.ServedAsync(_agent.Dns, Held, 2, () => _agent.Output);
        await WorksAsync();
    }

    [Fact]
    public async Task A_start_on_a_full_disk_says_so_and_harms_nothing()
    {
        await _agent.StartAsync();
        await _agent.Worker.CreateAcceptedAsync(Held);
        await _agent.KillAsync();
        _disk.Fill();

        Assert.Contains("full", await FailsToStartAsync(), StringComparison.OrdinalIgnoreCase);

        _disk.MakeRoom();
        await _agent.StartAsync();
        await WorkerClient.ServedAsync(_agent.Dns, Held, 1, () => _agent.Output);
        await WorksAsync();
    }

    [Fact]
    public async Task A_folder_that_becomes_read_only_refuses_changes_and_serves_on()
    {
        await _agent.StartAsync();
        await _agent.Worker.CreateAcceptedAsync(Held);
        string[] contents = Directory.GetFiles(ContentsPath);
        await _disk.MakeReadOnlyAsync();

        await RefusedAsync(_agent.Worker.CreateAsync(Large));
        // Its content is the journal's to write; from then on the journal is opened anew, which fails too.
        await RefusedAsync(_agent.Worker.CreateAsync(Medium));
        await RefusedAsync(_agent.Worker.CreateAsync(Small));
        Assert.Equal(1u, await WorkerClient.PollSerialAsync(_agent.Dns, Held));
        await NothingIsLeftAsync(contents);

        await _disk.MakeWritableAsync();
        await WorksAsync();
    }

    [Fact]
    public async Task A_start_in_a_read_only_folder_says_so()
    {
        await _agent.StartAsync();
        await _agent.Worker.CreateAcceptedAsync(Held);
        await _agent.KillAsync();
        await _disk.MakeReadOnlyAsync();

        string said = await FailsToStartAsync();
        Assert.Contains("Read-only", said, StringComparison.OrdinalIgnoreCase);
        Assert.Contains(_agent.DataFolder, said, StringComparison.Ordinal);

        await _disk.MakeWritableAsync();
        await _agent.StartAsync();
        await WorksAsync();
    }

    private static async Task RefusedAsync(Task<DnsReply> asked)
    {
        DnsReply reply = await asked;
        Assert.Equal(2, reply.ResponseCode);
        Assert.False(reply.IsAuthoritative);
    }

    private async Task<string> FailsToStartAsync()
    {
        await using ChildProcess process = await _agent.LaunchAsync();
        int code = await process.Exited.WaitAsync(Eventually.Deadline);
        // Not 2, after which a service manager would not try again when there is room.
        Assert.True(code is 1, process.Output);
        Assert.DoesNotContain("ready ", process.Output, StringComparison.Ordinal);
        return process.Output;
    }

    private Task ReasonIsShownAsync() => Eventually.HoldsAsync(
        async () => (await _agent.ZoneAsync(Held))!.Value.GetRawText().Contains("journal-away", StringComparison.Ordinal),
        () => $"the reason is shown\n{_agent.Output}");

    private Task NothingIsLeftAsync(string[] contents) => Eventually.HoldsAsync(
        () => !Directory.EnumerateFiles(Path.Combine(_disk.OutsidePath, "spool")).Any()
            && Directory.GetFiles(ContentsPath).Order(StringComparer.Ordinal).SequenceEqual(contents),
        () => $"nothing is left\n{_agent.Output}");

    private async Task WorksAsync()
    {
        foreach (string zone in (string[])[Small, Medium, Large])
        {
            await _agent.Worker.CreateAcceptedAsync(zone);
            Assert.Equal(1u, await WorkerClient.PollSerialAsync(_agent.Dns, zone));
        }

        await _agent.Worker.DeleteAcceptedAsync(Held);
        Assert.Equal(0u, await WorkerClient.PollSerialAsync(_agent.Dns, Held));
    }
}
