using Agent.Actors.Backends;
using Agent.Actors.Transfers;
using Agent.Actors.Reasons;
using Agent.Bench.Peers;
using Agent.Dns.Wire;
using Agent.Dns.Zones;
using Agent.Tests.Dns.Zones;

namespace Agent.Tests.Backends.Knot;

/// <summary>The driver against a real knotd that goes on running.</summary>
[Trait("Category", "Peer")]
public sealed class KnotBackendPeerTests(KnotDatabaseServer fixture)
    : ServerPeerFacts, IClassFixture<KnotDatabaseServer>, IAsyncLifetime
{
    private readonly KnotServer _server = fixture.Server;
    private KnotTarget _target = null!;

    public Task InitializeAsync()
    {
        _target = new KnotTarget(_server);
        return Task.CompletedTask;
    }

    public Task DisposeAsync() => _target.DisposeAsync().AsTask();

    private protected override ServerTarget Drive() => new KnotTarget(_server);

    protected override async Task IsThereAsync(DomainName zone)
    {
        string settings = await _target.KnotcAsync("conf-read", $"zone[{zone}]");
        Assert.Contains(_target.FileOf(zone), settings, StringComparison.Ordinal);
    }

    protected override async Task IsGoneAsync(DomainName zone)
    {
        Assert.False(File.Exists(_target.FileOf(zone)));
        Assert.NotEqual(0, (await _server.KnotcAsync("conf-read", $"zone[{zone}]")).ExitCode);
    }

    [Fact]
    public async Task Updates_in_quick_succession_are_all_loaded()
    {
        DomainName zone = DomainName.Parse("quick.example.");

        for (uint serial = 1; serial <= 60; serial++)
            await _target.AppliedAsync(SmallZone.Create(zone, serial));
    }

    /// <summary>knotd keeps its journal when a zone goes, and would go on from a serial that it finds there.</summary>
    [Fact]
    public async Task A_zone_that_is_created_again_begins_without_a_past()
    {
        DomainName zone = DomainName.Parse("again.example.");
        await _target.AppliedAsync(SmallZone.Create(zone, 1));
        await EditAsync("again.example.");
        await _target.ServedAsync(zone, 2);
        await _target.KnotcAsync("conf-begin");
        await _target.KnotcAsync("conf-unset", "zone[again.example.]");
        await _target.KnotcAsync("conf-commit");

        ZoneContent content = SmallZone.Create(zone, 1, hosts: 9);
        await using KnotTarget fresh = _target.Again();
        await fresh.AppliedAsync(content);

        await fresh.ServesAsync(content);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_edit_by_hand_is_undone(bool isRestarted)
    {
        string name = $"edited{isRestarted}.example.".ToLowerInvariant();
        DomainName zone = DomainName.Parse(name);
        ZoneContent content = SmallZone.Create(zone, 5, hosts: 2);
        await _target.AppliedAsync(content);
        await EditAsync(name);
        await _target.ServedAsync(zone, 6);

        await using KnotTarget fresh = _target.Again();
        await _target.DoneAsync((isRestarted ? fresh : _target).Caller.ApplyAsync(zone, content));

        await _target.ServedAsync(zone, 5);
        await _target.ServesAsync(content);
    }

    [Fact]
    public async Task A_version_with_the_serial_of_an_edit_replaces_it()
    {
        DomainName zone = DomainName.Parse("overtaken.example.");
        await _target.AppliedAsync(SmallZone.Create(zone, 1));
        await EditAsync("overtaken.example.");
        await _target.ServedAsync(zone, 2);
        ZoneContent next = SmallZone.Create(zone, 2, hosts: 4);

        await _target.DoneAsync(_target.Caller.ApplyAsync(zone, next));

        await Eventually.HoldsAsync(
            async () => (await _target.KnotcAsync("zone-read", "overtaken.example.")).Contains("h3.overtaken", StringComparison.Ordinal),
            () => $"the new version is there\n{_server.Output}");
        await _target.ServesAsync(next);
    }

    private async Task EditAsync(string zone)
    {
        await _target.KnotcAsync("zone-begin", zone);
        await _target.KnotcAsync("zone-set", zone, "edited", "60", "A", "192.0.2.99");
        await _target.KnotcAsync("zone-commit", zone);
    }

    [Fact]
    public async Task Takes_over_a_zone_that_is_there_with_other_settings()
    {
        DomainName zone = DomainName.Parse("taken.example.");
        string file = Path.Combine(_server.FolderPath, "elsewhere.zone");
        await File.WriteAllTextAsync(file, MasterZone.Create("taken.example", 99).ToFileText());
        await _target.KnotcAsync("conf-begin");
        await _target.KnotcAsync("conf-set", "zone[taken.example.]");
        await _target.KnotcAsync("conf-set", "zone[taken.example.].file", file);
        await _target.KnotcAsync("conf-set", "zone[taken.example.].journal-content", "none");
        await _target.KnotcAsync("conf-commit");
        await _target.ServedAsync(zone, 99);

        await _target.AppliedAsync(SmallZone.Create(zone, 3));

        string settings = await _target.KnotcAsync("conf-read", "zone[taken.example.]");
        Assert.Contains(_target.FileOf(zone), settings, StringComparison.Ordinal);
        Assert.Contains("journal-content", settings, StringComparison.Ordinal);
        Assert.True(File.Exists(file), "the file of another owner stays");
    }

    [Fact]
    public async Task A_secondary_becomes_a_primary()
    {
        DomainName zone = DomainName.Parse("secondary.example.");
        await _target.KnotcAsync("conf-begin");
        await _target.KnotcAsync("conf-set", "remote[nobody]");
        await _target.KnotcAsync("conf-set", "remote[nobody].address", "127.0.0.1@9");
        await _target.KnotcAsync("conf-set", "zone[secondary.example.]");
        await _target.KnotcAsync("conf-set", "zone[secondary.example.].master", "nobody");
        await _target.KnotcAsync("conf-commit");

        await _target.AppliedAsync(SmallZone.Create(zone, 3));
        await _target.AppliedAsync(SmallZone.Create(zone, 4));

        Assert.DoesNotContain("master", await _target.KnotcAsync("conf-read", "zone[secondary.example.]"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_template_is_set_and_changed()
    {
        DomainName zone = DomainName.Parse("template.example.");
        await _target.AppliedAsync(SmallZone.Create(zone, 1));
        await using KnotTarget other = new(_server, _target.Options with { Template = "other" });

        // That template lets a zone load nothing; the settings of the driver go before it.
        await other.AppliedAsync(SmallZone.Create(zone, 2));

        Assert.Contains("other", await _target.KnotcAsync("conf-read", "zone[template.example.].template"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Some_zones_get_a_template_of_their_own()
    {
        DomainName below = DomainName.Parse("a.own.example."), beside = DomainName.Parse("beside.example.");
        await using KnotTarget target = new(
            _server, _target.Options with { Templates = [(new ZonePattern(below.Parent, IsBelow: true), "other")] });

        await target.AppliedAsync(SmallZone.Create(below, 1));
        await target.AppliedAsync(SmallZone.Create(beside, 1));

        Assert.Contains("other", await _target.KnotcAsync("conf-read", "zone[a.own.example.].template"), StringComparison.Ordinal);
        Assert.DoesNotContain("other", await _target.KnotcAsync("conf-read", "zone[beside.example.]"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_template_that_is_not_there_is_refused_and_stops_nobody_else()
    {
        await using KnotTarget wrong = new(_server, _target.Options with { Template = "nowhere" });
        DomainName[] zones = [.. Enumerable.Range(0, 4).Select(i => DomainName.Parse($"t{i}.nowhere.example."))];

        OrderFinished[] answers = await Task.WhenAll(zones.Select(zone => wrong.Caller.ApplyAsync(zone, SmallZone.Create(zone, 1))));

        Assert.All(answers, answer =>
        {
            Assert.Equal(OrderOutcome.Refused, answer.Outcome);
            Assert.Contains("template", answer.Reason!.Text, StringComparison.Ordinal);
        });
        Assert.All(zones, zone => Assert.False(File.Exists(_target.FileOf(zone))));
        await _target.AppliedAsync(SmallZone.Create(zones[0], 1));
    }

    [Fact]
    public async Task A_content_that_knotd_does_not_load_is_refused_the_second_time()
    {
        DomainName zone = DomainName.Parse("refused.example.");
        ZoneContent content = RandomZones.Content(
        [
            new(zone, RecordType.SOA, 60, RandomZones.Soa(1)),
            new(zone, RecordType.NS, 60, RandomZones.Name("ns.elsewhere.test.")),
            new(DomainName.Parse("a.refused.example."), RecordType.CNAME, 60, RandomZones.Name("b.refused.example.")),
            new(DomainName.Parse("a.refused.example."), RecordType.A, 60, [192, 0, 2, 1]),
        ]);

        await _target.DoneAsync(_target.Caller.ApplyAsync(zone, content));
        Assert.Equal(Observation.CannotTell, (await _target.Caller.ObserveAsync(zone)).Observation);
        OrderFinished again = await _target.Caller.ApplyAsync(zone, content);

        Assert.Equal(OrderOutcome.Refused, again.Outcome);
        Assert.StartsWith("knotd refused zone-reload: ", again.Reason!.Text, StringComparison.Ordinal);
        await _target.AppliedAsync(SmallZone.Create(zone, 2));
    }

    [Fact]
    public async Task Every_type_comes_back_equal()
    {
        ZoneContent content = ZoneFilePeerTests.Sample();

        await _target.AppliedAsync(content);

        await _target.ServesAsync(content);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_zone_goes_with_its_file_also_from_the_folder_that_was_before_if_the_agent_gave_it(bool isOurs)
    {
        DomainName zone = DomainName.Parse($"moved-{isOurs}.example.");
        await _target.AppliedAsync(SmallZone.Create(zone, 1));
        string file = _target.FileOf(zone);
        using TemporaryFolder folder = new("knot-moved");
        await using KnotTarget moved = new(_server, _target.Options with { ZoneDirectory = folder.FullPath });
        if (!isOurs)
        {
            await _target.KnotcAsync("conf-begin");
            await _target.KnotcAsync("conf-set", $"zone[{zone}].comment", "of the operator");
            await _target.KnotcAsync("conf-commit");
        }

        await moved.RemovedAsync(zone);

        Assert.Equal(!isOurs, File.Exists(file));
        File.Delete(file);
    }

    [Fact]
    public async Task A_transaction_of_somebody_else_is_waited_for()
    {
        DomainName zone = DomainName.Parse("waits.example.");
        await _target.KnotcAsync("conf-begin");
        await _target.KnotcAsync("conf-set", "zone[foreign.example.]");

        OrderFinished answer = await _target.Caller.ApplyAsync(zone, SmallZone.Create(zone, 1));

        Assert.Equal((OrderOutcome.Away, ReasonCode.TargetAway), (answer.Outcome, answer.Reason!.Code));
        Assert.Contains("conf-abort", answer.Reason.Text, StringComparison.Ordinal);
        Assert.Contains("foreign", await _target.KnotcAsync("conf-diff"), StringComparison.Ordinal);
        await _target.KnotcAsync("conf-abort");
        await _target.AppliedAsync(SmallZone.Create(zone, 1));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_transaction_that_a_killed_agent_left_is_taken_away(bool isEmpty)
    {
        DomainName zone = DomainName.Parse($"left{isEmpty}.example.".ToLowerInvariant());
        await _target.KnotcAsync("conf-begin");
        if (!isEmpty)
        {
            await _target.KnotcAsync("conf-set", "zone[half.example.]");
            await _target.KnotcAsync("conf-set", "zone[half.example.].comment", "kept by the agent");
        }

        await _target.AppliedAsync(SmallZone.Create(zone, 1));

        Assert.DoesNotContain("half", await _target.KnotcAsync("conf-read", "zone.domain"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_probe_names_the_run()
    {
        OrderFinished first = await _target.Caller.ProbeAsync();
        OrderFinished second = await _target.Caller.ProbeAsync();

        Assert.Equal(OrderOutcome.Done, first.Outcome);
        Assert.NotNull(first.ServerRun);
        Assert.Equal(first.ServerRun, second.ServerRun);
    }

    [Fact]
    public async Task A_folder_that_is_not_there_counts_as_away()
    {
        await using KnotTarget target = new(_server, _target.Options with { ZoneDirectory = Path.Combine(_server.FolderPath, "none") });
        DomainName zone = DomainName.Parse("folder.example.");

        Assert.Equal(OrderOutcome.Away, (await target.Caller.ProbeAsync()).Outcome);
        OrderFinished answer = await target.Caller.ApplyAsync(zone, SmallZone.Create(zone, 1));

        Assert.Equal(OrderOutcome.Away, answer.Outcome);
        Assert.Contains(target.Options.ZoneDirectory, answer.Reason!.Text, StringComparison.Ordinal);
    }

    private static readonly string[] HostileNames =
    [
        "\\.\\./\\.\\./etc/passwd.", "a\\/b.example.", "a\\000b.example.", "semi\\;colon.example.", "quo\\\"te.example.", "a\\ b.example.",
        "back\\\\slash.example.", "new\\010line.example.", "zone[x].example.", "%s.example.", "%%.example.", "--.example.", "-flag.example.",
        "$\\(id\\).example.", "*.example.", "\\255\\254.example.", "UPPER.Example.", "_srv._tcp.example.", "@.", ".",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example.",
    ];

    [Fact]
    public async Task Hostile_names_are_served_or_refused_and_touch_nothing_else()
    {
        string label = new('a', 63);
        DomainName tooLong = DomainName.Parse($"{label}.{label}.{label}.{label[..61]}.");
        DomainName beside = DomainName.Parse("beside.hostile.example.");
        await _target.AppliedAsync(SmallZone.Create(beside, 1));

        OrderFinished refused = await _target.Caller.ApplyAsync(tooLong, SmallZone.Create(tooLong, 1, hosts: 0));
        Assert.Equal(ReasonCode.NameNotAcceptable, refused.Reason!.Code);
        foreach (string text in HostileNames)
        {
            DomainName zone = DomainName.Parse(text);
            await _target.AppliedAsync(SmallZone.Create(zone, 1, hosts: 0));
            await _target.AppliedAsync(SmallZone.Create(zone, 2, hosts: 0));
            Assert.Contains((await _target.Caller.ListAsync()).Zones, zone.Equals);
            Assert.True(File.Exists(_target.FileOf(zone)));
            await _target.RemovedAsync(zone);
            Assert.False(File.Exists(_target.FileOf(zone)));
        }

        Assert.Equal(1u, (await _target.Caller.ObserveAsync(beside)).Serial);
    }

    [Fact]
    public async Task Lists_all_zones_or_says_that_there_are_too_many()
    {
        DomainName[] zones = [.. Enumerable.Range(0, 5).Select(i => DomainName.Parse($"z{i}.listed.example."))];
        foreach (DomainName zone in zones)
            await _target.DoneAsync(_target.Caller.ApplyAsync(zone, SmallZone.Create(zone, 1)));

        ServedListed all = await _target.Caller.ListAsync();
        ServedListed tooMany = await _target.Caller.ListAsync(maximum: 3);

        Assert.Null(all.Failure);
        Assert.Equal(zones, all.Zones.Where(zone => zone.ToString().Contains("listed", StringComparison.Ordinal)).Order());
        Assert.Contains("more than 3 zones", tooMany.Failure!.Text, StringComparison.Ordinal);
        Assert.Equal(OrderOutcome.Done, (await _target.Caller.ProbeAsync()).Outcome);
    }

    [Fact]
    public async Task A_thousand_zones_come_and_go_in_some_transactions()
    {
        DomainName[] zones = [.. Enumerable.Range(0, 1000).Select(i => DomainName.Parse($"z{i}.many.example."))];
        int before = Commits();

        OrderFinished[] answers = await Task.WhenAll(
            zones.Select((zone, i) => _target.Caller.ApplyAsync(zone, SmallZone.Create(zone, (uint)i + 1))));

        Assert.All(answers, answer => Assert.Equal((OrderOutcome.Done, null), (answer.Outcome, answer.Reason)));
        foreach ((int i, DomainName zone) in zones.Index())
            await _target.ServedAsync(zone, (uint)i + 1);
        int added = Commits();
        Assert.InRange(added - before, 1, 100);
        answers = await Task.WhenAll(zones.Select(_target.Caller.RemoveAsync));
        Assert.All(answers, answer => Assert.Equal((OrderOutcome.Done, null), (answer.Outcome, answer.Reason)));
        Assert.InRange(Commits() - added, 1, 100);
        Assert.All(zones, zone => Assert.False(File.Exists(_target.FileOf(zone))));
        Assert.Empty(_target.Caller.Surplus);

        int Commits() => File.ReadLines(_server.ControlLog).Count(line => line.Contains("'conf-commit'", StringComparison.Ordinal));
    }
}
