using Agent.Actors.Backends;
using Agent.Actors.Reasons;
using Agent.Backends.Bind9;
using Agent.Backends.Shared;
using Agent.Dns.Wire;
using Agent.Dns.Zones;
using Agent.Bench.Peers;

namespace Agent.Tests.Backends.Bind9;

/// <summary>The driver against the real named.</summary>
[Trait("Category", "Peer")]
public sealed class Bind9BackendPeerTests
{
    private static readonly DomainName Zone = DomainName.Parse("target.example.");

    public static TheoryData<string> Algorithms => RndcCodecTests.AllAlgorithms;

    [Theory]
    [MemberData(nameof(Algorithms))]
    public async Task Adds_changes_and_removes_with_every_algorithm(string algorithm)
    {
        await using Bind9Target target = await Bind9Target.StartAsync(new BindServer { ControlAlgorithm = algorithm });

        await target.AppliedAsync(Zone, SmallZone.Create(Zone, 1));
        await target.AppliedAsync(Zone, SmallZone.Create(Zone, 2, hosts: 5));
        Assert.Equal(2u, await WorkerClient.PollSerialAsync(target.Server.EndPoint, "target.example."));
        await target.RemovedAsync(Zone);

        Assert.Empty(Directory.GetFiles(target.ZoneDirectory));
        Assert.Empty(target.Caller.Surplus);
    }

    [Fact]
    public async Task Repeats_are_successes()
    {
        await using Bind9Target target = await Bind9Target.StartAsync();
        ZoneContent content = SmallZone.Create(Zone, 7);

        for (int round = 0; round < 3; round++)
            await target.AppliedAsync(Zone, content);
        for (int round = 0; round < 3; round++)
            await target.RemovedAsync(Zone);
        await target.AppliedAsync(Zone, content);
    }

    [Fact]
    public async Task Updates_in_quick_succession_are_all_loaded()
    {
        await using Bind9Target target = await Bind9Target.StartAsync();

        for (uint serial = 1; serial <= 60; serial++)
            await target.AppliedAsync(Zone, SmallZone.Create(Zone, serial));
    }

    [Fact]
    public async Task A_zone_created_again_at_once_survives_a_restart()
    {
        await using Bind9Target target = await Bind9Target.StartAsync();
        DomainName[] zones = [.. Enumerable.Range(0, 30).Select(i => DomainName.Parse($"again{i}.example."))];
        foreach (DomainName zone in zones)
        {
            for (uint serial = 1; serial <= 3; serial++)
            {
                await target.DoneAsync(target.Caller.ApplyAsync(zone, SmallZone.Create(zone, serial)));
                if (serial < 3)
                    await target.DoneAsync(target.Caller.RemoveAsync(zone));
            }
        }

        await target.Server.StopAsync();
        await target.Server.StartAsync();

        foreach (DomainName zone in zones)
            await target.ServedAsync(zone, 3);
    }

    [Fact]
    public async Task Takes_over_a_zone_that_is_there_with_another_configuration()
    {
        await using Bind9Target target = await Bind9Target.StartAsync(zoneOptions: "allow-transfer { 127.0.0.7; }; max-zone-ttl 1h;");
        string file = target.Server.ZoneFolder + "/elsewhere.zone";
        await File.WriteAllTextAsync(file, MasterZone.Create("target.example", 99).ToFileText());
        (await target.Server.RndcAsync("addzone", "target.example", $"{{ type primary; file \"{file}\"; }};")).EnsureSuccess();
        Assert.Empty(Directory.GetFiles(target.ZoneDirectory, "*.zone"));
        await target.ServedAsync(Zone, 99);

        await target.AppliedAsync(Zone, SmallZone.Create(Zone, 3));

        string shown = (await target.Server.RndcAsync("showzone", "target.example")).EnsureSuccess().Output;
        Assert.Contains("127.0.0.7", shown, StringComparison.Ordinal);
        Assert.Contains(target.ZoneDirectory, shown, StringComparison.Ordinal);
        Assert.True(File.Exists(file), "the file of another owner stays");
    }

    [Fact]
    public async Task A_zone_of_named_conf_is_left_alone()
    {
        await using BindServer server = new();
        await server.SetZoneAsync(MasterZone.Create("target.example", 99));
        await using Bind9Target target = await Bind9Target.StartAsync(server);

        OrderFinished apply = await target.Caller.ApplyAsync(Zone, SmallZone.Create(Zone, 3));
        OrderFinished remove = await target.Caller.RemoveAsync(Zone);

        // Added through the control channel as well, the zone would keep named from starting.
        Assert.All((OrderFinished[])[apply, remove], answer =>
        {
            Assert.Equal(OrderOutcome.Refused, answer.Outcome);
            Assert.Contains("named.conf", answer.Reason!.Text, StringComparison.Ordinal);
        });
        await target.ServedAsync(Zone, 99);
    }

    [Fact]
    public async Task Names_that_are_no_host_names_are_no_obstacle()
    {
        await using Bind9Target target = await Bind9Target.StartAsync();
        DomainName zone = DomainName.Parse("_tcp.example.");

        await target.AppliedAsync(zone, SmallZone.Create(zone, 1, hosts: 3));
    }

    [Fact]
    public async Task A_zone_with_our_configuration_is_not_configured_again()
    {
        await using Bind9Target target = await Bind9Target.StartAsync(zoneOptions: "max-zone-ttl 1h; allow-transfer { any; };");
        DomainName other = DomainName.Parse("other.example.");
        await target.AppliedAsync(Zone, SmallZone.Create(Zone, 1));
        await target.AppliedAsync(other, SmallZone.Create(other, 1));
        await using Bind9Target second = target.Again();

        await second.AppliedAsync(Zone, SmallZone.Create(Zone, 2));
        await second.AppliedAsync(other, SmallZone.Create(other, 2));

        // named prints "1h" as seconds: the first zone teaches that, the second needs no modzone any more.
        int modified = target.Server.Output.Split("received control channel command 'modzone").Length - 1;
        Assert.InRange(modified, 0, 1);
    }

    [Fact]
    public async Task Serves_in_the_view_that_was_asked_for()
    {
        await using BindServer server = new() { Views = ["inside", "outside"] };
        await using Bind9Target target = await Bind9Target.StartAsync(server, view: "outside");

        await target.AppliedAsync(Zone, SmallZone.Create(Zone, 4));
        await target.AppliedAsync(Zone, SmallZone.Create(Zone, 5));

        Assert.Equal(5u, await WorkerClient.PollSerialAsync(server.EndPointIPv6, "target.example."));
        Assert.Equal(0u, await WorkerClient.PollSerialAsync(server.EndPoint, "target.example."));
        await target.RemovedAsync(Zone);
        Assert.Equal(0u, await WorkerClient.PollSerialAsync(server.EndPointIPv6, "target.example."));
    }

    [Fact]
    public async Task An_unknown_view_is_refused_with_its_name()
    {
        await using Bind9Target target = await Bind9Target.StartAsync(view: "nowhere");

        OrderFinished answer = await target.Caller.ApplyAsync(Zone, SmallZone.Create(Zone, 1));

        Assert.Equal(OrderOutcome.Refused, answer.Outcome);
        Assert.Contains("nowhere", answer.Reason!.Text, StringComparison.Ordinal);
        // named never took it, so nothing is left to be taken away; of any other zone nobody knows.
        await target.RemovedAsync(Zone);
        Assert.Empty(Directory.GetFiles(target.ZoneDirectory, "*.zone"));
        OrderFinished other = await target.Caller.RemoveAsync(DomainName.Parse("other.example."));
        Assert.Equal(OrderOutcome.Refused, other.Outcome);
    }

    [Fact]
    public async Task Without_a_view_the_zones_in_those_of_the_server_are_left_alone()
    {
        await using BindServer server = new() { Views = ["inside", "outside"] };
        await using Bind9Target owner = await Bind9Target.StartAsync(server, view: "outside");
        await owner.AppliedAsync(Zone, SmallZone.Create(Zone, 4));
        await using Bind9Target other = owner.Again(owner.Options with { View = null });

        OrderFinished applied = await other.Caller.ApplyAsync(Zone, SmallZone.Create(Zone, 9));
        await other.Caller.RemoveAsync(Zone);

        Assert.Equal(OrderOutcome.Refused, applied.Outcome);
        Assert.Contains("_default", applied.Reason!.Text, StringComparison.Ordinal);
        Assert.Equal(4u, await WorkerClient.PollSerialAsync(server.EndPointIPv6, "target.example."));
    }

    [Fact]
    public async Task A_zone_goes_with_its_file_also_from_the_folder_that_was_before()
    {
        await using Bind9Target target = await Bind9Target.StartAsync();
        await target.AppliedAsync(Zone, SmallZone.Create(Zone, 1));
        string file = Path.Combine(target.ZoneDirectory, "target.example.zone");
        Assert.True(File.Exists(file));
        string folder = Directory.CreateDirectory(Path.Combine(target.Server.FolderPath, "other")).FullName;
        await using Bind9Target moved = target.Again(target.Options with { ZoneDirectory = folder });

        await moved.RemovedAsync(Zone);

        Assert.False(File.Exists(file));
    }

    [Fact]
    public async Task The_file_of_somebody_elses_zone_stays_whatever_its_name()
    {
        await using Bind9Target target = await Bind9Target.StartAsync();
        await target.AppliedAsync(Zone, SmallZone.Create(Zone, 1));
        await target.DoneAsync(target.Caller.RemoveAsync(Zone));
        string folder = Directory.CreateDirectory(Path.Combine(target.Server.FolderPath, "other")).FullName;
        string file = Path.Combine(folder, "target.example.zone");
        await File.WriteAllTextAsync(file, "@ 60 SOA ns1.elsewhere.test. ns1.elsewhere.test. 7 1 1 1 1\n@ 60 NS ns1.elsewhere.test.\n");
        await target.Server.RndcAsync("addzone", "target.example", $$"""{ type primary; file "{{file}}"; };""");

        await target.RemovedAsync(Zone);

        Assert.True(File.Exists(file));
    }

    [Fact]
    public async Task A_wrong_key_counts_as_away_and_says_why()
    {
        await using Bind9Target target = await Bind9Target.StartAsync();
        Bind9Options wrong = target.Options with { KeyFile = null, KeyName = "rndc-key", KeySecret = "d3Jvbmc=" };
        await using Bind9Backend backend = new(wrong, TimeProvider.System);

        OrderFinished probe = await new BackendCaller(backend).ProbeAsync();
        OrderFinished apply = await new BackendCaller(backend).ApplyAsync(Zone, SmallZone.Create(Zone, 1));

        Assert.All((OrderFinished[])[probe, apply], answer =>
        {
            Assert.Equal(OrderOutcome.Away, answer.Outcome);
            Assert.Equal(ReasonCode.TargetAway, answer.Reason!.Code);
            Assert.Contains("secret or algorithm", answer.Reason.Text, StringComparison.Ordinal);
            Assert.DoesNotContain("d3Jvbmc=", answer.Reason.Text, StringComparison.Ordinal);
        });
    }

    [Fact]
    public async Task Survives_the_servers_death_and_return()
    {
        await using Bind9Target target = await Bind9Target.StartAsync();
        await target.AppliedAsync(Zone, SmallZone.Create(Zone, 1));

        await target.Server.KillAsync();
        Assert.Equal(OrderOutcome.Away, (await target.Caller.ProbeAsync()).Outcome);
        OrderFinished away = await target.Caller.ApplyAsync(Zone, SmallZone.Create(Zone, 2));
        Assert.Equal(OrderOutcome.Away, away.Outcome);
        Assert.Equal(Observation.CannotTell, (await target.Caller.ObserveAsync(Zone)).Observation);

        await target.Server.StartAsync();
        Assert.Equal(OrderOutcome.Done, (await target.Caller.ProbeAsync()).Outcome);
        await target.AppliedAsync(Zone, SmallZone.Create(Zone, 3));
    }

    /// <summary>With ixfr-from-differences, as the server here has it, named keeps a journal of what it loaded.</summary>
    [Fact]
    public async Task A_file_that_went_on_while_named_was_dead_is_loaded_although_its_journal_ends_before()
    {
        await using Bind9Target target = await Bind9Target.StartAsync();
        for (uint serial = 1; serial <= 3; serial++)
            await target.AppliedAsync(Zone, SmallZone.Create(Zone, serial));
        string journal = Path.Combine(target.ZoneDirectory, "target.example.zone.jnl");
        await Eventually.HoldsAsync(() => File.Exists(journal), () => $"named has a journal\n{target.Server.Output}");
        await target.Server.KillAsync();
        // The file is written before the driver finds that there is nobody to tell.
        Assert.Equal(ReasonCode.TargetAway, (await target.Caller.ApplyAsync(Zone, SmallZone.Create(Zone, 5))).Reason?.Code);
        await target.Server.StartAsync();
        Assert.Contains("journal out of sync with zone", target.Server.Output, StringComparison.Ordinal);

        await target.AppliedAsync(Zone, SmallZone.Create(Zone, 5));
        await target.AppliedAsync(Zone, SmallZone.Create(Zone, 6));
    }

    [Fact]
    public async Task A_restart_between_two_orders_goes_unnoticed()
    {
        await using Bind9Target target = await Bind9Target.StartAsync();
        await target.AppliedAsync(Zone, SmallZone.Create(Zone, 1));

        await target.Server.StopAsync();
        await target.Server.StartAsync();

        await target.AppliedAsync(Zone, SmallZone.Create(Zone, 2));
    }

    [Fact]
    public async Task Five_hundred_zones_go_over_one_pair_of_connections()
    {
        await using Bind9Target target = await Bind9Target.StartAsync();
        DomainName[] zones = [.. Enumerable.Range(0, 500).Select(i => DomainName.Parse($"z{i}.many.example."))];

        OrderFinished[] answers = await Task.WhenAll(
            zones.Select((zone, i) => target.Caller.ApplyAsync(zone, SmallZone.Create(zone, (uint)i + 1))));

        Assert.All(answers, answer => Assert.Equal(OrderOutcome.Done, answer.Outcome));
        foreach ((int i, DomainName zone) in zones.Index())
            await target.ServedAsync(zone, (uint)i + 1);
        answers = await Task.WhenAll(zones.Select(target.Caller.RemoveAsync));
        Assert.All(answers, answer => Assert.Equal(OrderOutcome.Done, answer.Outcome));
        Assert.Empty(Directory.GetFiles(target.ZoneDirectory));
        Assert.Empty(target.Caller.Surplus);
    }

    private static readonly string[] HostileNames =
    [
        "\\.\\./\\.\\./etc/passwd.", "a\\/b.example.", "a\\000b.example.", "semi\\;colon.example.", "quo\\\"te.example.", "a\\ b.example.",
        "back\\\\slash.example.", "new\\010line.example.", "}\\;\\ reload.example.", "$\\(id\\).example.", "-clean.", "-flag.example.",
        "in.", "ch.",
        "%2e%2e.example.", "\\255\\254.example.", "UPPER.Example.", "_srv._tcp.example.", "@.", ".",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example.",
    ];

    [Fact]
    public async Task Hostile_names_are_served_or_refused_and_touch_nothing_else()
    {
        await using Bind9Target target = await Bind9Target.StartAsync();
        HashSet<string> before = FilesBeside(target);
        string label = new('a', 63);
        string tooLong = $"{label}.{label}.{label}.{label[..61]}.";

        OrderFinished refused = await target.Caller.ApplyAsync(DomainName.Parse(tooLong), SmallZone.Create(tooLong, 1, hosts: 0));
        Assert.Equal(ReasonCode.NameNotAcceptable, refused.Reason!.Code);
        DomainName wildcard = DomainName.Parse("*.example.");
        refused = await target.Caller.ApplyAsync(wildcard, SmallZone.Create(wildcard, 1, hosts: 0));
        Assert.Equal(ReasonCode.TargetRefused, refused.Reason!.Code);
        Assert.Contains("wildcard", refused.Reason.Text, StringComparison.Ordinal);
        await target.RemovedAsync(wildcard);
        foreach (string text in HostileNames)
        {
            DomainName zone = DomainName.Parse(text);
            await target.AppliedAsync(zone, SmallZone.Create(zone, 1, hosts: 0));
            await target.AppliedAsync(zone, SmallZone.Create(zone, 2, hosts: 0));
            Assert.True(ZoneFileName.TryCreate(zone, out string? file));
            Assert.All(
                Directory.GetFiles(target.ZoneDirectory),
                path => Assert.StartsWith(file, Path.GetFileName(path), StringComparison.Ordinal));
            await target.RemovedAsync(zone);
        }

        Assert.Empty(Directory.GetFileSystemEntries(target.ZoneDirectory));
        Assert.Equal(before, FilesBeside(target));
    }

    [Fact]
    public async Task A_folder_that_is_not_there_counts_as_away()
    {
        await using Bind9Target target = await Bind9Target.StartAsync();
        Directory.Delete(target.ZoneDirectory);

        Assert.Equal(OrderOutcome.Away, (await target.Caller.ProbeAsync()).Outcome);
        OrderFinished answer = await target.Caller.ApplyAsync(Zone, SmallZone.Create(Zone, 1));

        Assert.Equal(OrderOutcome.Away, answer.Outcome);
        Assert.Contains(target.ZoneDirectory, answer.Reason!.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_does_not_let_us_ask_is_not_taken_for_one_without_the_zone()
    {
        await using Bind9Target target = await Bind9Target.StartAsync(zoneOptions: "allow-query { none; };");
        await target.DoneAsync(target.Caller.ApplyAsync(Zone, SmallZone.Create(Zone, 1)));

        ZoneObserved seen = await target.Caller.ObserveAsync(Zone);

        Assert.Equal(Observation.CannotTell, seen.Observation);
        Assert.Contains("allow-query", seen.Reason!.Text, StringComparison.Ordinal);
        await target.DoneAsync(target.Caller.RemoveAsync(Zone));
        Assert.Equal(Observation.Absent, (await target.Caller.ObserveAsync(Zone)).Observation);
        await target.DoneAsync(target.Caller.ApplyAsync(Zone, SmallZone.Create(Zone, 2)));
        Assert.Equal(Observation.CannotTell, (await target.Caller.ObserveAsync(Zone)).Observation);
    }

    [Fact]
    public async Task An_error_in_zone_options_is_refused_with_nameds_words()
    {
        await using Bind9Target target = await Bind9Target.StartAsync(zoneOptions: "no-such-option yes;");

        OrderFinished answer = await target.Caller.ApplyAsync(Zone, SmallZone.Create(Zone, 1));

        Assert.Equal(OrderOutcome.Refused, answer.Outcome);
        Assert.Contains("named refused addzone: ", answer.Reason!.Text, StringComparison.Ordinal);
    }

    private static HashSet<string> FilesBeside(Bind9Target target) =>
        [.. Directory.GetFileSystemEntries(target.Server.FolderPath).Where(path => !path.Contains(".nzd", StringComparison.Ordinal))];
}
