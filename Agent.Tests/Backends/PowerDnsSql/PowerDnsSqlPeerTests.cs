using System.Data.Common;
using Agent.Actors.Backends;
using Agent.Actors.Reasons;
using Agent.Bench.Peers;
using Agent.Dns.Wire;
using Agent.Dns.Zones;
using Agent.Tests.Dns.Zones;
using static Agent.Tests.Dns.Zones.RandomZones;

namespace Agent.Tests.Backends.PowerDnsSql;

/// <summary>The driver against a real pdns_server that goes on running, with its caches as they come.</summary>
/// <param name="fixture">The server.</param>
/// <param name="bulk">How many zones are many.</param>
public abstract partial class PowerDnsSqlPeerTests(ISqlServer fixture, int bulk) : ServerPeerFacts, IAsyncLifetime
{
    private readonly PowerDnsTarget _server = fixture.Server;
    private SqlTarget _target = null!;

    public Task InitializeAsync()
    {
        _target = new SqlTarget(_server);
        return Task.CompletedTask;
    }

    public Task DisposeAsync() => _target.DisposeAsync().AsTask();

    private protected override ServerTarget Drive() => new SqlTarget(_server);

    protected override async Task IsThereAsync(DomainName zone) =>
        Assert.Equal("NATIVE", await _server.SqlAsync($"select type from domains where name = '{zone.ToString().TrimEnd('.')}'"));

    protected override async Task IsGoneAsync(DomainName zone)
    {
        Assert.Equal("0", await _server.SqlAsync($"select count(*) from records where name like '%{zone.ToString().TrimEnd('.')}'"));
        Assert.Equal("0", await _server.SqlAsync(
            "select count(*) from domainmetadata where domain_id not in (select id from domains)"));
    }

    [Fact]
    public async Task Only_rows_that_differ_are_written()
    {
        DomainName zone = DomainName.Parse("differs.example.");
        await _target.AppliedAsync(SmallZone.Create(zone, 1, hosts: 20));
        HashSet<string> first = await IdsAsync();

        await _target.AppliedAsync(SmallZone.Create(zone, 1, hosts: 20));
        Assert.Equal(first, await IdsAsync());
        await _target.AppliedAsync(SmallZone.Create(zone, 2, hosts: 21));
        HashSet<string> second = await IdsAsync();

        // The SOA, and the new host.
        Assert.Equal(2, second.Except(first).Count());
        Assert.Single(first.Except(second));

        async Task<HashSet<string>> IdsAsync() =>
            [.. (await _server.SqlAsync("select id from records where name like '%differs.example'")).Split('\n')];
    }

    [Fact]
    public async Task Every_type_that_is_data_comes_back_equal()
    {
        ZoneContent content = Content(ReadRecords(ZoneFilePeerTests.Sample()).Where(record =>
            record.Type is not (RecordType.RRSIG or RecordType.NSEC or RecordType.NSEC3 or RecordType.NSEC3PARAM or RecordType.DNSKEY
                or RecordType.CDS or RecordType.CDNSKEY or (RecordType)65401)));

        await _target.AppliedAsync(content);

        await _target.ServesAsync(content);
    }

    [Theory]
    [InlineData(RecordType.RRSIG, "signatures, but no NSEC or NSEC3")]
    [InlineData(RecordType.DNSKEY, "its own keys")]
    [InlineData((RecordType)65401, "ALIAS")]
    [InlineData((RecordType)65402, "LUA")]
    public async Task What_it_would_not_serve_as_it_stands_is_not_given_to_it(RecordType type, string words)
    {
        DomainName zone = DomainName.Parse($"type{(ushort)type}.example.");
        ZoneContent content = Content([new(zone, RecordType.SOA, 60, Soa(1)), new(zone, type, 60, [0, 0, 0, 0])]);

        await RefusedAsync(zone, content, words, ReasonCode.TargetCannotHold);
    }

    [Fact]
    public async Task What_does_not_fit_the_tables_is_refused_before_anything_is_written()
    {
        DomainName zone = DomainName.Parse("fits.example.");
        string label = string.Concat(Enumerable.Repeat("\\000", 63));
        PlainRecord soa = new(zone, RecordType.SOA, 60, Soa(1));

        await RefusedAsync(
            zone, Content([soa, new(DomainName.Parse($"{label}.{label}.fits.example."), RecordType.A, 60, [192, 0, 2, 1])]),
            "longer in text", ReasonCode.NameNotAcceptable);
        await RefusedAsync(
            zone, Content([soa, new(zone, (RecordType)1234, 60, new byte[40_000])]), "longer in text", ReasonCode.TargetCannotHold);
        await RefusedAsync(
            zone, Content([soa, new(zone, RecordType.MX, 60, [0])]), "none of MX", ReasonCode.TargetRefused);
    }

    private async Task RefusedAsync(DomainName zone, ZoneContent content, string words, string code)
    {
        OrderFinished answer = await _target.Caller.ApplyAsync(zone, content);
        Assert.Equal((OrderOutcome.Refused, code), (answer.Outcome, answer.Reason?.Code));
        Assert.Contains(words, answer.Reason!.Text, StringComparison.Ordinal);
        Assert.DoesNotContain((await _target.Caller.ListAsync()).Zones, zone.Equals);
    }

    /// <summary>What its own tool would make of the columns for DNSSEC and of empty names is what was written.</summary>
    [Theory]
    [InlineData("")]
    [InlineData("secure-zone")]
    [InlineData("secure-zone", "set-nsec3 1 0 0 -")]
    [InlineData("secure-zone", "set-nsec3 1 0 5 ab12")]
    [InlineData("secure-zone", "set-nsec3 1 1 1 cd")]
    [InlineData("secure-zone", "set-nsec3 1 0 1 - narrow")]
    [InlineData("secure-zone", "set-nsec3 1 1 1 - narrow")]
    public async Task Rows_are_as_PowerDNS_itself_rectifies_them(params string[] commands)
    {
        string name = $"order{NumberOf(string.Concat(commands))}.example";
        DomainName zone = DomainName.Parse(name + ".");
        await _target.AppliedAsync(SmallZone.Create(zone, 1));
        await RunAsync(name, commands);

        ZoneContent content = Delegating(zone, 2);
        await _target.AppliedAsync(content);
        string written = await RowsAsync();
        (await _server.UtilAsync("rectify-zone", name)).EnsureSuccess();

        Assert.Equal(await RowsAsync(), written);
        await IsSoundAsync(name);
        string ids = await _server.SqlAsync($"select id from records where name like '%{name}' order by id");
        await _target.AppliedAsync(content);
        Assert.Equal(ids, await _server.SqlAsync($"select id from records where name like '%{name}' order by id"));

        // PowerDNS updates rows one by one, so their order is not that of the numbers.
        async Task<string> RowsAsync() => string.Join('\n', (await _server.SqlAsync(
            $"select name, type, content, ordername is null, ordername, auth from records where name like '%{name}'"))
            .Split('\n').Order(StringComparer.Ordinal));
    }

    /// <summary>Commands of PowerDNS's tool for a zone.</summary>
    private async Task RunAsync(string zone, string[] commands)
    {
        foreach (string command in commands.Where(command => command.Length > 0))
        {
            string[] words = command.Split(' ', 2);
            string[] more = words.Length == 1 ? [] : words[1].EndsWith(" narrow", StringComparison.Ordinal)
                ? [words[1][..^" narrow".Length], "narrow"] : [words[1]];
            (await _server.UtilAsync([words[0], zone, .. more])).EnsureSuccess();
        }
    }

    /// <summary>For names of zones that differ.</summary>
    private static ulong NumberOf(string text) => NameBytes.StableHash(System.Text.Encoding.ASCII.GetBytes(text)) % 1_000_000;

    private static ZoneContent Delegating(DomainName zone, uint serial)
    {
        PlainRecord At(string label, RecordType type, params byte[] rdata) => new(DomainName.Parse($"{label}.{zone}"), type, 60, rdata);
        byte[] digest = [0, 1, 13, 2, .. new byte[32]];
        return Content(
        [
            new(zone, RecordType.SOA, 60, Soa(serial)),
            new(zone, RecordType.NS, 60, Name("ns.elsewhere.test.")),
            new(zone, RecordType.MX, 60, [0, 10, .. Name("mail.elsewhere.test.")]),
            At("www", RecordType.A, 192, 0, 2, 1),
            At("*.wild", RecordType.TXT, 1, 97),
            At("a.b.c.deep", RecordType.AAAA, new byte[16]),
            At("UPPER", RecordType.A, 192, 0, 2, 2),
            At("child", RecordType.NS, Name($"ns.child.{zone}")),
            At("ns.child", RecordType.A, 192, 0, 2, 3),
            At("ns.child", RecordType.AAAA, new byte[16]),
            At("x.y.child", RecordType.A, 192, 0, 2, 4),
            At("secure", RecordType.NS, Name($"secure.{zone}")),
            At("secure", RecordType.DS, digest),
            At("secure", RecordType.A, 192, 0, 2, 5),
            At("far.way", RecordType.NS, Name("ns.elsewhere.test.")),
            At("near.road", RecordType.NS, Name("ns.elsewhere.test.")),
            At("near.road", RecordType.DS, digest),
            At("_sip._tcp", RecordType.SRV, [0, 1, 0, 2, 0, 53, .. Name("sip.elsewhere.test.")]),
        ]);
    }

    private async Task IsSoundAsync(string zone)
    {
        ToolResult check = await _server.UtilAsync("check-zone", zone);
        Assert.True(check.ExitCode == 0 && check.Output.Contains(" 0 errors", StringComparison.Ordinal), check.Output + check.Error);
    }

    [Theory]
    [InlineData("update records set content = '192.0.2.99' where name = 'h0.@'")]
    [InlineData("delete from records where name = 'h0.@'")]
    [InlineData("update records set ttl = 7, auth = false where name = 'h0.@'")]
    [InlineData("update records set content = 'broken' where name = '@' and type = 'SOA'")]
    [InlineData("delete from records where name like '%@'")]
    [InlineData("update domains set type = 'SLAVE', master = '192.0.2.1' where name = '@'")]
    [InlineData("insert into domainmetadata (domain_id, kind, content) select id, 'PRESIGNED', '1' from domains where name = '@'")]
    public async Task An_edit_by_hand_is_undone(string statement)
    {
        string name = $"edited{NumberOf(statement)}.example";
        DomainName zone = DomainName.Parse(name + ".");
        ZoneContent content = SmallZone.Create(zone, 5, hosts: 2);
        await _target.AppliedAsync(content);
        await _server.SqlAsync(statement.Replace("@", name, StringComparison.Ordinal));

        await _target.AppliedAsync(content);

        await _target.ServesAsync(content);
        Assert.Equal("NATIVE", await _server.SqlAsync($"select type from domains where name = '{name}'"));
    }

    private static readonly string[] TakenNames =
    [
        "\\.\\./\\.\\./etc/passwd.", "a\\/b.example.", "a\\ b.example.", "back\\\\slash.example.", "-flag.example.", "--.example.",
        "*.example.", "UPPER.Example.", "_srv._tcp.example.", "\\@p0.example.", "a:b.example.", ".",
    ];

    private static readonly string[] RefusedNames =
    [
        "a\\000b.example.", "semi\\;colon.example.", "quo\\\"te.example.", "it's'--.example.", "new\\010line.example.", "zone[x].example.",
        "%s.example.", "$\\(id\\).example.", "\\255\\254.example.",
    ];

    [Fact]
    public async Task Hostile_names_are_served_or_refused_and_touch_nothing_else()
    {
        DomainName beside = DomainName.Parse("beside.hostile.example.");
        await _target.AppliedAsync(SmallZone.Create(beside, 1));

        foreach (DomainName zone in TakenNames.Select(DomainName.Parse))
        {
            await _target.AppliedAsync(SmallZone.Create(zone, 1, hosts: 1));
            await _target.AppliedAsync(SmallZone.Create(zone, 2, hosts: 2));
            await _target.ServesAsync(SmallZone.Create(zone, 2, hosts: 2));
            Assert.Contains((await _target.Caller.ListAsync()).Zones, zone.Equals);
            await _target.RemovedAsync(zone);
        }

        foreach (DomainName zone in RefusedNames.Select(DomainName.Parse))
        {
            await RefusedAsync(zone, SmallZone.Create(zone, 1), "answers no question", ReasonCode.NameNotAcceptable);
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
    public async Task Many_zones_come_and_go()
    {
        DomainName[] zones = [.. Enumerable.Range(0, bulk).Select(i => DomainName.Parse($"z{i}.many.example."))];

        OrderFinished[] answers = await Task.WhenAll(
            zones.Select((zone, i) => _target.Caller.ApplyAsync(zone, SmallZone.Create(zone, (uint)i + 1))));

        Assert.All(answers, answer => Assert.Equal((OrderOutcome.Done, null), (answer.Outcome, answer.Reason)));
        // Some at a time, as a target gives them: the time that a look has runs while it waits for others.
        List<ZoneObserved> seen = [];
        foreach (DomainName[] some in zones.Chunk(100))
            seen.AddRange(await Task.WhenAll(some.Select(_target.Caller.ObserveAsync)));
        Assert.All(seen.Index(), pair => Assert.Equal((uint)pair.Index + 1, pair.Item.Serial));
        answers = await Task.WhenAll(zones.Select(_target.Caller.RemoveAsync));
        Assert.All(answers, answer => Assert.Equal((OrderOutcome.Done, null), (answer.Outcome, answer.Reason)));
        Assert.Equal("0", await _server.SqlAsync("select count(*) from records where name like '%many.example'"));
        Assert.Empty(_target.Caller.Surplus);
    }

    [Fact]
    public async Task While_somebody_else_changes_the_database_a_probe_does_not_wait()
    {
        await using DbConnection other = _target.Options.Connect();
        await other.OpenAsync();
        await using DbTransaction change = await other.BeginTransactionAsync();

        await _target.DoneAsync(_target.Caller.ProbeAsync());
        Assert.Null((await _target.Caller.ListAsync(maximum: 100_000)).Failure);
    }

    [Fact]
    public async Task A_socket_or_database_that_is_not_there_is_away_and_named()
    {
        DomainName zone = DomainName.Parse("away.example.");
        await using SqlTarget noSocket = new(_server, _target.Options with { Control = "/nowhere/pdns.controlsocket" });

        OrderFinished socket = await noSocket.Caller.ApplyAsync(zone, SmallZone.Create(zone, 1));

        Assert.Equal(OrderOutcome.Away, socket.Outcome);
        Assert.Contains("/nowhere/pdns.controlsocket", socket.Reason!.Text, StringComparison.Ordinal);
        Assert.Equal(OrderOutcome.Away, (await noSocket.Caller.ProbeAsync()).Outcome);
        await _target.AppliedAsync(SmallZone.Create(zone, 1));
        OrderFinished probe = await _target.Caller.ProbeAsync();
        Assert.NotNull(probe.ServerRun);
        Assert.Equal(probe.ServerRun, (await _target.Caller.ProbeAsync()).ServerRun);
    }
}

[Trait("Category", "Peer")]
public sealed class PowerDnsSqlitePeerTests(SqliteServer fixture) : PowerDnsSqlPeerTests(fixture, bulk: 1000), IClassFixture<SqliteServer>;

[Trait("Category", "Peer")]
public sealed class PowerDnsMysqlPeerTests(MariaDbServer fixture)
    : PowerDnsSqlPeerTests(fixture, bulk: 200), IClassFixture<MariaDbServer>;
