using System.Globalization;
using Agent.Actors.Backends;
using Agent.Actors.Reasons;
using Agent.Bench.Peers;
using Agent.Dns.Wire;
using Agent.Dns.Zones;
using Agent.Tests.Dns.Zones;

namespace Agent.Tests.Backends.DynamicUpdate;

/// <summary>The driver against the real named and the real knotd. What is served is read back by transfer after each change.</summary>
[Trait("Category", "Peer")]
public sealed class DynamicUpdatePeerTests(UpdatedServers servers) : IClassFixture<UpdatedServers>
{
    public static TheoryData<string> Kinds => [UpdatedServers.Bind, UpdatedServers.Knot];

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Fills_changes_and_empties_a_zone(string kind)
    {
        await using UpdateTarget target = new(servers[kind]);
        string zone = servers.TakeZone();

        await target.AppliedAsync(UpdateTarget.Zone(zone, 2, "@ NS ns1", "ns1 A 127.0.0.1", "www A 192.0.2.1", "www A 192.0.2.2"));
        await target.AppliedAsync(UpdateTarget.Zone(zone, 3, "@ NS ns1", "ns1 A 127.0.0.1", "www A 192.0.2.2", "mail 60 AAAA 2001:db8::1"));
        await target.AppliedAsync(UpdateTarget.Zone(zone, 4, "@ NS ns.elsewhere.test."));

        Assert.Empty(target.Caller.Surplus);
    }

    /// <summary>Where a server ignores half of a change that comes in a careless order.</summary>
    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Changes_that_a_server_ignores_in_another_order_come_through(string kind)
    {
        await using UpdateTarget target = new(servers[kind]);
        string zone = servers.TakeZone();
        string[][] versions =
        [
            ["@ NS ns1", "ns1 A 127.0.0.1", "x A 192.0.2.1", "x TXT \"one\""],
            ["@ NS ns.other.test.", "x CNAME elsewhere.test."],
            ["@ 60 NS ns.other.test.", "x CNAME further.test."],
            ["@ 120 NS ns.other.test.", "@ 120 NS ns.third.test.", "x A 192.0.2.1", "x MX 10 mail.test."],
            ["@ 30 NS ns.third.test.", "x 30 A 192.0.2.1", "x 60 MX 10 mail.test.", "sub NS ns.sub", "ns.sub A 192.0.2.53"],
            ["@ NS ns.third.test.", "sub DNAME target.test.", "*.wild A 192.0.2.9"],
        ];

        for (int i = 0; i < versions.Length; i++)
            await target.AppliedAsync(UpdateTarget.Zone(zone, (uint)i + 2, versions[i]));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Repeats_are_successes_and_a_change_of_the_soa_alone_comes_through(string kind)
    {
        await using UpdateTarget target = new(servers[kind]);
        string zone = servers.TakeZone();
        ZoneContent content = UpdateTarget.Zone(zone, 5, "@ NS ns1", "ns1 A 127.0.0.1");

        for (int round = 0; round < 3; round++) await target.AppliedAsync(content);
        await target.AppliedAsync(UpdateTarget.Zone(zone, 6, "@ NS ns1", "ns1 A 127.0.0.1"));
    }

    /// <summary>The server says NXRRSET when somebody was there since, and then is looked at.</summary>
    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task A_hand_edit_is_found_and_repaired_and_a_later_serial_ends_it(string kind)
    {
        string zone = servers.TakeZone();
        string[] lines = ["@ NS ns1", "ns1 A 127.0.0.1", "www A 192.0.2.1"];
        ZoneContent content = UpdateTarget.Zone(zone, 10, lines);
        KnownHistory history = new();
        await using UpdateTarget target = new(servers[kind], history);
        await target.AppliedAsync(content);

        await EditAsync(servers[kind], zone, $"update delete www.{zone} A", $"update add evil.{zone} 5 A 192.0.2.66");
        Assert.Equal(11u, (await target.Caller.ObserveAsync(content.Apex)).Serial);
        await target.LevelButAheadAsync(content);
        uint ahead = (await target.Caller.ObserveAsync(content.Apex)).Serial;
        await target.LevelButAheadAsync(content);
        Assert.Equal(ahead, (await target.Caller.ObserveAsync(content.Apex)).Serial);
        ZoneContent second = UpdateTarget.Zone(zone, 20, lines);
        await target.AppliedAsync(second);

        await EditAsync(servers[kind], zone, $"update add evil.{zone} 5 A 192.0.2.66");
        ZoneContent third = UpdateTarget.Zone(zone, 30, [.. lines, "mail A 192.0.2.2"]);
        history.Add(second, third);
        await target.AppliedAsync(third);
        Assert.Equal(1, history.Found);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Known_differences_go_without_a_transfer_and_only_as_many_records_as_changed(string kind)
    {
        string zone = servers.TakeZone();
        KnownHistory history = new();
        await using UpdateTarget target = new(servers[kind], history);
        string[] lines = ["@ NS ns1", "ns1 A 127.0.0.1", .. Enumerable.Range(0, 200).Select(i => $"h{i} A 192.0.2.{i}")];
        ZoneContent first = UpdateTarget.Zone(zone, 20, lines);
        ZoneContent second = UpdateTarget.Zone(zone, 21, [.. lines, "www A 192.0.2.1"]);
        ZoneContent third = UpdateTarget.Zone(zone, 22, [.. lines[..^1], "www A 192.0.2.2"]);
        history.Add(first, second);
        history.Add(second, third);
        await target.AppliedAsync(first);

        // Two steps at once, and one of them undoes what the other did.
        await target.AppliedAsync(third);

        Assert.Equal(1, history.Found);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task A_zone_that_takes_many_messages_is_filled_and_emptied(string kind)
    {
        await using UpdateTarget target = new(servers[kind]);
        string zone = servers.TakeZone();
        string[] hosts = [.. Enumerable.Range(0, 6000).Select(i => $"host-number-{i} A 10.0.{i / 250}.{i % 250}")];

        await target.AppliedAsync(UpdateTarget.Zone(zone, 100, ["@ NS ns1", "ns1 A 127.0.0.1", .. hosts]));
        // Fewer serials up to the wanted one than messages.
        IEnumerable<string> moved = hosts.Select(host => host.Replace(" A 10.", " A 11.", StringComparison.Ordinal));
        await target.LevelButAheadAsync(UpdateTarget.Zone(zone, 101, ["@ NS ns1", "ns1 A 127.0.0.1", .. moved]));
        await target.AppliedAsync(UpdateTarget.Zone(zone, 200, ["@ NS ns1", "ns1 A 127.0.0.1", .. moved]));
        await target.AppliedAsync(UpdateTarget.Zone(zone, 2026112800, "@ NS ns1", "ns1 A 127.0.0.1"));
    }

    [Fact]
    public async Task A_server_that_gives_no_transfer_gets_what_the_history_leads_on_from_its_serial()
    {
        KnownHistory history = new();
        await using UpdateTarget target = new(servers[UpdatedServers.Bind], history);
        string[] lines = ["@ 3600 NS ns1", "ns1 3600 A 127.0.0.1"];
        ZoneContent second = UpdateTarget.Zone(UpdatedServers.ClosedZone, 2, [.. lines, "www A 192.0.2.1"]);
        history.Add(UpdateTarget.Zone(UpdatedServers.ClosedZone, 1, lines), second);

        Assert.Equal(OrderOutcome.Done, (await target.Caller.ApplyAsync(second.Apex, second)).Outcome);
        Assert.Equal(2u, (await target.Caller.ObserveAsync(second.Apex)).Serial);
        OrderFinished refused = await target.RefusedAsync(UpdateTarget.Zone(UpdatedServers.ClosedZone, 3, lines));

        Assert.Contains("to transfer the zone", refused.Reason!.Text, StringComparison.Ordinal);
        Assert.Single(await DigTool.QueryAsync(servers[UpdatedServers.Bind].EndPoint, $"www.{UpdatedServers.ClosedZone}", "A"));
    }

    /// <summary>As when the agent is killed: the server has done the message, and nobody heard of it.</summary>
    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task A_change_that_is_cut_behind_any_message_is_finished_and_does_not_pass_for_whole(string kind)
    {
        const uint Wanted = 100;
        string[] hosts = [.. Enumerable.Range(0, 6000).Select(i => $"host-number-{i} A 10.0.{i / 250}.{i % 250}")];
        int cut = 0;
        for (uint reached = 0; reached != Wanted;)
        {
            ZoneContent content = UpdateTarget.Zone(servers.TakeZone(), Wanted, ["@ NS ns1", "ns1 A 127.0.0.1", .. hosts]);
            await using CutConnection connection = new(servers[kind].EndPoint, ++cut);
            await using UpdateTarget killed = new(servers[kind], through: connection.EndPoint);
            Assert.Equal(OrderOutcome.Away, (await killed.Caller.ApplyAsync(content.Apex, content)).Outcome);

            await using UpdateTarget next = new(servers[kind]);
            reached = (await next.Caller.ObserveAsync(content.Apex)).Serial;
            Assert.Equal(reached == Wanted, (await next.ServedAsync(content.Apex)).Count == content.RecordCount);
            await next.AppliedAsync(content);
        }

        Assert.InRange(cut, 3, 6);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Every_type_comes_back_equal_by_transfer(string kind)
    {
        await using UpdateTarget target = new(servers[kind]);
        string zone = servers.TakeZone();
        string[] lines =
        [
            "@ NS ns1.elsewhere.test.",
            .. RecordSamples.All().Select(sample => sample.Text).Where(text => !IsOfSigning(text)),
            "odd TYPE65280 \\# 5 0102030405", "odd TYPE731 \\# 0",
        ];

        await target.AppliedAsync(UpdateTarget.Zone(zone, 2, lines));
        await target.AppliedAsync(UpdateTarget.Zone(zone, 3, lines.Where((_, i) => i < 2 || i % 2 == 0).Reverse()));
        await target.AppliedAsync(UpdateTarget.Zone(zone, 4, lines));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task A_signed_zone_is_refused_before_it_is_sent(string kind)
    {
        await using UpdateTarget target = new(servers[kind]);
        string zone = servers.TakeZone();
        string key = RecordSamples.All().Single(sample => sample.Record.Type == RecordType.DNSKEY).Text.Split(' ', 2)[1];

        OrderFinished refused = await target.RefusedAsync(UpdateTarget.Zone(zone, 2, "@ NS ns1", "ns1 A 127.0.0.1", $"@ {key}"));

        Assert.Contains($"{zone} DNSKEY", refused.Reason!.Text, StringComparison.Ordinal);
        Assert.Equal(1u, (await target.Caller.ObserveAsync(DomainName.Parse(zone))).Serial);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Hostile_names_come_back_equal_by_transfer(string kind)
    {
        await using UpdateTarget target = new(servers[kind]);
        string zone = servers.TakeZone();
        string[] labels =
        [
            "\\.\\./\\.\\./etc", "a\\/b", "a\\000b", "semi\\;colon", "quo\\\"te", "a\\032b", "back\\\\slash", "new\\010line",
            "\\$INCLUDE", "\\@",
            "\\255\\254", "UPPER", "_srv._tcp", "*", "a.*.b", new string('x', 63),
            string.Join('.', Enumerable.Repeat(new string('y', 63), 3)),
        ];
        string[] lines = ["@ NS ns1", "ns1 A 127.0.0.1", .. labels.Select((label, i) => $"{label} TXT \"{label}\" \"{i}\"")];

        await target.AppliedAsync(UpdateTarget.Zone(zone, 2, lines));
        await target.AppliedAsync(UpdateTarget.Zone(zone, 3, lines.Where((_, i) => i < 2 || i % 2 == 0)));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task A_zone_that_is_not_there_is_refused_and_its_removal_is_done(string kind)
    {
        await using UpdateTarget target = new(servers[kind]);
        ZoneContent content = UpdateTarget.Zone("nowhere.example.", 2, "@ NS ns.elsewhere.test.");

        OrderFinished refused = await target.RefusedAsync(content);
        OrderFinished removed = await target.Caller.RemoveAsync(content.Apex);

        Assert.Equal(ReasonCode.TargetRefused, refused.Reason!.Code);
        Assert.Contains("add it there first", refused.Reason.Text, StringComparison.Ordinal);
        Assert.Equal(OrderOutcome.Done, removed.Outcome);
        Assert.Equal(Observation.Absent, (await target.Caller.ObserveAsync(content.Apex)).Observation);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task A_zone_that_is_there_is_not_removed_and_says_who_must(string kind)
    {
        await using UpdateTarget target = new(servers[kind]);
        ZoneContent content = UpdateTarget.Zone(servers.TakeZone(), 2, "@ NS ns.elsewhere.test.");
        await target.AppliedAsync(content);

        OrderFinished answer = await target.Caller.RemoveAsync(content.Apex);

        Assert.Equal((OrderOutcome.Refused, ReasonCode.TargetRefused), (answer.Outcome, answer.Reason!.Code));
        Assert.Contains("remove it there", answer.Reason.Text, StringComparison.Ordinal);
        await target.ServesAsync(content);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task A_wrong_key_is_refused_by_name_and_without_its_secret(string kind)
    {
        await using UpdateTarget target = new(servers[kind], secret: "d3Jvbmc=");

        OrderFinished refused = await target.RefusedAsync(UpdateTarget.Zone(servers.TakeZone(), 2, "@ NS ns.elsewhere.test."));

        Assert.Contains("BADSIG", refused.Reason!.Text, StringComparison.Ordinal);
        Assert.Contains(UpdatedServers.KeyName, refused.Reason.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("d3Jvbmc=", refused.Reason.Text, StringComparison.Ordinal);
    }

    private static bool IsOfSigning(string text) =>
        text.Split(' ')[1] is "RRSIG" or "NSEC" or "NSEC3" or "NSEC3PARAM" or "DNSKEY" or "SIG" or "NXT";

    private static async Task EditAsync(MasterServer server, string zone, params string[] commands)
    {
        string port = server.Port.ToString(CultureInfo.InvariantCulture);
        string script = $"server 127.0.0.1 {port}\nzone {zone}\n{string.Join('\n', commands)}\nsend\n";
        string key = $"hmac-sha256:{UpdatedServers.KeyName}:{UpdatedServers.Secret}";
        (await Tool.RunAsync("nsupdate", ["-v", "-y", key], script)).EnsureSuccess();
    }
}
