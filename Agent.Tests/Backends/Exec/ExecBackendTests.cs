using Agent.Actors.Backends;
using Agent.Actors.Reasons;
using Agent.Backends.Exec;
using Agent.Backends.Shared;
using Agent.Bench.Peers;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Tests.Backends.Exec;

/// <summary>The driver with programs of a few lines.</summary>
public sealed class ExecBackendTests : IDisposable
{
    private static readonly DomainName Zone = DomainName.Parse("Exec.Example.");

    private readonly TemporaryFolder _folder = new("exec");
    private readonly string _spool;

    public ExecBackendTests() => _spool = _folder.CreateFolder("spool");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Tells_the_program_what_to_do_in_arguments_and_gives_it_the_zone_as_input()
    {
        await using ExecBackend backend = Backend("""printf '%s|' "$@" >>"$LOG"; echo >>"$LOG"; cat >>"$LOG" """);
        BackendCaller caller = new(backend);

        await DoneAsync(caller.ProbeAsync());
        await DoneAsync(caller.ApplyAsync(Zone, SmallZone.Create(Zone, 4294967295)));
        await DoneAsync(caller.RemoveAsync(Zone));

        Assert.Equal(
            [
                "$(id) own|probe|",
                "$(id) own|apply|exec.example|4294967295|",
                "Exec.Example. 300 IN SOA ns1.elsewhere.test. ns1.elsewhere.test. 4294967295 3600 600 86400 300",
                "Exec.Example. 300 IN NS ns1.elsewhere.test.",
                "h0.Exec.Example. 300 IN A 192.0.0.0",
                "$(id) own|remove|exec.example|",
            ],
            await File.ReadAllLinesAsync(_folder.Combine("log")));
        Assert.Empty(Directory.GetFileSystemEntries(_spool));
        Assert.Empty(caller.Surplus);
    }

    [Theory]
    [InlineData("-rf\\;\\ \\$\\(id\\).example.", "\\045rf\\059\\032\\036\\040id\\041.example")]
    [InlineData("new\\010line.\\000.", "new\\010line.\\000")]
    [InlineData("\\.\\.\\/\\.\\.\\/etc.", "\\046\\046\\047\\046\\046\\047etc")]
    [InlineData("\\255\\\"quo'te.", "\\255\\034quo\\039te")]
    [InlineData(".", ".")]
    public async Task A_name_is_one_word_without_meaning_to_anybody(string name, string word)
    {
        DomainName zone = DomainName.Parse(name);
        await using ExecBackend backend = Backend("""shift; printf '%s|' "$@" >>"$LOG"; [ "$1" != observe ] || exit 76""");
        BackendCaller caller = new(backend);

        await DoneAsync(caller.ApplyAsync(zone, SmallZone.Create(zone, 1, hosts: 0)));
        Assert.Equal(Observation.Absent, (await caller.ObserveAsync(zone)).Observation);
        await DoneAsync(caller.RemoveAsync(zone));

        Assert.Equal($"apply|{word}|1|observe|{word}|remove|{word}|", await File.ReadAllTextAsync(_folder.Combine("log")));
    }

    [Fact]
    public async Task The_program_sees_what_is_passed_and_nothing_else_of_our_environment()
    {
        Environment.SetEnvironmentVariable("EXEC_SECRET_FOR_TEST", "secret");
        Environment.SetEnvironmentVariable("EXEC_TOKEN_FOR_TEST", "token");
        await using ExecBackend backend = Backend("env >>\"$LOG\"", options => options with
        {
            Environment = [.. options.Environment, "EXEC_TOKEN_FOR_TEST", "NOT_SET_FOR_TEST"],
        });

        await DoneAsync(new BackendCaller(backend).ProbeAsync());

        string[] seen = [.. (await File.ReadAllLinesAsync(_folder.Combine("log"))).Select(line => line.Split('=')[0])];
        Assert.Contains("PATH", seen);
        Assert.Contains("EXEC_TOKEN_FOR_TEST", seen);
        string[] possible = ["PATH", "HOME", "LANG", "TZ", "USER", "LOG", "EXEC_TOKEN_FOR_TEST", "PWD", "OLDPWD", "SHLVL", "_"];
        Assert.Empty(seen.Except(possible));
    }

    [Theory]
    [InlineData("exit 0", OrderOutcome.Done, null)]
    [InlineData("echo 1 >&2; echo; echo ' the reason ' >&2; echo >&2; exit 1", OrderOutcome.Refused, "exec.example 1 ended with 1: the reason")]
    [InlineData("echo no route >&2; exit 75", OrderOutcome.Away, "ended with 75: no route")]
    [InlineData("exit 76", OrderOutcome.Refused, "ended with 76")]
    [InlineData("exit 2", OrderOutcome.Refused, "ended with 2")]
    [InlineData("kill -9 $$", OrderOutcome.Refused, "ended with 137")]
    [InlineData("printf 'bell\\a tab\\t' >&2; exit 1", OrderOutcome.Refused, "ended with 1: bell  tab")]
    public async Task The_exit_code_is_the_outcome_and_the_last_line_of_standard_error_the_reason(
        string script, OrderOutcome outcome, string? reason)
    {
        await using ExecBackend backend = Backend(script);
        BackendCaller caller = new(backend);

        OrderFinished apply = await caller.ApplyAsync(Zone, SmallZone.Create(Zone, 1));
        OrderFinished remove = await caller.RemoveAsync(Zone);

        Assert.Equal((outcome, outcome), (apply.Outcome, remove.Outcome));
        if (reason is null) Assert.Null(apply.Reason);
        else Assert.EndsWith(reason, apply.Reason!.Text, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(_spool));
    }

    [Theory]
    [InlineData("echo 4294967295", Observation.Present, 4294967295, null)]
    [InlineData("echo; echo ' 7 '; echo talk >&2", Observation.Present, 7, null)]
    [InlineData("exit 76", Observation.Absent, 0, null)]
    [InlineData("exit 75", Observation.CannotTell, 0, "ended with 75")]
    [InlineData("exit 1", Observation.CannotTell, 0, "ended with 1")]
    [InlineData("exit 0", Observation.CannotTell, 0, "said no serial")]
    [InlineData("echo absent", Observation.CannotTell, 0, "said no serial: 'absent'")]
    [InlineData("echo -1", Observation.CannotTell, 0, "said no serial: '-1'")]
    [InlineData("echo 4294967296", Observation.CannotTell, 0, "said no serial")]
    public async Task What_it_observes_is_a_serial_or_absent_or_nothing_known(
        string script, Observation observation, uint serial, string? reason)
    {
        await using ExecBackend backend = Backend(script);

        ZoneObserved seen = await new BackendCaller(backend).ObserveAsync(Zone);

        Assert.Equal((observation, serial), (seen.Observation, seen.Serial));
        if (reason is null) Assert.Null(seen.Reason);
        else Assert.Contains(reason, seen.Reason!.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_a_server_that_is_asked_and_not_the_program()
    {
        await using ScriptedDnsServer server = new(query => ScriptedDnsServer.AnswerSoa(query, 12));
        await using ExecBackend backend = Backend("exit 1", options => options with { Server = server.EndPoint });

        ZoneObserved seen = await new BackendCaller(backend).ObserveAsync(Zone);

        Assert.Equal((Observation.Present, 12u), (seen.Observation, seen.Serial));
    }

    [Fact]
    public async Task A_probe_names_the_servers_run_or_is_away()
    {
        await using ExecBackend named = Backend("echo run 5; echo more");
        await using ExecBackend silent = Backend("exit 0");
        await using ExecBackend broken = Backend("echo why >&2; exit 1");
        OrderFinished away = await new BackendCaller(broken).ProbeAsync();

        Assert.Equal("run 5", (await new BackendCaller(named).ProbeAsync()).ServerRun);
        Assert.Null((await new BackendCaller(silent).ProbeAsync()).ServerRun);
        Assert.Equal(OrderOutcome.Away, away.Outcome);
        Assert.EndsWith("probe ended with 1: why", away.Reason!.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Lists_what_the_program_names_once_each_and_up_to_a_bound()
    {
        await using ExecBackend backend = Backend(@"printf '%s\n' b.example A.example. a.example 'new\010line'", ListsAll);
        BackendCaller caller = new(backend);

        ServedListed listed = await caller.ListAsync(maximum: 4);
        ServedListed tooMany = await caller.ListAsync(maximum: 2);

        Assert.Equal(
            ["A.example.", "b.example.", "new\\010line."], listed.Zones.Select(zone => zone.ToString()).Order(StringComparer.Ordinal));
        Assert.Contains("more than 2 zones", tooMany.Failure!.Text, StringComparison.Ordinal);
        Assert.Equal(ZoneListing.Whole, backend.Traits.Listing);
    }

    [Theory]
    [InlineData("echo 'no name..'", ReasonCode.TargetRefused, "no name..")]
    [InlineData("echo a.example; exit 75", ReasonCode.TargetAway, "ended with 75")]
    [InlineData("echo a.example; exit 1", ReasonCode.TargetRefused, "ended with 1")]
    public async Task A_list_that_is_not_whole_is_a_failure(string script, string code, string words)
    {
        await using ExecBackend backend = Backend(script, ListsAll);

        ServedListed listed = await new BackendCaller(backend).ListAsync();

        Assert.Equal(code, listed.Failure?.Code);
        Assert.Contains(words, listed.Failure!.Text, StringComparison.Ordinal);
        Assert.Empty(listed.Zones);
    }

    [Fact]
    public async Task A_program_that_names_no_zones_is_not_asked_to()
    {
        await using ExecBackend backend = Backend("echo a.example");

        Assert.Equal(ZoneListing.None, backend.Traits.Listing);
        Assert.Equal(ReasonCode.TargetRefused, (await new BackendCaller(backend).ListAsync()).Failure?.Code);
    }

    [Fact]
    public async Task At_its_deadline_everything_that_it_started_is_killed()
    {
        string pids = _folder.Combine("pids");

        // The first sleeper has lost its parent.
        string script = $"sh -c 'sleep 600 & echo $! >>{pids}'; sleep 600 & echo $! $$ >>{pids}; echo busy >&2; wait";
        await using ExecBackend backend = Backend(script, options => options with { Timeout = TimeSpan.FromMilliseconds(700) });

        OrderFinished answer = await new BackendCaller(backend).ApplyAsync(Zone, SmallZone.Create(Zone, 1));

        Assert.Equal(OrderOutcome.Away, answer.Outcome);
        Assert.EndsWith("took longer than 0.7 s and was killed: busy", answer.Reason!.Text, StringComparison.Ordinal);
        string[] started = (await File.ReadAllTextAsync(pids)).Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(3, started.Length);
        await Eventually.HoldsAsync(() => started.All(IsGone), () => string.Join(' ', started) + " ended");
        Assert.Empty(Directory.GetFileSystemEntries(_spool));
    }

    [Fact]
    public async Task Closing_the_driver_kills_what_runs_and_answers_for_it()
    {
        string pid = _folder.Combine("pid");
        ExecBackend backend = Backend($"echo $$ >{pid}; exec sleep 600");
        Task<OrderFinished> apply = new BackendCaller(backend).ApplyAsync(Zone, SmallZone.Create(Zone, 1));
        await Eventually.HoldsAsync(() => File.Exists(pid) && new FileInfo(pid).Length > 0, () => "it runs");

        await backend.DisposeAsync();

        Assert.Equal(OrderOutcome.Away, (await apply).Outcome);
        await Eventually.HoldsAsync(() => IsGone(File.ReadAllText(pid).Trim()), () => "it ended");
    }

    [Fact]
    public async Task A_daemon_that_it_leaves_behind_holds_nothing_up_and_lives()
    {
        string pid = _folder.Combine("pid");
        await using ExecBackend backend = Backend($"sleep 600 & echo $! >{pid}; echo 5");

        ZoneObserved seen = await new BackendCaller(backend).ObserveAsync(Zone);

        Assert.Equal((Observation.Present, 5u), (seen.Observation, seen.Serial));
        using var daemon = System.Diagnostics.Process.GetProcessById(int.Parse(await File.ReadAllTextAsync(pid)));
        Assert.False(daemon.HasExited);
        daemon.Kill();
    }

    [Fact]
    public async Task Output_without_end_is_not_kept()
    {
        string endless = "yes 'a line of some length that nobody wants' & yes >&2";
        await using ExecBackend backend = Backend(endless, options => options with { Timeout = TimeSpan.FromMilliseconds(700) });
        long before = GC.GetTotalMemory(forceFullCollection: true);

        ZoneObserved seen = await new BackendCaller(backend).ObserveAsync(Zone);

        Assert.Equal(Observation.CannotTell, seen.Observation);
        Assert.EndsWith("was killed: y", seen.Reason!.Text, StringComparison.Ordinal);
        // What other tests hold meanwhile goes again; what this driver had kept would not.
        long kept = 0;
        await Eventually.HoldsAsync(
            () => (kept = GC.GetTotalMemory(forceFullCollection: true) - before) <= 16 << 20, () => $"{kept} octets are held");
        await using ExecBackend wide = Backend("head -c 5000000 /dev/zero | tr '\\0' x >&2; exit 1");
        Assert.InRange((await new BackendCaller(wide).RemoveAsync(Zone)).Reason!.Text.Length, 2000, 2300);
    }

    [Fact]
    public async Task A_large_zone_comes_whole_and_one_that_is_not_read_does_no_harm()
    {
        ZoneContent content = SmallZone.Create(Zone, 1, hosts: 20_000);
        await using ExecBackend reading = Backend("wc -l >\"$LOG\"");
        await using ExecBackend ignoring = Backend("exit 0");

        await DoneAsync(new BackendCaller(reading).ApplyAsync(Zone, content));
        await DoneAsync(new BackendCaller(ignoring).ApplyAsync(Zone, content));

        Assert.Equal("20002", (await File.ReadAllTextAsync(_folder.Combine("log"))).Trim());
    }

    [Fact]
    public async Task A_program_that_is_not_there_or_a_full_spool_is_told_of()
    {
        await using ExecBackend missing = new(new ExecOptions(["/no/such/program"], _spool), TimeProvider.System);
        await using ExecBackend unspooled = new(new ExecOptions(["/bin/true"], _folder.Combine("nowhere")), TimeProvider.System);
        OrderFinished probe = await new BackendCaller(missing).ProbeAsync();

        Assert.Equal(OrderOutcome.Away, probe.Outcome);
        Assert.Contains("/no/such/program", probe.Reason!.Text, StringComparison.Ordinal);
        Assert.Equal(OrderOutcome.Refused, (await new BackendCaller(missing).RemoveAsync(Zone)).Outcome);
        Assert.Equal(OrderOutcome.Away, (await new BackendCaller(unspooled).ApplyAsync(Zone, SmallZone.Create(Zone, 1))).Outcome);
    }

    [Theory]
    [InlineData]
    [InlineData("")]
    [InlineData("/bin/true", "a\0b")]
    public void A_command_that_can_never_run_is_found_at_once(params string[] command) => Assert.Throws<BackendOptionsException>(
        () => new ExecBackend(new ExecOptions(command, _spool), TimeProvider.System));

    private static ExecOptions ListsAll(ExecOptions options) => options with { Listing = ZoneListing.Whole };

    private static bool IsGone(string pid)
    {
        string status = $"/proc/{pid}/stat";
        try
        {
            // Z: it ended, and whoever inherited it has not asked for its end yet.
            return File.ReadAllText(status).Split(") ")[1].StartsWith('Z');
        }
        catch (IOException)
        {
            return true;
        }
    }

    private static async Task DoneAsync(Task<OrderFinished> order)
    {
        OrderFinished answer = await order;
        Assert.True(answer.Outcome == OrderOutcome.Done, answer.Reason?.ToString());
    }

    private ExecBackend Backend(string script, Func<ExecOptions, ExecOptions>? change = null)
    {
        string path = _folder.Write($"program-{Guid.NewGuid():N}", $"#!/bin/sh\nLOG={_folder.Combine("log")}\n{script}\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        ExecOptions options = new([path, "$(id) own"], _spool);
        return new ExecBackend(change is null ? options : change(options), TimeProvider.System);
    }
}
