using Agent.Dns.Wire;
using Agent.Dns.Zones;
using Agent.Tests.Backends.DynamicUpdate;
using Agent.Tests.Dns.Zones;
using static Agent.Tests.Dns.Zones.RandomZones;

namespace Agent.Tests.Backends.PowerDnsSql;

/// <summary>Changes that are known, beside what a comparison of the whole table comes to.</summary>
public abstract partial class PowerDnsSqlPeerTests
{
    [Theory]
    [InlineData("")]
    [InlineData("secure-zone")]
    [InlineData("secure-zone", "set-nsec3 1 1 1 cd")]
    public async Task A_known_change_leaves_nothing_to_a_comparison(params string[] commands)
    {
        string name = $"known{NumberOf(string.Concat(commands))}.example";
        DomainName zone = DomainName.Parse(name + ".");
        KnownHistory history = new();
        await using SqlTarget told = new(_server, history: history);
        Random random = new(7);
        List<PlainRecord> records = DelegatingZones.Create(random, zone, 100);
        ZoneContent content = Content(records);
        await told.AppliedAsync(content);
        await RunAsync(name, commands);
        await told.AppliedAsync(content);

        for (uint serial = 2; serial < 10; serial++)
        {
            records = DelegatingZones.Change(random, records, serial, most: 8);
            ZoneContent next = Content(records);
            history.Add(content, next);
            content = next;
            await told.DoneAsync(told.Caller.ApplyAsync(zone, content));
            string ids = await IdsAsync(name);
            await told.AppliedAsync(content);
            Assert.Equal(ids, await IdsAsync(name));
        }

        Assert.Equal(8, history.Found);
        if (commands[0].Length == 0)
            await told.ServesAsync(content);
    }

    [Theory]
    [InlineData("bind nsec")]
    [InlineData("bind opt-out")]
    public async Task A_known_change_of_a_zone_that_its_master_signs_validates(string way)
    {
        string name = $"{way.Replace(' ', '-')}.known.example";
        DomainName zone = DomainName.Parse(name + ".");
        using ZoneSigner signer = await ZoneSigner.CreateAsync(zone);
        KnownHistory history = new();
        await using SqlTarget told = new(_server, history: history);
        List<PlainRecord> records = ReadRecords(ToSign(zone, 1));
        records.AddRange(Enumerable.Range(0, 40).Select(i =>
            new PlainRecord(DomainName.Parse($"host{i}.{zone}"), RecordType.A, 60, [192, 0, 2, (byte)i])));
        ZoneContent content = await signer.SignAsync(Content(records), way);
        await told.AppliedAsync(content);

        records[0] = records[0] with { Rdata = Soa(2) };
        records.Add(new PlainRecord(DomainName.Parse($"new.under.{zone}"), RecordType.A, 60, [192, 0, 2, 77]));
        ZoneContent next = await signer.ResignAsync(Content(records), way);
        history.Add(content, next);
        await told.AppliedAsync(next);

        Assert.Equal(1, history.Found);
        await told.ServesAsync(next);
        await signer.VerifyTransferAsync(_server);
        string ids = await IdsAsync(name);
        await told.AppliedAsync(next);
        Assert.Equal(ids, await IdsAsync(name));
    }

    /// <summary>An edit at a name that changes, or of the SOA, is seen, and the whole table gone through; one elsewhere is not.</summary>
    [Theory]
    [InlineData("", false)]
    [InlineData("update records set content = 'ns1.elsewhere.test ns1.elsewhere.test 9 1 1 1 1' where name = '@' and type = 'SOA'", true)]
    [InlineData("update records set ttl = 7 where name = '@' and type = 'NS'", true)]
    [InlineData("insert into records (domain_id, name, type, content, ttl, prio, disabled, auth) "
        + "select id, 'h40.@', 'A', '192.0.2.9', 60, 0, false, true from domains where name = '@'", true)]
    public async Task A_known_change_is_not_put_onto_rows_that_somebody_changed(string edit, bool isSeen)
    {
        string name = $"edit{NumberOf(edit)}.known.example";
        DomainName zone = DomainName.Parse(name + ".");
        KnownHistory history = new();
        await using SqlTarget told = new(_server, history: history);
        (ZoneContent before, ZoneContent after) = (SmallZone.Create(zone, 1, hosts: 40), SmallZone.Create(zone, 2, hosts: 41));
        history.Add(before, after);
        await told.AppliedAsync(before);
        await _server.SqlAsync($"update records set content = '192.0.2.99' where name = 'h3.{name}'");
        if (edit.Length > 0)
            await _server.SqlAsync(edit.Replace("@", name, StringComparison.Ordinal));

        await told.AppliedAsync(after);

        Assert.Equal(isSeen ? "192.0.0.3" : "192.0.2.99", await _server.SqlAsync($"select content from records where name = 'h3.{name}'"));
        await told.AppliedAsync(after);
        await told.ServesAsync(after);
    }

    private Task<string> IdsAsync(string zone) => _server.SqlAsync(
        $"select id from records where domain_id = (select id from domains where name = '{zone}') order by id");
}
