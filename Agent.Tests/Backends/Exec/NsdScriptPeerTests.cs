using Agent.Actors.Backends;
using Agent.Backends.Exec;
using Agent.Backends.Shared;
using Agent.Bench.Peers;
using Agent.Dns.Wire;
using Agent.Dns.Zones;
using Agent.Tests.Backends.DynamicUpdate;
using Agent.Tests.Dns.Zones;

namespace Agent.Tests.Backends.Exec;

/// <summary>The driver with the example program of <c>deploy/drivers</c> and the real nsd behind it.</summary>
[Trait("Category", "Peer")]
public sealed class NsdScriptPeerTests : IAsyncLifetime
{
    private const string OwnZone = "own.exec.example";

    private readonly NsdServer _server = new();
    private readonly TemporaryFolder _spool = new("exec");
    private ExecBackend _backend = null!;
    private BackendCaller _caller = null!;

    public async Task InitializeAsync()
    {
        await _server.SetZoneAsync(MasterZone.Create(OwnZone, 99));
        await _server.StartAsync();
        ExecOptions options = new(NsdScript.Command(_server), _spool.FullPath) { Listing = ZoneListing.Own };
        _backend = new ExecBackend(options with { Timeout = TimeSpan.FromSeconds(10) }, TimeProvider.System);
        _caller = new BackendCaller(_backend);
    }

    public async Task DisposeAsync()
    {
        await _backend.DisposeAsync();
        await _server.DisposeAsync();
        _spool.Dispose();
    }

    [Fact]
    public async Task Zones_come_change_and_go_and_everything_in_them_comes_back_equal()
    {
        DomainName zone = DomainName.Parse("all.exec.example.");
        string[] labels =
        [
            "\\.\\./\\.\\./etc", "a\\000b", "semi\\;colon", "quo\\\"te", "a\\032b", "back\\\\slash", "new\\010line", "\\$INCLUDE", "\\@",
            "\\255\\254", "UPPER", "*",
        ];
        string[] lines =
        [
            "@ NS ns1.elsewhere.test.", .. RecordSamples.All().Select(sample => sample.Text),
            .. labels.Select((label, i) => $"{label} TXT \"{label}\" \"{i}\""),
        ];

        Assert.Equal(OrderOutcome.Done, (await _caller.ProbeAsync()).Outcome);
        await RemovedAsync(zone);
        ZoneContent first = UpdateTarget.Zone("all.exec.example.", 1, lines);
        ZoneContent second = SmallZone.Create(zone, 2, hosts: 500);
        foreach (ZoneContent content in (ZoneContent[])[first, second, second])
        {
            await AppliedAsync(content);
            ServedZone served = await new ServedZoneReader(_server.EndPoint, _spool.FullPath, TimeProvider.System)
                .ReadAsync(zone, key: null, long.MaxValue, CancellationToken.None);
            using SpooledZone transferred = served.Zone!;
            Assert.Equal(UpdateTarget.Lines(content), UpdateTarget.Lines(transferred));
        }

        Assert.Equal([zone], (await _caller.ListAsync()).Zones.Order());
        await RemovedAsync(zone);
        await RemovedAsync(zone);
        Assert.Empty((await _caller.ListAsync()).Zones);
        Assert.Empty(Directory.GetFiles(_server.ZoneFolder, "*.zone"));
        Assert.Empty(_caller.Surplus);
    }

    [Fact]
    public async Task What_it_cannot_hold_is_refused_with_nsds_reason_and_harms_nothing()
    {
        DomainName zone = DomainName.Parse("kept.exec.example.");
        await AppliedAsync(SmallZone.Create(zone, 1));

        OrderFinished broken = await _caller.ApplyAsync(
            zone, UpdateTarget.Zone("kept.exec.example.", 2, "@ NS ns1.elsewhere.test.", "x CNAME a.test.", "x A 192.0.2.1"));
        OrderFinished foreign = await _caller.ApplyAsync(DomainName.Parse(OwnZone + "."), SmallZone.Create(OwnZone + ".", 3));

        Assert.Equal((OrderOutcome.Refused, OrderOutcome.Refused), (broken.Outcome, foreign.Outcome));
        Assert.Contains("CNAME", broken.Reason!.Text, StringComparison.Ordinal);
        Assert.Contains("somebody else", foreign.Reason!.Text, StringComparison.Ordinal);
        Assert.Equal(OrderOutcome.Refused, (await _caller.RemoveAsync(DomainName.Parse(OwnZone + "."))).Outcome);
        foreach (string text in (string[])
            ["\\.\\./etc/passwd.", "a\\/b.example.", "semi\\;colon.", "a\\ b.example.", "$\\(id\\).example.", "\\255.example.", ".", "-x.test."])
        {
            DomainName hostile = DomainName.Parse(text);
            OrderFinished refused = await _caller.ApplyAsync(hostile, SmallZone.Create(hostile, 1, hosts: 0));
            Assert.Equal(OrderOutcome.Refused, refused.Outcome);
            Assert.Contains("names of letters", refused.Reason!.Text, StringComparison.Ordinal);
            Assert.Equal(Observation.Absent, (await _caller.ObserveAsync(hostile)).Observation);
            Assert.Equal(OrderOutcome.Done, (await _caller.RemoveAsync(hostile)).Outcome);
        }

        Assert.Equal(1u, (await _caller.ObserveAsync(zone)).Serial);
        Assert.Equal(["kept.exec.example.zone"], Directory.GetFiles(_server.ZoneFolder, "*.*e*").Select(Path.GetFileName));
    }

    [Fact]
    public async Task A_server_that_hangs_or_is_gone_is_away_and_its_runs_are_killed()
    {
        DomainName zone = DomainName.Parse("away.exec.example.");
        ExecOptions hasty = new(NsdScript.Command(_server), _spool.FullPath) { Timeout = TimeSpan.FromSeconds(1) };
        await using ExecBackend backend = new(hasty, TimeProvider.System);
        BackendCaller caller = new(backend);
        await AppliedAsync(SmallZone.Create(zone, 1));

        _server.Process!.Signal(PosixSignalNumber.Stop);
        OrderFinished[] hung = await Task.WhenAll(caller.ProbeAsync(), caller.ApplyAsync(zone, SmallZone.Create(zone, 2)));
        _server.Process!.Signal(PosixSignalNumber.Continue);
        await _server.KillAsync();
        OrderFinished[] gone = await Task.WhenAll(caller.ProbeAsync(), caller.ApplyAsync(zone, SmallZone.Create(zone, 2)));

        Assert.All([.. hung, .. gone], answer => Assert.Equal(OrderOutcome.Away, answer.Outcome));
        Assert.All(hung, answer => Assert.Contains("was killed", answer.Reason!.Text, StringComparison.Ordinal));
        Assert.All(gone, answer => Assert.EndsWith("not answer on its control channel", answer.Reason!.Text, StringComparison.Ordinal));
        Assert.Equal(Observation.CannotTell, (await caller.ObserveAsync(zone)).Observation);
        Assert.Equal(1, (await Tool.RunAsync("pgrep", ["-f", _server.FolderPath + "/nsd.conf"])).ExitCode);
    }

    [Fact]
    public async Task Many_zones_come_and_go_at_once()
    {
        DomainName[] zones = [.. Enumerable.Range(0, ZoneCount).Select(i => DomainName.Parse($"z{i}.many.exec.example."))];

        await Parallel.ForEachAsync(zones, Four, async (zone, _) => await AppliedAsync(SmallZone.Create(zone, 1)));
        Assert.Equal(zones.Order(), (await _caller.ListAsync()).Zones.Order());
        await Parallel.ForEachAsync(zones, Four, async (zone, _) => await RemovedAsync(zone));

        Assert.Empty((await _caller.ListAsync()).Zones);
    }

    [Fact]
    public async Task Many_zones_in_one_run_come_change_and_go_and_one_that_nsd_does_not_take_harms_no_other()
    {
        await using ExecBackend backend = new(
            new ExecOptions(NsdScript.Command(_server), _spool.FullPath) { Together = 30, Server = _server.EndPoint },
            TimeProvider.System);
        BackendCaller together = new(backend);
        string[] names = [.. Enumerable.Range(0, ZoneCount).Select(i => $"z{i}.together.exec.example.")];
        for (uint serial = 1; serial <= 2; serial++)
        {
            uint given = serial;
            Task<OrderFinished>[] orders = [.. names.Select(name => together.ApplyAsync(
                DomainName.Parse(name), UpdateTarget.Zone(name, given, "@ NS ns1.elsewhere.test.", $"x A 192.0.2.{given}")))];
            OrderFinished broken = await together.ApplyAsync(DomainName.Parse("broken.exec.example."), UpdateTarget.Zone(
                "broken.exec.example.", given, "@ NS ns1.elsewhere.test.", "x CNAME a.test.", "x A 192.0.2.1"));
            Assert.Equal(OrderOutcome.Refused, broken.Outcome);
            Assert.Contains("CNAME", broken.Reason!.Text, StringComparison.Ordinal);
            Assert.All(await Task.WhenAll(orders), answer => Assert.True(answer.Outcome == OrderOutcome.Done, answer.Reason?.ToString()));
            foreach (string name in names) await WorkerClient.ServedAsync(_server.EndPoint, name, given, () => _server.Output);
        }

        Assert.All(
            await Task.WhenAll(names.Select(name => together.RemoveAsync(DomainName.Parse(name)))),
            answer => Assert.True(answer.Outcome == OrderOutcome.Done, answer.Reason?.ToString()));
        foreach (string name in names) await WorkerClient.GoneAsync(_server.EndPoint, name, () => _server.Output);
        Assert.Empty(Directory.GetFiles(_server.ZoneFolder, "*.zone"));
        Assert.Equal(99u, await WorkerClient.PollSerialAsync(_server.EndPoint, OwnZone));
    }

    private static int ZoneCount { get; } = int.Parse(Environment.GetEnvironmentVariable("AGENT_EXEC_ZONES") ?? "40");

    private static ParallelOptions Four => new() { MaxDegreeOfParallelism = 4 };

    private async Task AppliedAsync(ZoneContent content)
    {
        OrderFinished answer = await _caller.ApplyAsync(content.Apex, content);
        Assert.True(answer.Outcome == OrderOutcome.Done, answer.Reason?.ToString());
        await SeenAsync(content.Apex, Observation.Present, content.Serial);
    }

    private async Task RemovedAsync(DomainName zone)
    {
        OrderFinished answer = await _caller.RemoveAsync(zone);
        Assert.True(answer.Outcome == OrderOutcome.Done, answer.Reason?.ToString());
        await SeenAsync(zone, Observation.Absent, 0);
    }

    private async Task SeenAsync(DomainName zone, Observation observation, uint serial)
    {
        ZoneObserved? last = null;
        await Eventually.HoldsAsync(
            async () => (last = await _caller.ObserveAsync(zone)).Observation == observation && last.Serial == serial,
            () => $"{zone} {observation} {serial}, seen {last}\n{_server.Output}");
    }
}
