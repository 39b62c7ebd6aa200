using Agent.Actors.Backends;
using Agent.Actors.Reasons;
using Agent.Bench.Peers;
using Agent.Dns.Wire;
using Agent.Dns.Zones;
using Agent.Tests.Backends.DynamicUpdate;
using Agent.Tests.Dns.Zones;

namespace Agent.Tests.Backends.Tinydns;

/// <summary>The driver against the real tinydns.</summary>
[Trait("Category", "Peer")]
public sealed class TinydnsBackendPeerTests(TinydnsServerFixture fixture) : IClassFixture<TinydnsServerFixture>
{
    private TinydnsServer Server => fixture.Server;

    [Fact]
    public async Task Adds_changes_and_removes()
    {
        await using TinydnsTarget target = new(Server);
        DomainName zone = fixture.TakeZone();

        Assert.Equal(OrderOutcome.Done, (await target.Caller.ProbeAsync()).Outcome);
        await target.AppliedEquallyAsync(SmallZone.Create(zone, 1));
        await target.AppliedEquallyAsync(SmallZone.Create(zone, 2, hosts: 500));
        await target.AppliedEquallyAsync(SmallZone.Create(zone, 3, hosts: 0));
        Assert.Equal(OrderOutcome.Done, (await target.Caller.ProbeAsync()).Outcome);
        await target.RemovedAsync(zone);
        await target.RemovedAsync(zone);

        Assert.Empty(target.Caller.Surplus);
    }

    [Fact]
    public async Task Every_type_and_hostile_names_come_back_equal()
    {
        await using TinydnsTarget target = new(Server);
        string zone = fixture.TakeZone().ToString();
        string[] refused = ["rrsig", "nsec", "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom"];
        string[] labels =
        [
            "\\.\\./\\.\\./etc", "a\\/b", "a\\000b", "semi\\;colon", "quo\\\"te", "a\\032b", "back\\\\slash", "new\\010line", "\\$INCLUDE",
            "\\@", "\\255\\254", "UPPER", "_srv._tcp", "*", "a.*.b", "*.deep.er", new string('x', 63),
            string.Join('.', Enumerable.Repeat(new string('y', 63), 3)),
        ];
        string[] lines =
        [
            "@ NS ns1.elsewhere.test.",
            .. RecordSamples.All().Select(sample => sample.Text).Where(text => !refused.Contains(text.Split(' ')[0])),
            "odd TYPE65280 \\# 5 0102030405", "odd TYPE731 \\# 0",
            $"middle TXT \"{new string('t', 255)}\" \"{new string('u', 100)}\"",
            $"long TXT {string.Join(' ', Enumerable.Repeat($"\"{new string('t', 255)}\"", 100))}",
            .. Enumerable.Range(1, 8).Select(i => $"eight A 192.0.2.{i}"),
            .. labels.Select((label, i) => $"{label} TXT \"{label}\" \"{i}\" \"\""),
        ];

        await target.AppliedEquallyAsync(UpdateTarget.Zone(zone, 2, lines));
        await target.AppliedEquallyAsync(UpdateTarget.Zone(zone, 3, lines.Where((_, i) => i == 0 || i % 2 == 1)));
    }

    [Fact]
    public async Task Wildcards_delegations_and_negative_answers_are_those_of_the_zone()
    {
        await using TinydnsTarget target = new(Server);
        DomainName zone = fixture.TakeZone();
        await target.AppliedAsync(UpdateTarget.Zone(
            zone.ToString(), 1, "@ NS ns1.elsewhere.test.", "*.w TXT wild", "x.w TXT own", "sub NS ns.sub", "ns.sub A 192.0.2.9"));

        Assert.Equal([$"any.w.{zone} 300 IN TXT \"wild\""], await DigTool.QueryAsync(Server.EndPoint, $"any.w.{zone}", "TXT"));
        Assert.Equal([$"x.w.{zone} 300 IN TXT \"own\""], await DigTool.QueryAsync(Server.EndPoint, $"x.w.{zone}", "TXT"));
        string referral = await DigTool.RunAsync(Server.EndPoint, $"a.sub.{zone}", "A");
        Assert.Contains("status: NOERROR", referral, StringComparison.Ordinal);
        Assert.DoesNotContain(" aa", referral, StringComparison.Ordinal);
        Assert.Contains("192.0.2.9", referral, StringComparison.Ordinal);
        string none = await DigTool.RunAsync(Server.EndPoint, $"none.{zone}", "A");
        Assert.Contains("status: NXDOMAIN", none, StringComparison.Ordinal);
        Assert.Contains("SOA", none, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_zone_inside_another_one_has_its_own_records_and_not_those_of_the_delegation()
    {
        await using TinydnsTarget target = new(Server);
        DomainName zone = fixture.TakeZone();
        Assert.True(zone.TryPrepend("sub"u8, out DomainName? inner));
        ZoneContent outer = UpdateTarget.Zone(
            zone.ToString(), 1, "@ NS ns1.elsewhere.test.", "sub NS ns.old", "www.sub A 192.0.2.1", "subway A 192.0.2.2");

        await target.AppliedAsync(outer);
        await target.AppliedEquallyAsync(UpdateTarget.Zone(inner.ToString(), 7, "@ NS ns.new", "www A 192.0.2.3"));

        Assert.Equal([$"sub.{zone} 300 IN NS ns.new.sub.{zone}"], await DigTool.QueryAsync(Server.EndPoint, inner.ToString(), "NS"));
        Assert.Equal([$"www.sub.{zone} 300 IN A 192.0.2.3"], await DigTool.QueryAsync(Server.EndPoint, $"www.{inner}", "A"));
        Assert.Equal([$"subway.{zone} 300 IN A 192.0.2.2"], await DigTool.QueryAsync(Server.EndPoint, $"subway.{zone}", "A"));
        string[] glued = ["@ NS ns1.elsewhere.test.", "sub NS ns.old.sub", "ns.old.sub A 192.0.2.4"];
        await target.AppliedAsync(UpdateTarget.Zone(zone.ToString(), 2, glued));
        Assert.Equal([$"www.sub.{zone} 300 IN A 192.0.2.3"], await DigTool.QueryAsync(Server.EndPoint, $"www.{inner}", "A"));

        await target.DoneAsync(target.Caller.RemoveAsync(inner));
        // A delegation again, with its glue.
        Assert.Contains("192.0.2.4", await DigTool.RunAsync(Server.EndPoint, $"www.{inner}", "A"), StringComparison.Ordinal);
        await target.SeenAsync(inner, Observation.Absent, 0);
    }

    [Fact]
    public async Task Zones_with_hostile_names_are_served_or_refused()
    {
        await using TinydnsTarget target = new(Server);
        string label = new('a', 63);
        string[] names =
        [
            "\\.\\./\\.\\./etc/passwd.", "a\\/b.example.", "0/25.2.0.192.in-addr.arpa.", "a\\000b.example.", "semi\\;colon.example.",
            "quo\\\"te.example.", "a\\ b.example.", "back\\\\slash.example.", "new\\010line.example.", "%2e%2e.example.", "\\255\\254.example.",
            "\\@.example.", "-x.example.", "\\.hidden.example.", "UPPER.Example2.", "*.wild.example.",
            $"{label}.{label}.{label}.{new string('b', 40)}.", $"{string.Concat(Enumerable.Repeat("\\000", 63))}.{label}.x.",
        ];
        ZoneContent[] contents = [.. names.Select(name => SmallZone.Create(name, 1))];

        OrderFinished[] answers = await Task.WhenAll(contents.Select(content => target.Caller.ApplyAsync(content.Apex, content)));
        foreach ((int i, OrderFinished answer) in answers.Index())
        {
            bool isRefused = names[i][0] == '*' || names[i].Length > 255;
            Assert.Equal((names[i], isRefused ? OrderOutcome.Refused : OrderOutcome.Done), (names[i], answer.Outcome));
            if (isRefused) Assert.Equal(ReasonCode.NameNotAcceptable, answer.Reason!.Code);
            await target.SeenAsync(contents[i].Apex, isRefused ? Observation.Absent : Observation.Present, isRefused ? 0u : 1);
        }

        await Task.WhenAll(contents.Select(content => target.RemovedAsync(content.Apex)));
    }

    [Theory]
    [InlineData("s RRSIG A 8 3 300 20300101000000 20200101000000 1234 example.org. AwEAAQ==", "signatures")]
    [InlineData("s NSEC t A RRSIG NSEC", "signatures")]
    [InlineData("a A 192.0.2.1;a A 192.0.2.2;a A 192.0.2.3;a A 192.0.2.4;a A 192.0.2.5;a A 192.0.2.6;a A 192.0.2.7;a A 192.0.2.8;a A 192.0.2.9",
        "more than 8 A records")]
    public async Task What_tinydns_would_not_answer_as_it_is_is_refused(string lines, string objection)
    {
        await using TinydnsTarget target = new(Server);
        ZoneContent content = UpdateTarget.Zone(fixture.TakeZone().ToString(), 1, ["@ NS ns1.elsewhere.test.", .. lines.Split(';')]);

        Assert.Contains(objection, await target.RefusedAsync(content), StringComparison.Ordinal);
        await target.SeenAsync(content.Apex, Observation.Absent, 0);
    }

    [Fact]
    public async Task A_zone_without_name_servers_or_with_a_record_that_is_too_long_is_refused()
    {
        await using TinydnsTarget target = new(Server);
        string zone = fixture.TakeZone().ToString();

        Assert.Contains("no NS record", await target.RefusedAsync(UpdateTarget.Zone(zone, 1, "a A 192.0.2.1")), StringComparison.Ordinal);
        string[] tooLong = ["@ NS ns1.elsewhere.test.", $"a TYPE65280 \\# 32753 {new string('0', 2 * 32753)}"];
        string objection = await target.RefusedAsync(UpdateTarget.Zone(zone, 1, tooLong));
        Assert.Contains("more than 32752 octets of data", objection, StringComparison.Ordinal);
        string[] justNot = ["@ NS ns1.elsewhere.test.", $"a TYPE65280 \\# 32752 {new string('0', 2 * 32752)}", "a TXT x"];
        await target.AppliedEquallyAsync(UpdateTarget.Zone(zone, 1, justNot));
    }
}
