using System.Collections.Concurrent;
using Agent.Actors.Backends;
using Agent.Actors.Transfers;
using Agent.Backends.Nsd;
using Agent.Backends.Shared;
using Agent.Dns.Wire;

namespace Agent.Tests.Backends.Nsd;

/// <summary>What the driver says to nsd and makes of its answers, with an nsd that answers as a test tells.</summary>
public sealed class NsdBackendTests : IAsyncDisposable
{
    private static readonly DomainName Zone = DomainName.Parse("target.example.");

    private ScriptedNsd? _nsd;

    public static TheoryData<NsdOptions, string> Impossible => new()
    {
        { Options("/nsd.sock") with { Pattern = "" }, "pattern" },
        { Options("/nsd.sock") with { Pattern = "two words" }, "pattern" },
        { Options("/nsd.sock") with { Pattern = "p\nstop" }, "pattern" },
        { Options("/nsd.sock") with { Templates = [(new ZonePattern(Zone, IsBelow: true), "p\nstop")] }, "templates" },
        { Options(""), "control" },
        { Options("nsd.sock"), "control" },
        { Options("/" + new string('s', 200)), "control" },
    };

    [Theory]
    [MemberData(nameof(Impossible))]
    public void What_can_never_work_is_found_at_once(NsdOptions options, string setting) => Assert.Equal(
        setting, Assert.Throws<BackendOptionsException>(() => new NsdBackend(options, TimeProvider.System)).Setting);

    /// <summary>The state of nsd from which reload does not help: its configuration has the zone, what it serves has not.</summary>
    [Fact]
    public async Task The_same_serial_again_makes_the_zone_anew_and_a_new_one_only_reloads_it()
    {
        await RunAsync(Obliging, async caller =>
        {
            await DoneAsync(caller.ApplyAsync(Zone, SmallZone.Create(Zone, 1)));
            await DoneAsync(caller.ApplyAsync(Zone, SmallZone.Create(Zone, 1)));
            await DoneAsync(caller.ApplyAsync(Zone, SmallZone.Create(Zone, 2)));
            await DoneAsync(caller.RemoveAsync(Zone));
        });

        Assert.Equal(
            [
                "addzones", "zonestatus target.example",
                "zonestatus target.example", "changezone target.example agent",
                "reload target.example",
                "delzones",
            ],
            _nsd!.Commands);
    }

    [Fact]
    public async Task Some_zones_get_a_pattern_of_their_own()
    {
        ConcurrentBag<string> added = [];
        DomainName own = DomainName.Parse("own.example.");
        await RunAsync(
            (command, lines) =>
            {
                foreach (string line in lines) added.Add(line);
                return Obliging(command, lines);
            },
            async caller =>
            {
                await DoneAsync(caller.ApplyAsync(Zone, SmallZone.Create(Zone, 1)));
                await DoneAsync(caller.ApplyAsync(own, SmallZone.Create(own, 1)));
                await DoneAsync(caller.ApplyAsync(own, SmallZone.Create(own, 1)));
            },
            options => options with { Templates = [(new ZonePattern(own, IsBelow: false), "special")] });

        Assert.Equal(["own.example special", "target.example agent"], added.Order(StringComparer.Ordinal));
        Assert.Contains("changezone own.example special", _nsd!.Commands);
    }

    [Fact]
    public async Task A_zone_that_nsd_lost_is_added_instead_of_reloaded()
    {
        await RunAsync(
            (command, lines) => command.StartsWith("reload", StringComparison.Ordinal)
                ? "error zone target.example not configured\n"
                : Obliging(command, lines),
            async caller =>
            {
                await DoneAsync(caller.ApplyAsync(Zone, SmallZone.Create(Zone, 1)));
                await DoneAsync(caller.ApplyAsync(Zone, SmallZone.Create(Zone, 2)));
            });

        Assert.Equal(["addzones", "zonestatus target.example", "reload target.example", "addzones"], _nsd!.Commands);
    }

    [Fact]
    public async Task A_call_for_many_zones_that_breaks_fails_only_those_that_nsd_did_not_answer()
    {
        ConcurrentBag<string> answered = [];
        await RunAsync(
            (_, lines) => string.Concat(lines.TakeWhile(line => line[1] < '5').Select(line =>
            {
                answered.Add(line.Split(' ')[0] + ".");
                return $"added: {line.Split(' ')[0]}\n";
            })),
            async caller =>
            {
                DomainName[] zones = [.. Enumerable.Range(0, 10).Select(i => DomainName.Parse($"z{i}.example."))];
                OrderFinished[] all = await Task.WhenAll(zones.Select(zone => caller.ApplyAsync(zone, SmallZone.Create(zone, 1))));
                Assert.All(zones.Zip(all), pair => Assert.Equal(
                    answered.Contains(pair.First.ToString()) ? OrderOutcome.Done : OrderOutcome.Away, pair.Second.Outcome));
            });
    }

    [Fact]
    public async Task An_answer_for_another_zone_is_nobodys()
    {
        OrderFinished? answer = null;
        await RunAsync(
            (_, _) => "added: other.example\n", async caller => answer = await caller.ApplyAsync(Zone, SmallZone.Create(Zone, 1)));

        Assert.Equal(OrderOutcome.Away, answer!.Outcome);
        Assert.Contains("other.example", answer.Reason!.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_bad_line_costs_the_others_nothing()
    {
        OrderFinished[] answers = [];
        DomainName other = DomainName.Parse("other.example.");
        await RunAsync(
            (_, lines) => string.Concat(lines.Select(line => line.StartsWith("other", StringComparison.Ordinal)
                ? $"error could not add zonelist entry\nerror for input line '{line}'\n"
                : $"added: {line.Split(' ')[0]}\n")),
            async caller => answers = await Task.WhenAll(
                caller.ApplyAsync(Zone, SmallZone.Create(Zone, 1)), caller.ApplyAsync(other, SmallZone.Create(other, 1))));

        Assert.Equal([OrderOutcome.Done, OrderOutcome.Refused], answers.Select(answer => answer.Outcome));
        Assert.Contains("could not add zonelist entry", answers[1].Reason!.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "closed the control connection without an answer")]
    [InlineData("220 mail.example ESMTP\n", "is not nsd")]
    [InlineData("long", "not one of nsd")]
    public async Task Whatever_else_answers_counts_as_away(string answer, string words)
    {
        OrderFinished? probe = null;
        await RunAsync((_, _) => answer == "long" ? new string('x', 100_000) : answer, async caller => probe = await caller.ProbeAsync());

        Assert.Equal(OrderOutcome.Away, probe!.Outcome);
        Assert.Contains(words, probe.Reason!.Text, StringComparison.Ordinal);
    }

    /// <summary>The list has no end: one that broke off looks like that of a server with few zones.</summary>
    [Fact]
    public async Task A_list_after_which_nsd_does_not_answer_is_no_list()
    {
        ServedListed? whole = null;
        ServedListed? cut = null;
        bool isAlive = true;
        await RunAsync(
            (command, _) => command switch
            {
                "zonestatus" => "zone:\ta.example\n\tpattern: agent\n\tstate: master\nzone:\tconf.example\n\tstate: master\n"
                    + "zone:\tsecond.example\n\tpattern: mirror\n\tstate: ok\n\tserved-serial: none\n"
                    + "zone:\tb.example\n\tpattern: x\n\tstate: master\n",
                _ => isAlive ? "version: 4.6.1\n" : "",
            },
            async caller =>
            {
                whole = await caller.ListAsync();
                isAlive = false;
                cut = await caller.ListAsync();
            });

        Assert.Equal(["a.example.", "b.example."], whole!.Zones.Select(zone => zone.ToString()));
        Assert.NotNull(cut!.Failure);
    }

    public async ValueTask DisposeAsync()
    {
        if (_nsd is not null) await _nsd.DisposeAsync();
    }

    private static string Obliging(string command, string[] lines) => command.Split(' ')[0] switch
    {
        "addzones" => string.Concat(lines.Select(line => $"added: {line.Split(' ')[0]}\n")) + "added 1 zones\n",
        "delzones" => string.Concat(lines.Select(line => $"removed: {line}\n")) + "deleted 1 zones\n",
        "zonestatus" => $"zone:\t{command.Split(' ')[1]}\n\tpattern: agent\n\tstate: master\n",
        _ => "ok\n",
    };

    private static NsdOptions Options(string path) => new(new NsdControlPlace.LocalSocket(path), "agent", "/zones");

    private static async Task DoneAsync(Task<OrderFinished> order)
    {
        OrderFinished answer = await order;
        Assert.True(answer.Outcome == OrderOutcome.Done, answer.Reason?.ToString());
    }

    private async Task RunAsync(
        Func<string, string[], string> script, Func<BackendCaller, Task> orders, Func<NsdOptions, NsdOptions>? change = null)
    {
        // Serves every zone, so that the first one proves the pattern, which is one of primaries.
        await using ScriptedDnsServer dns = new(query => ScriptedDnsServer.AnswerSoa(query, 1));
        _nsd = new ScriptedNsd((command, lines) =>
            command.StartsWith("zonestatus ", StringComparison.Ordinal) ? Obliging(command, lines) : script(command, lines));
        NsdOptions options = Options(_nsd.Path) with { ZoneDirectory = _nsd.ZoneFolder, Server = dns.EndPoint };
        await using NsdBackend backend = new(change is null ? options : change(options), TimeProvider.System);
        await orders(new BackendCaller(backend));
    }
}
