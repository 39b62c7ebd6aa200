using Agent.Actors.Backends;
using Agent.Actors.Reasons;
using Agent.Backends.Shared;
using Agent.Backends.ZoneFiles;
using Agent.Dns.Wire;
using Agent.Bench.Peers;

namespace Agent.Tests.Backends.ZoneFiles;

public sealed class ZoneFilesBackendTests : IDisposable
{
    private static readonly DomainName Zone = DomainName.Parse("Files.Example.");

    private readonly TemporaryFolder _folder = new("zonefiles");
    private readonly string _zones;

    public ZoneFilesBackendTests() => _zones = _folder.CreateFolder("zones");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Writes_reads_back_and_removes()
    {
        await using ZoneFilesBackend backend = new(new ZoneFilesOptions(_zones), TimeProvider.System);
        BackendCaller caller = new(backend);

        Assert.Equal(OrderOutcome.Done, (await caller.ProbeAsync()).Outcome);
        Assert.Equal(Observation.Absent, (await caller.ObserveAsync(Zone)).Observation);
        foreach (uint serial in (uint[])[1, 4294967295, 1])
        {
            Assert.Equal(OrderOutcome.Done, (await caller.ApplyAsync(Zone, SmallZone.Create(Zone, serial, hosts: 3))).Outcome);
            ZoneObserved seen = await caller.ObserveAsync(Zone);
            Assert.Equal((Observation.Present, serial), (seen.Observation, seen.Serial));
        }

        Assert.Equal(["files.example.zone"], Directory.GetFileSystemEntries(_zones).Select(Path.GetFileName));
        Assert.Equal(OrderOutcome.Done, (await caller.RemoveAsync(Zone)).Outcome);
        Assert.Equal(OrderOutcome.Done, (await caller.RemoveAsync(Zone)).Outcome);
        Assert.Empty(Directory.GetFileSystemEntries(_zones));
        Assert.Empty(caller.Surplus);
    }

    [Fact]
    public async Task Names_the_zones_that_have_files_up_to_a_bound()
    {
        await using ZoneFilesBackend backend = new(new ZoneFilesOptions(_zones), TimeProvider.System);
        BackendCaller caller = new(backend);
        Assert.Equal(ZoneListing.Whole, backend.Traits.Listing);
        Assert.Empty((await caller.ListAsync()).Zones);
        await caller.ApplyAsync(Zone, SmallZone.Create(Zone, 1));
        File.WriteAllText(Path.Combine(_zones, "by-hand.example.zone"), "");
        File.WriteAllText(Path.Combine(_zones, "notes.txt"), "");
        Assert.Equal([DomainName.Parse("by-hand.example."), Zone], (await caller.ListAsync()).Zones.Order());
        ServedListed tooMany = await caller.ListAsync(maximum: 1);
        Assert.Equal((0, ReasonCode.TargetRefused), (tooMany.Zones.Length, tooMany.Failure?.Code));
        Directory.Delete(_zones, recursive: true);
        Assert.Equal(ReasonCode.TargetAway, (await caller.ListAsync()).Failure?.Code);
    }

    [Fact]
    public async Task A_change_that_the_command_never_heard_of_is_not_taken_for_done()
    {
        string flag = _folder.Combine("works");
        ZoneFilesOptions options = new(_zones) { Command = [Script($"test -e {flag}")] };
        await using (ZoneFilesBackend first = new(options, TimeProvider.System))
            Assert.Equal(OrderOutcome.Refused, (await new BackendCaller(first).ApplyAsync(Zone, SmallZone.Create(Zone, 1))).Outcome);

        File.WriteAllText(flag, "");
        await using ZoneFilesBackend second = new(options, TimeProvider.System);
        BackendCaller caller = new(second);
        Assert.Equal(Observation.CannotTell, (await caller.ObserveAsync(Zone)).Observation);
        Assert.Equal(OrderOutcome.Done, (await caller.ApplyAsync(Zone, SmallZone.Create(Zone, 1))).Outcome);
        Assert.Equal((Observation.Present, 1u), ((await caller.ObserveAsync(Zone)).Observation, (await caller.ObserveAsync(Zone)).Serial));
        Assert.Equal(["files.example.zone"], Directory.GetFileSystemEntries(_zones).Select(Path.GetFileName));
    }

    [Fact]
    public async Task Runs_the_command_with_its_places_filled_and_little_else()
    {
        string log = _folder.Combine("log");
        string script = Script(
            $"printf '%s|' \"$@\" \"$AGENT_CHANGE\" \"$AGENT_ZONE\" \"${{DOTNET_ROOT-}}${{SECRET_FOR_TEST-}}\" >> {log}; echo >> {log}");
        Environment.SetEnvironmentVariable("SECRET_FOR_TEST", "secret");
        await using ZoneFilesBackend backend = new(
            new ZoneFilesOptions(_zones) { Command = [script, "{zone}", "file={file}", "$(id) `id`"] }, TimeProvider.System);
        BackendCaller caller = new(backend);
        DomainName hostile = DomainName.Parse("-rf\\;\\ \\$\\(id\\).example.");

        Assert.Equal(OrderOutcome.Done, (await caller.ApplyAsync(Zone, SmallZone.Create(Zone, 1))).Outcome);
        Assert.Equal(OrderOutcome.Done, (await caller.ApplyAsync(hostile, SmallZone.Create(hostile, 1))).Outcome);
        Assert.Equal(OrderOutcome.Done, (await caller.RemoveAsync(Zone)).Outcome);

        const string Hostile = "\\045rf\\059\\032\\036\\040id\\041.example";
        Assert.Equal(
            [
                $"files.example|file={_zones}/files.example.zone|$(id) `id`|apply|files.example||",
                $"{Hostile}|file={_zones}/-rf%3B%20%24%28id%29.example.zone|$(id) `id`|apply|{Hostile}||",
                $"files.example|file={_zones}/files.example.zone|$(id) `id`|remove|files.example||",
            ],
            await File.ReadAllLinesAsync(log));
    }

    [Fact]
    public async Task A_failing_command_is_a_refusal_with_its_bounded_output()
    {
        string script = Script("echo the reason; head -c 1000000 /dev/zero | tr '\\0' x >&2; exit 3");
        await using ZoneFilesBackend backend = new(new ZoneFilesOptions(_zones) { Command = [script] }, TimeProvider.System);

        OrderFinished answer = await new BackendCaller(backend).ApplyAsync(Zone, SmallZone.Create(Zone, 1));

        Assert.Equal(OrderOutcome.Refused, answer.Outcome);
        Assert.Contains("ended with 3", answer.Reason!.Text, StringComparison.Ordinal);
        Assert.Contains("the reason", answer.Reason.Text, StringComparison.Ordinal);
        Assert.InRange(answer.Reason.Text.Length, 1, 2300);
    }

    [Fact]
    public async Task A_command_that_hangs_is_killed_with_its_children()
    {
        string pids = _folder.Combine("pids");
        string script = Script($"sleep 600 & echo $$ $! > {pids}; echo waiting; wait");
        await using ZoneFilesBackend backend = new(
            new ZoneFilesOptions(_zones) { Command = [script], CommandTimeout = TimeSpan.FromMilliseconds(500) }, TimeProvider.System);

        OrderFinished answer = await new BackendCaller(backend).ApplyAsync(Zone, SmallZone.Create(Zone, 1));

        Assert.Equal(OrderOutcome.Away, answer.Outcome);
        Assert.Contains("longer than 0.5 s", answer.Reason!.Text, StringComparison.Ordinal);
        string[] started = (await File.ReadAllTextAsync(pids)).Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(2, started.Length);
        await Eventually.HoldsAsync(() => started.All(IsGone), () => string.Join(' ', started) + " ended");
    }

    [Fact]
    public async Task A_daemon_left_behind_by_the_command_holds_nothing_up()
    {
        string pid = _folder.Combine("pid");
        string script = Script($"sleep 600 & echo $! > {pid}; exit 0");
        await using ZoneFilesBackend backend = new(
            new ZoneFilesOptions(_zones) { Command = [script], CommandTimeout = TimeSpan.FromSeconds(20) }, TimeProvider.System);

        OrderFinished answer = await new BackendCaller(backend).ApplyAsync(Zone, SmallZone.Create(Zone, 1));

        Assert.Equal(OrderOutcome.Done, answer.Outcome);
        using System.Diagnostics.Process daemon = System.Diagnostics.Process.GetProcessById(int.Parse(await File.ReadAllTextAsync(pid)));
        daemon.Kill();
    }

    [Fact]
    public async Task A_command_that_is_not_there_is_a_refusal()
    {
        await using ZoneFilesBackend backend = new(new ZoneFilesOptions(_zones) { Command = ["/no/such/program"] }, TimeProvider.System);

        OrderFinished answer = await new BackendCaller(backend).RemoveAsync(Zone);

        Assert.Equal(OrderOutcome.Refused, answer.Outcome);
        Assert.Contains("/no/such/program", answer.Reason!.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_that_is_none_counts_as_away_until_it_is_one()
    {
        string path = _folder.Write("later", "a file where the folder should be");
        await using ZoneFilesBackend backend = new(new ZoneFilesOptions(path), TimeProvider.System);
        BackendCaller caller = new(backend);

        Assert.Equal(OrderOutcome.Away, (await caller.ProbeAsync()).Outcome);
        OrderFinished apply = await caller.ApplyAsync(Zone, SmallZone.Create(Zone, 1));
        Assert.Equal((OrderOutcome.Away, ReasonCode.TargetAway), (apply.Outcome, apply.Reason!.Code));
        Assert.Equal(OrderOutcome.Away, (await caller.RemoveAsync(Zone)).Outcome);
        Assert.Equal(Observation.CannotTell, (await caller.ObserveAsync(Zone)).Observation);

        File.Delete(path);
        Directory.CreateDirectory(path);
        Assert.Equal(OrderOutcome.Done, (await caller.ProbeAsync()).Outcome);
        Assert.Equal(OrderOutcome.Done, (await caller.ApplyAsync(Zone, SmallZone.Create(Zone, 1))).Outcome);
    }

    [Fact]
    public async Task A_file_that_cannot_be_replaced_is_a_reason_and_leaves_nothing_behind()
    {
        // A folder in the place of the file: the rename fails, also for root.
        Directory.CreateDirectory(Path.Combine(_zones, "files.example.zone", "in-the-way"));
        await using ZoneFilesBackend backend = new(new ZoneFilesOptions(_zones), TimeProvider.System);
        BackendCaller caller = new(backend);

        OrderFinished answer = await caller.ApplyAsync(Zone, SmallZone.Create(Zone, 1));

        Assert.Equal(OrderOutcome.Away, answer.Outcome);
        Assert.Contains(_zones, answer.Reason!.Text, StringComparison.Ordinal);
        Assert.Single(Directory.GetFileSystemEntries(_zones));
        Assert.Equal(Observation.CannotTell, (await caller.ObserveAsync(Zone)).Observation);
    }

    [Fact]
    public async Task Leftovers_go_at_the_first_use()
    {
        await File.WriteAllTextAsync(Path.Combine(_zones, ".agent-0123.tmp"), "half");
        await using ZoneFilesBackend backend = new(new ZoneFilesOptions(_zones), TimeProvider.System);

        Assert.Equal(OrderOutcome.Done, (await new BackendCaller(backend).ProbeAsync()).Outcome);

        Assert.Empty(Directory.GetFileSystemEntries(_zones));
    }

    [Fact]
    public async Task A_name_too_long_for_the_file_system_is_refused_by_its_own_code()
    {
        string label = new('a', 63);
        DomainName zone = DomainName.Parse($"{label}.{label}.{label}.{label[..61]}.");
        await using ZoneFilesBackend backend = new(new ZoneFilesOptions(_zones), TimeProvider.System);

        BackendCaller caller = new(backend);
        OrderFinished answer = await caller.ApplyAsync(zone, SmallZone.Create(zone, 1, hosts: 0));

        Assert.Equal((OrderOutcome.Refused, ReasonCode.NameNotAcceptable), (answer.Outcome, answer.Reason!.Code));

        // What was refused for good is not there, and taking it away succeeds: a zone must not wait for that for ever.
        Assert.Equal(Observation.Absent, (await caller.ObserveAsync(zone)).Observation);
        Assert.Equal(OrderOutcome.Done, (await caller.RemoveAsync(zone)).Outcome);
    }

    [Fact]
    public async Task With_a_server_only_that_server_counts()
    {
        await using ScriptedDnsServer server = new(query => ScriptedDnsServer.Refuse(query));
        await using ZoneFilesBackend backend = new(new ZoneFilesOptions(_zones) { Server = server.EndPoint }, TimeProvider.System);
        BackendCaller caller = new(backend);

        Assert.Equal(OrderOutcome.Done, (await caller.ApplyAsync(Zone, SmallZone.Create(Zone, 1))).Outcome);
        Assert.Equal(Observation.Absent, (await caller.ObserveAsync(Zone)).Observation);
        Assert.Equal(OrderOutcome.Done, (await caller.ProbeAsync()).Outcome);
    }

    [Theory]
    [InlineData("example. 300 IN SOA a. b. 17 1 1 1 1", 17u)]
    [InlineData("; SOA x y 3\n$TTL 5\n$ORIGIN soa.\n@ IN SOA a b (\n  ; serial\n 4294967295 ; here\n 1 )", 4294967295u)]
    [InlineData("a\\;b. 300 IN SOA m\\(x. r\\;y. 9 1 1 1 1", 9u)]
    [InlineData("example. 300 IN NS a.", null)]
    [InlineData("example. 300 IN SOA a. b. many", null)]
    [InlineData("example. 300 IN SOA a.\\", null)]
    [InlineData("", null)]
    public void Finds_the_serial_in_the_head_of_a_file(string text, uint? serial) => Assert.Equal(serial, ZoneFileSerial.Find(text));

    private static bool IsGone(string pid)
    {
        // A killed child that nobody has waited for yet still has an entry, in state Z.
        string stat = $"/proc/{pid}/stat";
        try
        {
            return File.ReadAllText(stat).Split(')')[^1].TrimStart().StartsWith('Z');
        }
        catch (IOException)
        {
            return true;
        }
    }

    private string Script(string body)
    {
        string path = _folder.Write("command.sh", "#!/bin/sh\n" + body + "\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        return path;
    }
}
