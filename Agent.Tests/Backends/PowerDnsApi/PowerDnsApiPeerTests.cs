using System.Globalization;
using Agent.Actors.Backends;
using Agent.Actors.Reasons;
using Agent.Bench.Peers;
using Agent.Dns.Wire;
using Agent.Dns.Zones;
using Agent.Tests.Backends.DynamicUpdate;
using Agent.Tests.Dns.Zones;
using static Agent.Tests.Dns.Zones.RandomZones;

namespace Agent.Tests.Backends.PowerDnsApi;

/// <summary>The driver against a real pdns_server that goes on running, with its caches as they come.</summary>
[Trait("Category", "Peer")]
public sealed class PowerDnsApiPeerTests(ApiServer fixture) : ServerPeerFacts, IClassFixture<ApiServer>, IAsyncLifetime
{
    private readonly PowerDnsTarget _server = fixture.Server;
    private ApiTarget _target = null!;

    public Task InitializeAsync()
    {
        _target = new ApiTarget(_server);
        return Task.CompletedTask;
    }

    public Task DisposeAsync() => _target.DisposeAsync().AsTask();

    private protected override ServerTarget Drive() => new ApiTarget(_server);

    protected override async Task IsThereAsync(DomainName zone) =>
        Assert.Equal("NATIVE", await _server.SqlAsync($"select type from domains where name = '{zone.ToString().TrimEnd('.')}'"));

    protected override async Task IsGoneAsync(DomainName zone) =>
        Assert.Equal("0", await _server.SqlAsync($"select count(*) from records where name like '%{zone.ToString().TrimEnd('.')}'"));

    [Fact]
    public async Task Repeats_are_successes_and_change_nothing()
    {
        DomainName zone = DomainName.Parse("repeats.example.");
        ZoneContent content = SmallZone.Create(zone, 7, hosts: 3);
        await _target.AppliedAsync(content);
        string ids = await IdsAsync(zone);

        await _target.AppliedAsync(content);
        await using (ApiTarget fresh = _target.Again())
            await fresh.AppliedAsync(content);

        Assert.Equal(ids, await IdsAsync(zone));
        for (int round = 0; round < 3; round++)
            await _target.RemovedAsync(zone);
        await _target.AppliedAsync(content);
    }

    [Fact]
    public async Task A_difference_touches_only_the_sets_that_it_names()
    {
        DomainName zone = DomainName.Parse("differs.example.");
        ZoneContent first = SmallZone.Create(zone, 1, hosts: 20);
        ZoneContent second = SmallZone.Create(zone, 2, hosts: 22);
        ZoneContent third = SmallZone.Create(zone, 3, hosts: 19);
        KnownHistory history = new();
        history.Add(first, second);
        history.Add(second, third);
        await using ApiTarget target = new(_server, history: history);
        await target.AppliedAsync(first);
        string[] kept = (await IdsAsync(zone, "h%")).Split('\n');

        await target.AppliedAsync(second);
        await target.ServesAsync(second);
        Assert.Subset((await IdsAsync(zone, "h%")).Split('\n').ToHashSet(), kept.ToHashSet());
        await target.AppliedAsync(third);
        await target.ServesAsync(third);

        Assert.Subset(kept.ToHashSet(), (await IdsAsync(zone, "h%")).Split('\n').ToHashSet());
        Assert.Equal(2, history.Found);
    }

    /// <summary>The rows of a zone: those of a set that is written anew are new.</summary>
    private Task<string> IdsAsync(DomainName zone, string pattern = "%") =>
        _server.SqlAsync($"select id from records where name like '{pattern}{zone.ToString().TrimEnd('.')}' order by id");

    [Fact]
    public async Task A_large_zone_goes_in_parts_and_is_served_when_it_is_whole()
    {
        DomainName zone = DomainName.Parse("large.example.");
        await using ApiTarget target = new(_server, _target.Options with { RequestBytesMax = 20_000 });

        await target.AppliedAsync(SmallZone.Create(zone, 5, hosts: 1000));
        await target.ServesAsync(SmallZone.Create(zone, 5, hosts: 1000));
        await _server.SqlAsync("delete from records where name like 'h1%.large.example'");
        await target.AppliedAsync(SmallZone.Create(zone, 5, hosts: 900));
        await target.ServesAsync(SmallZone.Create(zone, 5, hosts: 900));

        string rectify = await _server.SqlAsync(
            "select content from domainmetadata join domains on domains.id = domain_id "
            + "where kind = 'API-RECTIFY' and name = 'large.example'");
        Assert.Equal("1", rectify);
    }

    [Fact]
    public async Task A_zone_of_which_only_a_part_came_is_not_served_and_is_made_whole()
    {
        DomainName zone = DomainName.Parse("half.example.");
        ZoneContent bad = Content(
        [
            new(zone, RecordType.SOA, 60, Soa(1)),
            new(zone, RecordType.NS, 60, Name("ns.elsewhere.test.")),
            .. Enumerable.Range(0, 100)
                .Select(i => new PlainRecord(DomainName.Parse($"a{i}.half.example."), RecordType.A, 60, [192, 0, 2, 1])),
            new(DomainName.Parse("mail.half.example."), RecordType.MX, 60, [0, 1, .. Name("_not_a_host.half.example.")]),
        ]);
        await using ApiTarget target = new(_server, _target.Options with { RequestBytesMax = 1000 });

        OrderFinished refused = await target.Caller.ApplyAsync(zone, bad);
        Assert.Equal((OrderOutcome.Refused, ReasonCode.TargetRefused), (refused.Outcome, refused.Reason!.Code));
        Assert.Contains("non-hostname content", refused.Reason.Text, StringComparison.Ordinal);
        Assert.Equal(Observation.Absent, (await target.Caller.ObserveAsync(zone)).Observation);

        await target.AppliedAsync(SmallZone.Create(zone, 1, hosts: 40));
        await target.ServesAsync(SmallZone.Create(zone, 1, hosts: 40));
    }

    [Fact]
    public async Task What_PowerDNS_refuses_leaves_nothing()
    {
        DomainName zone = DomainName.Parse("refused.example.");
        ZoneContent content = Content(
        [
            new(zone, RecordType.SOA, 60, Soa(1)),
            new(zone, RecordType.NS, 60, Name("ns.elsewhere.test.")),
            new(DomainName.Parse("a.refused.example."), RecordType.CNAME, 60, Name("b.refused.example.")),
            new(DomainName.Parse("a.refused.example."), RecordType.A, 60, [192, 0, 2, 1]),
        ]);

        OrderFinished answer = await _target.Caller.ApplyAsync(zone, content);

        Assert.Equal(OrderOutcome.Refused, answer.Outcome);
        Assert.Contains("Conflicts", answer.Reason!.Text, StringComparison.Ordinal);
        Assert.Equal("0", await _server.SqlAsync("select count(*) from domains where name = 'refused.example'"));
        await _target.AppliedAsync(SmallZone.Create(zone, 2));
    }

    [Theory]
    [InlineData(RecordType.RRSIG, "signed by its master")]
    [InlineData(RecordType.NSEC, "signed by its master")]
    [InlineData(RecordType.NSEC3PARAM, "signed by its master")]
    [InlineData(RecordType.DNSKEY, "its own keys")]
    [InlineData(RecordType.CDS, "its own keys")]
    [InlineData((RecordType)65401, "ALIAS")]
    [InlineData((RecordType)65402, "LUA")]
    public async Task What_it_would_not_serve_as_it_stands_is_not_given_to_it(RecordType type, string words)
    {
        DomainName zone = DomainName.Parse($"type{(ushort)type}.example.");
        ZoneContent content = Content([new(zone, RecordType.SOA, 60, Soa(1)), new(zone, type, 60, [0, 0, 0, 0])]);

        OrderFinished answer = await _target.Caller.ApplyAsync(zone, content);

        Assert.Equal((OrderOutcome.Refused, ReasonCode.TargetCannotHold), (answer.Outcome, answer.Reason?.Code));
        Assert.Contains(words, answer.Reason!.Text, StringComparison.Ordinal);
        Assert.Equal(Observation.Absent, (await _target.Caller.ObserveAsync(zone)).Observation);
    }

    [Fact]
    public async Task Every_other_type_comes_back_equal()
    {
        ZoneContent content = Content(ReadRecords(ZoneFilePeerTests.Sample()).Where(record =>
            record.Type is not (RecordType.RRSIG or RecordType.NSEC or RecordType.NSEC3 or RecordType.NSEC3PARAM or RecordType.DNSKEY
                or RecordType.CDS or RecordType.CDNSKEY or (RecordType)65401)
            && !record.Owner.ToString().Contains('(', StringComparison.Ordinal)));

        await _target.AppliedAsync(content);
        await _target.ServesAsync(content);
        string rows = await _server.SqlAsync("select id, name, type, content from records where name like '%example.org' order by id");
        await using ApiTarget fresh = _target.Again();
        await fresh.AppliedAsync(content);

        string again = await _server.SqlAsync("select id, name, type, content from records where name like '%example.org' order by id");
        Assert.Empty(again.Split('\n').Except(rows.Split('\n')));
    }

    [Fact]
    public async Task A_record_that_came_twice_is_one_whatever_its_TTLs()
    {
        string[] once = ["@ NS ns.elsewhere.test.", "t 60 A 192.0.2.1", "t 60 A 192.0.2.2"];

        await _target.AppliedAsync(UpdateTarget.Zone("twice.example.", 1, [.. once, "t 60 A 192.0.2.1", "t 300 A 192.0.2.2"]));

        await _target.ServesAsync(UpdateTarget.Zone("twice.example.", 1, once));
    }

    [Fact]
    public async Task A_record_without_data_comes_back_equal()
    {
        ZoneContent content = UpdateTarget.Zone("void.example.", 1, ["@ NS ns.elsewhere.test.", "x TYPE65280 \\# 0", "apl APL"]);

        await _target.AppliedAsync(content);

        await _target.ServesAsync(content);
        await using ApiTarget fresh = _target.Again();
        await fresh.AppliedAsync(content);
    }

    [Theory]
    [InlineData("update records set content = '192.0.2.99' where name = 'h0.{0}'")]
    [InlineData("delete from records where name = 'h0.{0}'")]
    [InlineData("update records set disabled = 1 where name = 'h0.{0}'")]
    [InlineData("update records set ttl = 7 where name = 'h0.{0}'")]
    [InlineData("update records set content = replace(content, ' 5 ', ' 6 ') where name = '{0}' and type = 'SOA'")]
    [InlineData("update records set disabled = 1 where name = '{0}' and type = 'SOA'")]
    [InlineData("insert into records (domain_id, name, type, content, ttl, disabled, auth) "
        + "select id, 'x.' || name, 'A', '192.0.2.9', 60, 0, 1 from domains where name = '{0}'")]
    public async Task An_edit_by_hand_is_undone(string statement)
    {
        string name = $"edited{statement.Length.ToString(CultureInfo.InvariantCulture)}.example";
        DomainName zone = DomainName.Parse(name + ".");
        ZoneContent content = SmallZone.Create(zone, 5, hosts: 2);
        await _target.AppliedAsync(content);
        await _server.SqlAsync(string.Format(CultureInfo.InvariantCulture, statement, name));

        await _target.AppliedAsync(content);

        await _target.ServesAsync(content);
    }

    /// <summary>One that the API made leaves a zone of another serial behind: the difference does not start from there.</summary>
    [Fact]
    public async Task A_difference_is_not_laid_upon_an_edit_that_changed_the_serial()
    {
        DomainName zone = DomainName.Parse("overtaken.example.");
        ZoneContent first = SmallZone.Create(zone, 1);
        ZoneContent next = SmallZone.Create(zone, 2, hosts: 4);
        KnownHistory history = new();
        history.Add(first, next);
        await using ApiTarget target = new(_server, history: history);
        await target.AppliedAsync(first);
        await _server.SqlAsync("update records set content = '192.0.2.99' where name = 'h0.overtaken.example'");
        await _server.SqlAsync(
            "update records set content = replace(content, ' 1 ', ' 2 ') where name = 'overtaken.example' and type = 'SOA'");

        await target.AppliedAsync(next);

        await target.ServesAsync(next);
    }

    [Fact]
    public async Task Takes_over_a_secondary_and_one_that_edits_serials()
    {
        DomainName zone = DomainName.Parse("taken.example.");
        (await _server.UtilAsync("create-slave-zone", "taken.example", "127.0.0.9")).EnsureSuccess();
        (await _server.UtilAsync("set-meta", "taken.example", "SOA-EDIT-API", "EPOCH")).EnsureSuccess();
        (await _server.UtilAsync("set-meta", "taken.example", "SOA-EDIT", "EPOCH")).EnsureSuccess();

        await _target.DoneAsync(_target.Caller.ApplyAsync(zone, SmallZone.Create(zone, 3)));
        await _target.DoneAsync(_target.Caller.ApplyAsync(zone, SmallZone.Create(zone, 3)));

        await _target.AppliedAsync(SmallZone.Create(zone, 4, hosts: 3));
        await _target.ServesAsync(SmallZone.Create(zone, 4, hosts: 3));
        Assert.Equal("NATIVE", await _server.SqlAsync("select type from domains where name = 'taken.example'"));
    }

    [Fact]
    public async Task A_zone_that_PowerDNS_signs_keeps_its_serial_and_is_sound()
    {
        DomainName zone = DomainName.Parse("signed.example.");
        await _target.AppliedAsync(SmallZone.Create(zone, 1));
        (await _server.UtilAsync("secure-zone", "signed.example")).EnsureSuccess();
        ZoneContent next = Content(
        [
            new(zone, RecordType.SOA, 60, Soa(2)),
            new(zone, RecordType.NS, 60, Name("ns.elsewhere.test.")),
            new(DomainName.Parse("deep.below.signed.example."), RecordType.A, 60, [192, 0, 2, 1]),
            new(DomainName.Parse("child.signed.example."), RecordType.NS, 60, Name("ns.child.signed.example.")),
            new(DomainName.Parse("ns.child.signed.example."), RecordType.A, 60, [192, 0, 2, 2]),
        ]);

        await _target.AppliedAsync(next);

        ToolResult check = await _server.UtilAsync("check-zone", "signed.example");
        Assert.True(check.ExitCode == 0, check.Output + check.Error);
        Assert.Equal("0", await _server.SqlAsync("select auth from records where name = 'ns.child.signed.example'"));
        Assert.Equal("1", await _server.SqlAsync("select count(*) from records where name = 'below.signed.example' and type is null"));
    }

    [Fact]
    public async Task A_zone_may_be_a_primary()
    {
        DomainName zone = DomainName.Parse("primary.example.");
        await _target.AppliedAsync(SmallZone.Create(zone, 1));
        await using ApiTarget primary = new(_server, _target.Options with { IsPrimary = true });

        await primary.AppliedAsync(SmallZone.Create(zone, 2));

        Assert.Equal("MASTER", await _server.SqlAsync("select type from domains where name = 'primary.example'"));
    }

    private static readonly string[] TakenNames =
        ["a\\/b.example.", "-flag.example.", "UPPER.Example.", "_srv._tcp.example.", "10/29.2.0.192.in-addr.arpa.", "xn--4ca.example."];

    private static readonly string[] RefusedNames =
    [
        "\\.\\./\\.\\./etc/passwd.", "a\\000b.example.", "semi\\;colon.example.", "quo\\\"te.example.", "a\\ b.example.",
        "back\\\\slash.example.", "new\\010line.example.", "zone[x].example.", "%s.example.", "%%.example.", "$\\(id\\).example.",
        "\\255\\254.example.", "@.", "a=2Eb.example.", "a?b.example.", "a#b.example.",
    ];

    [Fact]
    public async Task Hostile_names_are_served_or_refused_and_touch_nothing_else()
    {
        DomainName beside = DomainName.Parse("beside.hostile.example.");
        await _target.AppliedAsync(SmallZone.Create(beside, 1));

        foreach (DomainName zone in TakenNames.Select(DomainName.Parse))
        {
            await _target.AppliedAsync(SmallZone.Create(zone, 1, hosts: 0));
            await _target.AppliedAsync(SmallZone.Create(zone, 2, hosts: 0));
            Assert.Contains((await _target.Caller.ListAsync()).Zones, zone.Equals);
            await _target.RemovedAsync(zone);
        }

        foreach (DomainName zone in RefusedNames.Select(DomainName.Parse))
        {
            OrderFinished answer = await _target.Caller.ApplyAsync(zone, SmallZone.Create(zone, 1, hosts: 0));
            Assert.True(answer.Outcome == OrderOutcome.Refused, $"{zone} {answer}");
            // PowerDNS answers SERVFAIL for most of these, whether it has them or not.
            await _target.RemovedAsync(zone);
        }

        Assert.Equal(1u, (await _target.Caller.ObserveAsync(beside)).Serial);
    }

    [Fact]
    public async Task Lists_its_zones_and_no_secondaries_or_says_that_there_are_too_many()
    {
        DomainName[] zones = [.. Enumerable.Range(0, 5).Select(i => DomainName.Parse($"z{i}.listed.example."))];
        foreach (DomainName zone in zones)
            await _target.DoneAsync(_target.Caller.ApplyAsync(zone, SmallZone.Create(zone, 1)));
        (await _server.UtilAsync("create-slave-zone", "secondary.listed.example", "127.0.0.9")).EnsureSuccess();

        ServedListed all = await _target.Caller.ListAsync();
        ServedListed tooMany = await _target.Caller.ListAsync(maximum: 3);

        Assert.Null(all.Failure);
        Assert.Equal(zones, all.Zones.Where(zone => zone.ToString().Contains("listed", StringComparison.Ordinal)).Order());
        Assert.Contains("more than 3 zones", tooMany.Failure!.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_thousand_zones_come_and_go()
    {
        DomainName[] zones = [.. Enumerable.Range(0, 1000).Select(i => DomainName.Parse($"z{i}.many.example."))];

        OrderFinished[] answers = await Task.WhenAll(
            zones.Select((zone, i) => _target.Caller.ApplyAsync(zone, SmallZone.Create(zone, (uint)i + 1))));

        Assert.All(answers, answer => Assert.Equal((OrderOutcome.Done, null), (answer.Outcome, answer.Reason)));
        foreach ((int i, DomainName zone) in zones.Index())
            Assert.Equal((uint)i + 1, (await _target.Caller.ObserveAsync(zone)).Serial);
        answers = await Task.WhenAll(zones.Select(_target.Caller.RemoveAsync));
        Assert.All(answers, answer => Assert.Equal((OrderOutcome.Done, null), (answer.Outcome, answer.Reason)));
        Assert.Empty(_target.Caller.Surplus);
    }

    [Fact]
    public async Task A_wrong_key_or_server_is_said()
    {
        DomainName zone = DomainName.Parse("key.example.");
        await using ApiTarget wrongKey = new(_server, _target.Options with { ApiKey = "wrong" });
        await using ApiTarget wrongServer = new(_server, _target.Options with { ServerId = "elsewhere" });

        OrderFinished key = await wrongKey.Caller.ApplyAsync(zone, SmallZone.Create(zone, 1));
        OrderFinished probe = await wrongServer.Caller.ProbeAsync();

        // It concerns every zone, and none of them is to blame.
        Assert.Equal(OrderOutcome.Away, key.Outcome);
        Assert.Contains("api-key", key.Reason!.Text, StringComparison.Ordinal);
        Assert.Equal(OrderOutcome.Away, (await wrongKey.Caller.ProbeAsync()).Outcome);
        Assert.Equal(OrderOutcome.Away, probe.Outcome);
        Assert.Contains("server-id", probe.Reason!.Text, StringComparison.Ordinal);
    }
}
