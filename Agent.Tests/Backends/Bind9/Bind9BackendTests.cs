using System.Collections.Concurrent;
using Agent.Actors.Backends;
using Agent.Actors.Reasons;
using Agent.Actors.Transfers;
using Agent.Backends.Bind9;
using Agent.Backends.Shared;
using Agent.Dns.Wire;
using Agent.Bench.Peers;
using Agent.Tests.Backends.DynamicUpdate;

namespace Agent.Tests.Backends.Bind9;

/// <summary>What the driver says to named and what it makes of the answers, with a scripted named.</summary>
public sealed class Bind9BackendTests : IDisposable
{
    private static readonly DomainName Zone = DomainName.Parse("Target.Example.");

    private readonly TemporaryFolder _folder = new("bind9");
    private readonly ConcurrentQueue<string> _commands = new();

    private string File => _folder.Combine("target.example.zone");

    private string Stanza => $"{{ type primary; file \"{File}\"; check-names ignore; check-integrity no; check-dup-records ignore; }};";

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_new_zone_is_added_and_then_reloaded()
    {
        await RunAsync(
            (command, _) => command.Done(),
            async caller =>
            {
                await DoneAsync(caller.ApplyAsync(Zone, SmallZone.Create(Zone, 1)));
                await DoneAsync(caller.ApplyAsync(Zone, SmallZone.Create(Zone, 2)));
            });

        Assert.Equal([$"addzone \"target.example\" IN _default {Stanza}", "reload target.example IN _default"], _commands);
    }

    [Fact]
    public async Task A_zone_that_got_lost_is_added_again()
    {
        await RunAsync(
            (command, verb) => verb == "reload"
                ? command.Failed("not found", "no matching zone 'target.example' in any view")
                : command.Done(),
            async caller =>
            {
                await DoneAsync(caller.ApplyAsync(Zone, SmallZone.Create(Zone, 1)));
                await DoneAsync(caller.ApplyAsync(Zone, SmallZone.Create(Zone, 2)));
            });

        Assert.Equal(["addzone", "reload", "addzone"], Verbs);
    }

    [Fact]
    public async Task A_reload_that_saw_no_change_is_repeated_with_a_later_file()
    {
        List<DateTime> stamps = [];
        await RunAsync(
            (command, verb) =>
            {
                if (verb == "reload")
                    stamps.Add(System.IO.File.GetLastWriteTimeUtc(File));
                return command.Done(verb == "reload" ? "zone reload up-to-date" : verb == "zonestatus" ? Status(serial: 1) : "");
            },
            async caller =>
            {
                await DoneAsync(caller.ApplyAsync(Zone, SmallZone.Create(Zone, 1)));
                await DoneAsync(caller.ApplyAsync(Zone, SmallZone.Create(Zone, 2)));
            });

        Assert.Equal(["addzone", "reload", "zonestatus", "reload"], Verbs);
        Assert.True(stamps[1] >= stamps[0].AddSeconds(1), "the second time is a whole second later, for servers that count in seconds");
    }

    [Fact]
    public async Task The_same_serial_again_is_looked_at_from_the_start()
    {
        await RunAsync(
            (command, verb) => verb switch
            {
                "addzone" when _commands.Count > 1 => command.Failed("already exists"),
                "zonestatus" => command.Done(Status(serial: 1)),
                "showzone" => command.Done($"zone \"target.example\" {Stanza}"),
                _ => command.Done(),
            },
            async caller =>
            {
                await DoneAsync(caller.ApplyAsync(Zone, SmallZone.Create(Zone, 1)));
                await DoneAsync(caller.ApplyAsync(Zone, SmallZone.Create(Zone, 1)));
            });

        Assert.Equal(["addzone", "addzone", "zonestatus", "showzone", "reload"], Verbs);
    }

    [Fact]
    public async Task A_zone_with_another_file_is_replaced_and_one_with_other_statements_changed()
    {
        int added = 0;
        await RunAsync(
            (command, verb) => verb switch
            {
                "addzone" when ++added == 1 => command.Failed("already exists"),
                "zonestatus" => command.Done(Status(serial: 1, file: "/elsewhere/target.zone")),
                _ => command.Done(),
            },
            async caller => await DoneAsync(caller.ApplyAsync(Zone, SmallZone.Create(Zone, 1))));
        Assert.Equal(["addzone", "zonestatus", "delzone", "addzone"], Verbs);

        _commands.Clear();
        await RunAsync(
            (command, verb) => verb switch
            {
                "addzone" => command.Failed("already exists"),
                "zonestatus" => command.Done(Status(serial: 1)),
                "showzone" => command.Done($"zone \"target.example\" {{ type primary; file \"{File}\"; notify no; }};"),
                _ => command.Done(),
            },
            async caller => await DoneAsync(caller.ApplyAsync(Zone, SmallZone.Create(Zone, 1))));
        Assert.Equal(["addzone", "zonestatus", "showzone", "modzone", "showzone", "reload"], Verbs);
    }

    [Fact]
    public async Task Removing_asks_first_and_takes_the_files_away()
    {
        _folder.Write("target.example.zone", "");
        _folder.Write("target.example.zone.jnl", "");
        _folder.Write("other.example.zone", "");

        await RunAsync(
            (command, verb) => command.Done(verb == "zonestatus" ? Status(serial: 1) : "zone 'target.example' will be deleted."),
            async caller => await DoneAsync(caller.RemoveAsync(Zone)));

        Assert.Equal(["zonestatus target.example IN _default", "delzone target.example IN _default"], _commands);
        Assert.Equal(["other.example.zone"], Directory.GetFiles(_folder.FullPath).Select(Path.GetFileName));
    }

    /// <summary>Refused is also what an access list says, so named is asked; but not right behind its word that the zone goes.</summary>
    [Fact]
    public Task A_zone_that_named_just_took_away_and_refuses_is_gone_for_one_look() => RemovedAndRefusedAsync(view: null, async caller =>
    {
        Assert.Equal(Observation.Absent, (await caller.ObserveAsync(Zone)).Observation);
        Assert.Equal(["zonestatus", "delzone"], Verbs);
        Assert.Equal(Observation.CannotTell, (await caller.ObserveAsync(Zone)).Observation);
        await DoneAsync(caller.RemoveAsync(Zone));
        await DoneAsync(caller.ApplyAsync(Zone, SmallZone.Create(Zone, 1)));
        Assert.Equal(Observation.CannotTell, (await caller.ObserveAsync(Zone)).Observation);
    });

    [Fact]
    public Task Behind_a_view_named_is_always_asked_whether_a_zone_is_gone() => RemovedAndRefusedAsync("inside", async caller =>
        Assert.Equal(Observation.Present, (await caller.ObserveAsync(Zone)).Observation));

    [Theory]
    [InlineData("failure", "")]
    [InlineData("permission denied", "Not allowing new zones in view '_default'")]
    [InlineData("not found", "no matching view found for 'inside'")]
    public async Task A_no_is_a_refusal_in_nameds_words(string error, string text)
    {
        OrderFinished? answer = null;
        await RunAsync(
            (command, verb) => verb == "status" ? command.Done() : command.Failed(error, text),
            async caller => answer = await caller.ApplyAsync(Zone, SmallZone.Create(Zone, 1)));

        Assert.Equal(OrderOutcome.Refused, answer!.Outcome);
        Assert.Contains(error, answer.Reason!.Text, StringComparison.Ordinal);
        Assert.Contains(text, answer.Reason.Text, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_folder.FullPath, "*.zone"));
    }

    [Theory]
    [InlineData("version: BIND 9.18.28 (Extended Support Version) <id:>", 100)]
    [InlineData("version: BIND 9.18.49-1~deb12u3-Debian (Extended Support Version) <id:>", 100)]
    [InlineData("version: BIND 9.20.0 (Stable Release) <id:> (none of your business)", 100)]
    [InlineData("version: BIND 9.18.27 (Extended Support Version) <id:>", null)]
    [InlineData("version: BIND 9.16.50 (Extended Support Version) <id:>", null)]
    [InlineData("version: BIND 9.19.20 (Development Release) <id:>", null)]
    [InlineData("version: something else", null)]
    public async Task A_probe_tells_what_its_version_holds(string version, int? limit) => await RunAsync(
        (command, _) => command.Done($"{version}\nboot time: Sat, 28 Nov 2026 10:00:00 GMT"),
        async caller =>
        {
            ZoneLimits limits = (await caller.ProbeAsync()).Limits!;
            Assert.Equal((limit, limit), (limits.Sets.SingleOrDefault()?.Records, limits.TypesPerName));
            Assert.Equal(251, limits.FileNameOctets);
        });

    [Fact]
    public async Task A_large_content_before_the_first_probe_has_the_server_asked_what_it_holds()
    {
        await RunAsync(
            (command, verb) => command.Done(verb == "status" ? "version: BIND 9.20.1" : ""),
            async caller =>
            {
                await DoneAsync(caller.ApplyAsync(Zone, SmallZone.Create(Zone, 1, hosts: 98)));
                await DoneAsync(caller.ApplyAsync(Zone, SmallZone.Create(Zone, 2, hosts: 99)));
                await DoneAsync(caller.ApplyAsync(Zone, SmallZone.Create(Zone, 3, hosts: 100)));
            });

        Assert.Equal(["addzone", "status", "reload", "reload"], Verbs);
    }

    [Fact]
    public async Task Some_zones_have_statements_of_their_own_and_the_limits_that_stand_there()
    {
        DomainName own = DomainName.Parse("a.own.example.");
        OrderFinished? refused = null;
        await RunAsync(
            (command, _) => command.Done(),
            async caller =>
            {
                await DoneAsync(caller.ApplyAsync(Zone, SmallZone.Create(Zone, 1, hosts: 5)));
                await DoneAsync(caller.ApplyAsync(own, SmallZone.Create(own, 1)));
                refused = await caller.ApplyAsync(own, UpdateTarget.Zone("a.own.example.", 2, "a A 192.0.2.1", "a TXT x", "a MX 1 b"));
            },
            options => options with { Templates = [(new ZonePattern(own.Parent, IsBelow: true), "max-types-per-name 2;")] });

        Assert.Equal([$"addzone \"target.example\" IN _default {Stanza}", $"addzone \"a.own.example\" IN _default {OwnStanza}"], _commands);
        Assert.Equal(ReasonCode.TargetCannotHold, refused!.Reason?.Code);
    }

    [Fact]
    public void Statements_of_some_zones_are_checked_like_those_of_all()
    {
        Bind9Options options = new("/zones")
        {
            KeySecret = RndcRecording.Secret,
            Templates = [(new ZonePattern(Zone, IsBelow: false), "type secondary;")],
        };

        Assert.Equal(
            "templates", Assert.Throws<BackendOptionsException>(() => new Bind9Backend(options, TimeProvider.System)).Setting);
    }

    private string OwnStanza => Stanza.Replace("target.example.zone", "a.own.example.zone", StringComparison.Ordinal)
        .Replace("check-dup-records ignore;", "check-dup-records ignore; max-types-per-name 2;", StringComparison.Ordinal);

    private IEnumerable<string> Verbs => _commands.Select(command => command.Split(' ')[0]);

    /// <summary>named said yes to the removal and still has the zone when it is asked; by DNS it refuses all.</summary>
    private async Task RemovedAndRefusedAsync(string? view, Func<BackendCaller, Task> then)
    {
        await using ScriptedDnsServer dns = new(ScriptedDnsServer.Refuse);
        await RunAsync(
            (command, verb) => command.Done(verb == "zonestatus" ? Status(serial: 1) : "zone 'target.example' will be deleted."),
            async caller =>
            {
                await DoneAsync(caller.RemoveAsync(Zone));
                await then(caller);
            },
            options => options with { Server = dns.EndPoint, View = view });
    }

    private static async Task DoneAsync(Task<OrderFinished> order)
    {
        OrderFinished answer = await order;
        Assert.True(answer.Outcome == OrderOutcome.Done, answer.Reason?.ToString());
    }

    private string Status(uint serial, string? file = null) =>
        $"name: target.example\ntype: primary\nfiles: {file ?? File}\nserial: {serial}\nreconfigurable via modzone: yes";

    private async Task RunAsync(
        Func<ScriptedCommand, string, byte[]> script, Func<BackendCaller, Task> orders, Func<Bind9Options, Bind9Options>? change = null)
    {
        await using ScriptedNamed named = new(ScriptedNamed.NewKey(), command =>
        {
            if (command.IsGreeting)
                return Task.FromResult<byte[]?>(command.Done());
            _commands.Enqueue(command.Text);
            return Task.FromResult<byte[]?>(script(command, command.Text.Split(' ')[0]));
        });
        Bind9Options options = new(_folder.FullPath) { KeySecret = RndcRecording.Secret, Port = named.Endpoint.Port };
        await using Bind9Backend backend = new(change is null ? options : change(options), TimeProvider.System);
        await orders(new BackendCaller(backend));
    }
}
