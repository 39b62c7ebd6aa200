using Agent.Actors.Backends;
using Agent.Backends.Exec;
using Agent.Backends.Shared;
using Agent.Bench.Peers;
using Agent.Dns.Wire;

namespace Agent.Tests.Backends.Exec;

/// <summary>Many zones in one run of a program of a few lines. A first change is held in the program until the others wait.</summary>
public sealed class ExecGroupsTests : IDisposable
{
    private const int Together = 8;

    // Waits for the test in the run of the zone that is there for it.
    private const string Hold = """
        echo "$*" >>"$DIR/log"
        case "$*" in "apply first 1") until [ -e "$DIR/go" ]; do sleep 0.01; done; exit 0 ;; esac

        """;

    private static readonly string[] Zones = [.. Enumerable.Range(1, 6).Select(i => $"z{i}")];

    private readonly TemporaryFolder _folder = new("exec");
    private readonly string _spool;
    private int _files;

    // With a blank, which a path may have.
    public ExecGroupsTests() => _spool = _folder.CreateFolder("the spool");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task What_comes_during_a_run_makes_up_the_next_with_a_line_for_each_zone()
    {
        Task[] changes = await SubmittedAsync(Apply, """
            while read -r zone serial file; do echo "$zone $serial $(cat "$file")" >>"$DIR/lines"; done
            """);

        await Task.WhenAll(changes);

        Assert.Equal(["apply first 1", "apply-many"], Log);
        Assert.Equal(Zones.Select(zone => $"{zone} 7 content of {zone}"), await File.ReadAllLinesAsync(_folder.Combine("lines")));
        await NothingIsLeftAsync();
    }

    [Fact]
    public async Task One_that_the_program_does_not_take_harms_no_other_and_has_its_own_reason()
    {
        Task[] changes = await SubmittedAsync(Apply, """
            case $1 in
              apply-many) ! grep -q '^z4 ' ;;
              apply) [ "$2" != z4 ] || { echo "z4 is bad" >&2; exit 1; } ;;
            esac
            """);

        BackendException refused = await Assert.ThrowsAsync<BackendException>(() => Task.WhenAll(changes));

        Assert.Equal(OrderOutcome.Refused, refused.Outcome);
        Assert.EndsWith("apply z4 7 ended with 1: z4 is bad", refused.Reason.Text, StringComparison.Ordinal);
        Assert.True(changes[4].IsFaulted);
        Assert.Equal(1, changes.Count(change => change.IsFaulted));
        await NothingIsLeftAsync();
    }

    [Fact]
    public async Task A_server_that_is_away_is_asked_once_for_all_of_a_group()
    {
        Task[] changes = await SubmittedAsync(Apply, "echo no route >&2; exit 75");

        BackendException[] away = await Task.WhenAll(changes[1..].Select(change => Assert.ThrowsAsync<BackendException>(() => change)));

        Assert.All(away, failure => Assert.Equal(OrderOutcome.Away, failure.Outcome));
        Assert.EndsWith("apply-many ended with 75: no route", away[0].Reason.Text, StringComparison.Ordinal);
        Assert.Equal(["apply first 1", "apply-many"], Log);
    }

    [Fact]
    public async Task A_server_that_goes_away_between_two_halves_is_not_asked_for_the_second()
    {
        Task[] changes = await SubmittedAsync(Apply, "grep -q '^z6 ' && exit 1; exit 75");

        await Task.WhenAll(changes[1..].Select(change => Assert.ThrowsAsync<BackendException>(() => change)));

        Assert.Equal(["apply first 1", "apply-many", "apply-many"], Log);
    }

    [Fact]
    public async Task Removals_go_together_as_their_names()
    {
        Task[] changes = await SubmittedAsync(zone => new ExecChange(zone), """cat >"$DIR/lines" """);

        await Task.WhenAll(changes);

        Assert.Equal(Zones, await File.ReadAllLinesAsync(_folder.Combine("lines")));
        Assert.Equal(["apply first 1", "remove-many"], Log);
    }

    [Fact]
    public async Task More_than_go_together_take_further_runs_and_kinds_are_not_mixed()
    {
        string[] many = [.. Enumerable.Range(0, Together + 2).Select(i => $"m{i}")];
        Task[] changes = await SubmittedAsync(
            zone => zone == "z1" ? new ExecChange(zone) : Apply(zone), "wc -l >>\"$DIR/lines\"", [.. Zones, .. many]);

        await Task.WhenAll(changes);

        Assert.Equal(["apply first 1", "remove z1", "apply-many", "apply-many"], Log);
        Assert.Equal(["0", "8", "7"], await File.ReadAllLinesAsync(_folder.Combine("lines")));
    }

    [Fact]
    public async Task A_group_that_was_not_done_in_time_is_followed_by_smaller_ones()
    {
        const string Slow = """wc -l >>"$DIR/lines"; [ "$1" != apply-many ] || [ $(tail -n 1 "$DIR/lines") -le 4 ] || sleep 600""";
        ExecGroups groups = Groups(Slow, TimeSpan.FromSeconds(2));
        Task first = await HeldAsync(groups);
        Task[] late = [.. Zones.Select(zone => groups.SubmitAsync(Apply(zone), CancellationToken.None))];
        _folder.Write("go", "");
        await first;

        BackendException[] away = await Task.WhenAll(late.Select(change => Assert.ThrowsAsync<BackendException>(() => change)));
        await Task.WhenAll(Zones.Select(zone => groups.SubmitAsync(Apply(zone), CancellationToken.None)));

        Assert.All(away, failure => Assert.Equal(OrderOutcome.Away, failure.Outcome));
        Assert.Equal("6", (await File.ReadAllLinesAsync(_folder.Combine("lines")))[0]);
    }

    [Fact]
    public async Task What_nobody_waits_for_any_more_is_not_begun()
    {
        using CancellationTokenSource stop = new();
        await using ExecGroups groups = Groups("cat >\"$DIR/lines\"");
        Task first = await HeldAsync(groups);
        Task given = groups.SubmitAsync(new ExecChange("given"), stop.Token);
        Task[] others = [.. Zones.Select(zone => groups.SubmitAsync(new ExecChange(zone), CancellationToken.None))];
        await stop.CancelAsync();
        _folder.Write("go", "");

        await Task.WhenAll([first, .. others]);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => given);
        Assert.Equal(Zones, await File.ReadAllLinesAsync(_folder.Combine("lines")));
    }

    [Fact]
    public async Task Closing_the_driver_kills_the_run_and_leaves_nothing_in_the_spool()
    {
        ExecBackend backend = new(Options("exit 0"), TimeProvider.System);
        BackendCaller caller = new(backend);
        DomainName zone = DomainName.Parse("first.");
        Task<OrderFinished> first = caller.ApplyAsync(zone, SmallZone.Create(zone, 1));
        await BegunAsync();
        DomainName next = DomainName.Parse("next.");
        Task<OrderFinished> waiting = caller.ApplyAsync(next, SmallZone.Create(next, 1));

        await backend.DisposeAsync();

        Assert.Equal((OrderOutcome.Away, OrderOutcome.Away), ((await first).Outcome, (await waiting).Outcome));
        Assert.Equal(["apply first 1"], Log);
        Assert.Empty(Directory.GetFileSystemEntries(_spool));
        Assert.Equal((Together, 2 * Together), (backend.Traits.OrdersTogether, backend.Traits.MaxConcurrentOrders));
    }

    private string[] Log => File.ReadAllLines(_folder.Combine("log"));

    /// <summary>All have been submitted while the first, which comes back in front of them, was under way.</summary>
    private async Task<Task[]> SubmittedAsync(Func<string, ExecChange> change, string script, string[]? zones = null)
    {
        ExecGroups groups = Groups(script);
        Task first = await HeldAsync(groups);
        Task[] others = [.. (zones ?? Zones).Select(zone => groups.SubmitAsync(change(zone), CancellationToken.None))];
        _folder.Write("go", "");
        return [first, .. others];
    }

    private async Task<Task> HeldAsync(ExecGroups groups)
    {
        Task first = groups.SubmitAsync(new ExecChange("first", "1", Content("first")), CancellationToken.None);
        await BegunAsync();
        return first;
    }

    private Task BegunAsync() =>
        Eventually.HoldsAsync(() => File.Exists(_folder.Combine("log")) && Log.Length > 0, () => "the first run has begun");

    // The answer comes before the files go.
    private Task NothingIsLeftAsync() =>
        Eventually.HoldsAsync(() => Directory.GetFileSystemEntries(_spool).Length == 0, () => "nothing is left in the spool");

    private ExecChange Apply(string zone) => new(zone, "7", Content(zone));

    private string Content(string zone)
    {
        string file = Path.Combine(_spool, $"file {++_files} of {zone}");
        File.WriteAllText(file, $"content of {zone}\n");
        return file;
    }

    private ExecGroups Groups(string script, TimeSpan? timeout = null)
    {
        ExecOptions options = Options(script);
        if (timeout is { } known) options = options with { Timeout = known };
        TimeProvider time = TimeProvider.System;
        return new ExecGroups(options, new ExecCommand(options, time), time);
    }

    private ExecOptions Options(string script)
    {
        string path = _folder.Write("program", $"#!/bin/sh\nDIR='{_folder.FullPath}'\n{Hold}{script}\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        return new ExecOptions([path], _spool) { Together = Together };
    }
}
