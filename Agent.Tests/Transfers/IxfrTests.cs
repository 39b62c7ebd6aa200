using Agent.Actors.Reasons;
using Agent.Actors.Transfers;
using Agent.Bench.Peers;
using Agent.Dns.Tsig;
using Agent.Dns.Wire;
using Agent.Dns.Zones;
using Agent.Host.Transfers;
using Agent.Tests.Architecture;
using Agent.Tests.Dns.Zones;
using Agent.Tests.Journal;
using Agent.Tests.Scenarios;
using static Agent.Tests.Transfers.BrokenIxfr;

namespace Agent.Tests.Transfers;

/// <summary>Differences from a scripted master: what is taken as it is, and what is asked for whole instead.</summary>
public sealed class IxfrTests
{
    private static readonly TransferLimits Brief = MasterClientFixture.Generous with { IdleTimeout = TimeSpan.FromSeconds(1) };

    public static TheoryData<string> Names => [.. All.Select(broken => broken.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Whatever_is_wrong_the_whole_zone_is_asked_for_once_and_the_master_is_left_in_peace(string name)
    {
        BrokenIxfr broken = All.Single(item => item.Name == name);
        await using ScriptedMaster master = new(query =>
            query.Type == DnsTestMessage.TypeIxfr ? broken.Answer(query) : Current.Answer(query));
        await using var masters = new MasterClientFixture();
        ZoneContent held = Content(Held);
        // Only where silence is what is wrong, or a busy machine is taken for a silent master.
        TransferLimits limits = broken.Reason == "nothing came" ? Brief : MasterClientFixture.Generous;

        TransferCompleted first = masters.Transfer(master.EndPoint, Zone, limits, held: held);
        TransferCompleted second = masters.Transfer(master.EndPoint, Zone, limits, held: held);

        Assert.Equal(TransferKind.Axfr, first.Statistics.Kind);
        Assert.Contains(broken.Reason, first.Statistics.FellBackFrom, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(MasterClientFixture.Expected(Current), TestZones.ReadAll(first.Content));
        // Differences that are too large say nothing about the master.
        bool isOurs = broken.Name == "larger than the zone";
        Assert.Equal(isOurs ? 2 : 1, master.CountOf(DnsTestMessage.TypeIxfr));
        Assert.Equal(2, master.CountOf(DnsTestMessage.TypeAxfr));
        Assert.Equal(isOurs, second.Statistics.FellBackFrom is not null);
    }

    [Theory]
    [InlineData("a newer SOA, then silence")]
    [InlineData("silence")]
    [InlineData("not implemented")]
    public async Task A_master_that_does_not_know_differences_is_asked_for_them_once_and_not_once_for_each_zone(string name)
    {
        const string other = "other-ixfr.example.";
        var otherZone = new ScriptedZone(other, 2, hosts: 4);
        BrokenIxfr broken = All.Single(item => item.Name == name);
        await using ScriptedMaster master = new(query => query.Type == DnsTestMessage.TypeIxfr ? broken.Answer(query)
            : query.Name.AsSpan().SequenceEqual(DnsTestMessage.EncodeName(other)) ? otherZone.Answer(query) : Current.Answer(query));
        await using var masters = new MasterClientFixture();

        TransferCompleted first = masters.Transfer(master.EndPoint, Zone, Brief, held: Content(Held));
        TransferCompleted second = masters.Transfer(master.EndPoint, other, Brief, held: Content(new ScriptedZone(other, 1, hosts: 3)));

        Assert.NotNull(first.Statistics.FellBackFrom);
        Assert.Null(second.Statistics.FellBackFrom);
        Assert.Equal(1, master.CountOf(DnsTestMessage.TypeIxfr));
    }

    [Fact]
    public async Task The_page_tells_what_the_agent_did_in_each_case()
    {
        string page = await File.ReadAllTextAsync(Path.Combine(SourceTree.Root, "docs", "transfers.md"));
        Assert.All(All, broken => Assert.Contains($"| {broken.Name} |", page, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("in one message")]
    [InlineData("one record in each message")]
    [InlineData("octets behind the end")]
    public async Task Good_differences_are_applied(string how)
    {
        await using ScriptedMaster master = new(query => query.Type != DnsTestMessage.TypeIxfr ? Current.Answer(query) : how switch
        {
            "one record in each message" => Right.Select(record => new MasterStep.Send(ScriptedZone.Response(query, 0, record))),
            "octets behind the end" =>
                [new MasterStep.Send(ScriptedZone.Response(query, 0, Right)), new MasterStep.SendOctets(new byte[99])],
            _ => [new MasterStep.Send(ScriptedZone.Response(query, 0, Right))],
        });
        await using var masters = new MasterClientFixture();

        TransferCompleted done = masters.Transfer(master.EndPoint, Zone, held: Content(Held));

        Assert.Equal(TransferKind.Ixfr, done.Statistics.Kind);
        Assert.Null(done.Statistics.FellBackFrom);
        Assert.Equal(3, done.Statistics.Records);
        Assert.Equal(2u, done.Content.Serial);
        Assert.Equal(MasterClientFixture.Expected(Current).Length, TestZones.ReadAll(done.Content).Length);
        Assert.Equal(0, master.CountOf(DnsTestMessage.TypeAxfr));
    }

    [Fact]
    public async Task Steps_that_undo_each_other_and_change_a_TTL_come_to_what_is_left()
    {
        byte[] host2 = BrokenIxfr.Host("host2", [192, 0, 2, 3]);
        byte[] passing = BrokenIxfr.Host("passing", [192, 0, 2, 9]);
        byte[] foreign = DnsTestMessage.Record("www.other.example.", 1, 60, [192, 0, 2, 66]);
        await using ScriptedMaster master = new(query => [new MasterStep.Send(ScriptedZone.Response(
            query, 0,
            Soa(4), Soa(1), host2, foreign, Soa(2), passing, Soa(2), passing, Soa(3), host2, Soa(3), host2, Soa(4),
            BrokenIxfr.Host("host2", [192, 0, 2, 3], ttl: 600), foreign, Soa(4)))]);
        await using var masters = new MasterClientFixture();

        TransferCompleted done = masters.Transfer(master.EndPoint, Zone, held: Content(Held));

        Assert.Equal(TransferKind.Ixfr, done.Statistics.Kind);
        Assert.Equal(2, done.Statistics.DroppedRecords);
        List<PlainRecord> records = RandomZones.ReadRecords(done.Content);
        Assert.Equal(600u, records.Single(record => record.Owner == DomainName.Parse($"host2.{Zone}")).Ttl);
        Assert.DoesNotContain(records, record => record.Owner == DomainName.Parse($"passing.{Zone}"));
        Assert.Equal(Content(Held).RecordCount, done.Content.RecordCount);
    }

    [Fact]
    public async Task A_whole_zone_instead_of_differences_is_taken()
    {
        await using ScriptedMaster master = new(Current);
        await using var masters = new MasterClientFixture();

        TransferCompleted done = masters.Transfer(master.EndPoint, Zone, held: Content(Held));

        Assert.Equal(TransferKind.AxfrStyleIxfr, done.Statistics.Kind);
        Assert.Equal(MasterClientFixture.Expected(Current), TestZones.ReadAll(done.Content));
        Assert.Equal(0, master.CountOf(DnsTestMessage.TypeAxfr));
    }

    [Fact]
    public async Task A_single_SOA_that_is_not_newer_is_nothing_newer()
    {
        await using ScriptedMaster master = new(query => [new MasterStep.Send(ScriptedZone.Response(query, 0, Soa(1)))]);
        await using var masters = new MasterClientFixture();

        TransferFailed failed = masters.TransferFails(master.EndPoint, Zone, held: Content(Held));

        Assert.Equal(TransferFailure.NothingNewer, failed.Failure);
        Assert.Equal(0, master.CountOf(DnsTestMessage.TypeAxfr));
    }

    [Fact]
    public async Task Differences_that_take_the_last_name_server_away_are_guarded()
    {
        await using ScriptedMaster master = new(query => [new MasterStep.Send(ScriptedZone.Response(
            query, 0, Soa(2), Soa(1), Held.Body.First(), Soa(2), Soa(2)))]);
        await using var masters = new MasterClientFixture();

        TransferCompleted done = masters.Transfer(master.EndPoint, Zone, held: Content(Held));

        Assert.Equal(ReasonCode.GuardApex, done.Stopped?.Code);
    }

    [Fact]
    public async Task A_wrong_signature_in_the_middle_brings_nothing_and_the_whole_zone_is_asked_for()
    {
        TsigKey key = new(DomainName.Parse("k1."), TsigAlgorithm.HmacSha256, TsigForgery.RightSecret);
        await using ScriptedMaster master = new(query =>
        {
            TsigForger forger = new(query);
            if (query.Type != DnsTestMessage.TypeIxfr)
                return [.. Current.Answer(query).Select(step => new MasterStep.Send(forger.Sign(((MasterStep.Send)step).Message)))];
            byte[][] parts = [.. Right.Select(record => ScriptedZone.Response(query, 0, record))];
            return parts.Select((part, index) => new MasterStep.Send(forger.Sign(
                part, index == 2 ? new TsigForgery { Secret = "another secret"u8.ToArray() } : null)));
        });
        await using var masters = new MasterClientFixture(keys: new TsigKeyring([key]));

        TransferCompleted done = masters.Transfer(master.EndPoint, Zone, key: "k1", held: Content(Held));

        Assert.Equal(TransferKind.Axfr, done.Statistics.Kind);
        Assert.Contains("is wrong", done.Statistics.FellBackFrom, StringComparison.Ordinal);
        Assert.Equal(2u, done.Content.Serial);
    }

    [Fact]
    public async Task When_the_whole_zone_fails_too_a_busy_master_is_asked_for_differences_again()
    {
        bool isBusy = true;
        await using ScriptedMaster master = new(query => isBusy
            ? [new MasterStep.Send(ScriptedZone.Response(query, 2))]
            : [new MasterStep.Send(ScriptedZone.Response(query, 0, Right))]);
        await using var masters = new MasterClientFixture();
        Assert.Equal(TransferFailure.Busy, masters.TransferFails(master.EndPoint, Zone, held: Content(Held)).Failure);
        isBusy = false;

        Assert.Equal(TransferKind.Ixfr, masters.Transfer(master.EndPoint, Zone, held: Content(Held)).Statistics.Kind);
    }

    [Fact]
    public async Task A_zone_that_would_become_larger_than_its_limit_is_refused_without_a_second_question()
    {
        await using ScriptedMaster master = new(query => [new MasterStep.Send(ScriptedZone.Response(query, 0, Right))]);
        await using var masters = new MasterClientFixture();

        TransferFailed failed = masters.TransferFails(
            master.EndPoint, Zone, MasterClientFixture.Generous with { MaxRecords = 6 }, held: Content(Held));

        Assert.Equal(TransferFailure.TooLarge, failed.Failure);
        Assert.Equal(0, master.CountOf(DnsTestMessage.TypeAxfr));
    }

    [Fact]
    public async Task What_led_to_a_content_is_told_for_differences_and_for_whole_zones()
    {
        await using ScriptedMaster incremental = new(query => [new MasterStep.Send(ScriptedZone.Response(query, 0, Right))]);
        await using ScriptedMaster whole = new(Current);
        await using var masters = new MasterClientFixture(new MasterClientOptions { HistoryBytes = 10_000 });
        ZoneContent held = Content(Held);

        foreach (ScriptedMaster master in (ScriptedMaster[])[incremental, whole])
        {
            ContentOrigin origin = masters.Transfer(master.EndPoint, Zone, held: held).Content.Origin!;
            Assert.Equal(held.Hash, origin.From);
            Assert.Equal((1u, 2u, 0, 1), (origin.Differences!.FromSerial, origin.Differences.ToSerial,
                (int)origin.Differences.DeletedCount, (int)origin.Differences.AddedCount));
        }
    }

    [Fact]
    public async Task A_content_under_the_serial_of_the_one_that_it_replaces_tells_that()
    {
        ZoneContent served = Content(new ScriptedZone(Zone, 2, hosts: 9));
        await using ScriptedMaster master = new(Current);
        await using var masters = new MasterClientFixture(new MasterClientOptions { HistoryBytes = 10_000 }) { Served = served };
        Assert.Equal(new ContentOrigin(served.Hash, null), masters.Transfer(master.EndPoint, Zone).Content.Origin);

        await using var others = new MasterClientFixture(new MasterClientOptions { HistoryBytes = 10_000 }) { Served = Content(Current) };
        Assert.Null(others.Transfer(master.EndPoint, Zone).Content.Origin);
    }

    [Fact]
    public async Task A_master_that_is_silent_in_both_forms_is_asked_for_differences_once()
    {
        await using ScriptedMaster master = new(_ => [new MasterStep.Stall()]);
        await using var masters = new MasterClientFixture();
        for (int i = 0; i < 2; i++)
            Assert.Equal(TransferFailure.Broken, masters.TransferFails(master.EndPoint, Zone, Brief, held: Content(Held)).Failure);
        Assert.Equal((1, 2), (master.CountOf(DnsTestMessage.TypeIxfr), master.CountOf(DnsTestMessage.TypeAxfr)));
    }

    private static MemoryZoneContent Content(ScriptedZone zone)
    {
        Assert.Equal(ZoneContentError.None, MemoryZoneContent.TryLoad(MasterClientFixture.Expected(zone), out MemoryZoneContent? content));
        return content!;
    }
}
