using System.Net;
using Agent.Actors.Reasons;
using Agent.Actors.Transfers;
using Agent.Dns.Wire;
using Agent.Host.Transfers;
using Agent.Tests.Journal;
using Agent.Bench.Peers;

namespace Agent.Tests.Transfers;

public sealed class AskSoaTests
{
    private const string Name = "zone.example.";

    [Fact]
    public async Task One_datagram_each_way_is_enough()
    {
        await using ScriptedMaster master = new(new ScriptedZone(Name, 4_000_000_000));
        await using var masters = new MasterClientFixture();
        SoaAnswered answer = masters.Ask(master.EndPoint, Name);
        Assert.Equal((SoaOutcome.Serial, 4_000_000_000u, (Reason?)null), (answer.Outcome, answer.Serial, answer.Reason));
        MasterQuery query = Assert.Single(master.Queries);
        Assert.False(query.IsTcp);
        // One additional record: the OPT that asks for the time the master may serve the zone.
        Assert.Equal(1, query.Message[11]);
        Assert.Equal([0, 9, 0, 0], query.Message[^4..]);
        Assert.Null(answer.Expire);
    }

    [Fact]
    public async Task The_master_says_how_long_it_may_serve_the_zone_itself()
    {
        await using ScriptedMaster master = new(query => [new MasterStep.Send(WithExpire(query, 3000))]);
        await using var masters = new MasterClientFixture();
        for (int i = 0; i < 2; i++) Assert.Equal(TimeSpan.FromSeconds(3000), masters.Ask(master.EndPoint, Name).Expire);
    }

    [Fact]
    public async Task A_master_that_dislikes_the_OPT_is_asked_without_it_now_and_later()
    {
        ScriptedZone zone = new(Name, 5);
        await using ScriptedMaster master = new(query => HasOpt(query)
            ? [new MasterStep.Send(ScriptedZone.Response(query, 1))]
            : zone.Answer(query));
        await using var masters = new MasterClientFixture();
        for (int i = 0; i < 2; i++) Assert.Equal(5u, masters.Ask(master.EndPoint, Name).Serial);
        Assert.Equal([true, false, false], master.Queries.Select(HasOpt));
        Assert.DoesNotContain(master.Queries, query => query.IsTcp);
    }

    [Fact]
    public async Task A_master_that_is_silent_to_an_OPT_answers_the_second_try_without()
    {
        ScriptedZone zone = new(Name, 5);
        await using ScriptedMaster master = new(query => HasOpt(query) ? [] : zone.Answer(query));
        await using var masters = new MasterClientFixture();
        Assert.Equal(5u, masters.Ask(master.EndPoint, Name, TimeSpan.FromSeconds(2)).Serial);
        Assert.Equal([true, false], master.Queries.Select(HasOpt));
    }

    [Fact]
    public async Task A_mute_master_takes_no_turn_of_another()
    {
        ScriptedZone zone = new(Name, 5);
        await using ScriptedMaster mute = new(_ => [new MasterStep.Stall()]);
        await using ScriptedMaster alive = new(zone);
        await using var masters = new MasterClientFixture(new MasterClientOptions { MaximumSoaQuestions = 1 });
        var unheard = new ReplyProbe();
        masters.Client.AskSoa(
            new AskSoa(99, DomainName.Parse(Name), masters.At(mute.EndPoint), TimeSpan.FromMinutes(5)), unheard.ReplyTo);
        await Eventually.HoldsAsync(() => mute.Queries.Count > 0, () => "the mute master is asked");
        Assert.Equal(5u, masters.Ask(alive.EndPoint, Name).Serial);
    }

    [Fact]
    public async Task Works_over_IPv6()
    {
        await using ScriptedMaster master = new(new ScriptedZone(Name, 5).Answer, IPAddress.IPv6Loopback);
        await using var masters = new MasterClientFixture();
        Assert.Equal(5u, masters.Ask(master.EndPoint, Name).Serial);
        Assert.Equal(5u, masters.Transfer(master.EndPoint, Name).Content.Serial);
    }

    [Fact]
    public async Task A_truncated_answer_is_asked_for_again_by_TCP()
    {
        ScriptedZone zone = new(Name, 6);
        await using ScriptedMaster master = new(query => query.IsTcp ? zone.Answer(query) : [new MasterStep.Send(Truncated(query))]);
        await using var masters = new MasterClientFixture();
        Assert.Equal(6u, masters.Ask(master.EndPoint, Name).Serial);
        Assert.Equal([false, true], master.Queries.Select(query => query.IsTcp));
    }

    [Fact]
    public async Task Silence_by_UDP_is_tried_once_more_and_then_by_TCP()
    {
        ScriptedZone zone = new(Name, 7);
        await using ScriptedMaster master = new(query => query.IsTcp ? zone.Answer(query) : []);
        await using var masters = new MasterClientFixture();
        Assert.Equal(7u, masters.Ask(master.EndPoint, Name, TimeSpan.FromSeconds(2)).Serial);
        Assert.Equal([false, false, true], master.Queries.Select(query => query.IsTcp));
        Assert.Equal(3, master.Queries.Select(query => (query.Id, query.IsTcp)).Distinct().Count());
    }

    /// <summary>Knot refuses every question by UDP about a catalog that it generates.</summary>
    [Fact]
    public async Task A_catalog_is_asked_for_by_TCP_at_once()
    {
        ScriptedZone zone = new(Name, 7);
        await using ScriptedMaster master = new(
            query => query.IsTcp ? zone.Answer(query) : [new MasterStep.Send(ScriptedZone.Response(query, 5))]);
        await using var masters = new MasterClientFixture();
        Assert.Equal(7u, masters.Ask(master.EndPoint, Name, byTcp: true).Serial);
        Assert.Equal([true], master.Queries.Select(query => query.IsTcp));
    }

    [Fact]
    public async Task Answers_to_something_else_are_passed_over()
    {
        ScriptedZone zone = new(Name, 8);
        await using ScriptedMaster master = new(query =>
        [
            new MasterStep.Send([1, 2, 3]),
            new MasterStep.Send(ScriptedZone.Response(query with { Message = [(byte)~query.Message[0], .. query.Message[1..]] }, 5)),
            .. zone.Answer(query),
        ]);
        await using var masters = new MasterClientFixture();
        Assert.Equal(8u, masters.Ask(master.EndPoint, Name).Serial);
        Assert.Single(master.Queries);
    }

    [Theory]
    [InlineData(5, SoaOutcome.Absent, ReasonCode.ZoneNotAtMaster, "REFUSED")]
    [InlineData(9, SoaOutcome.Absent, ReasonCode.ZoneNotAtMaster, "NOTAUTH")]
    [InlineData(2, SoaOutcome.CannotTell, ReasonCode.TransferBroken, "SERVFAIL")]
    public async Task An_error_code_is_told_with_its_meaning(int responseCode, SoaOutcome outcome, string code, string word)
    {
        await using ScriptedMaster master = new(query => [new MasterStep.Send(ScriptedZone.Response(query, responseCode))]);
        await using var masters = new MasterClientFixture();
        SoaAnswered answer = masters.Ask(master.EndPoint, Name);
        Assert.Equal((outcome, code), (answer.Outcome, answer.Reason!.Code));
        Assert.Contains(word, answer.Reason.Text, StringComparison.Ordinal);
        Assert.Contains("m1", answer.Reason.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_master_that_is_not_there_or_stays_silent_is_unreachable()
    {
        await using var masters = new MasterClientFixture();
        SoaAnswered nobody = masters.Ask(new IPEndPoint(IPAddress.Loopback, LoopbackPort.Next()), Name);
        Assert.Equal((SoaOutcome.Unreachable, ReasonCode.NoMaster), (nobody.Outcome, nobody.Reason!.Code));

        await using ScriptedMaster silent = new(_ => [new MasterStep.Stall()]);
        SoaAnswered silence = masters.Ask(silent.EndPoint, Name, TimeSpan.FromMilliseconds(200));
        Assert.Equal(SoaOutcome.Unreachable, silence.Outcome);
        Assert.Equal(silence.Reason!.Text.Replace($"the SOA of {Name}", "a SOA"), silence.MasterReason?.Text);
        Assert.Contains("0.2 s", silence.Reason!.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_source_address_is_the_configured_one_on_both_transports()
    {
        ScriptedZone zone = new(Name, 9);
        await using ScriptedMaster master = new(zone);
        await using var masters = new MasterClientFixture(new MasterClientOptions { TransferSources = [IPAddress.Parse("127.0.0.2")] });
        masters.Ask(master.EndPoint, Name);
        masters.Transfer(master.EndPoint, Name);
        Assert.Equal([false, true], master.Queries.Select(query => query.IsTcp));
        Assert.All(master.Queries, query => Assert.Equal("127.0.0.2", query.Client.Address.ToString()));
    }

    [Fact]
    public async Task Without_the_key_nothing_is_asked()
    {
        await using ScriptedMaster master = new(new ScriptedZone(Name, 9));
        await using var masters = new MasterClientFixture();
        SoaAnswered answer = masters.Ask(master.EndPoint, Name, key: "k1");
        Assert.Equal(SoaOutcome.CannotTell, answer.Outcome);
        Assert.Contains("k1", answer.Reason!.Text, StringComparison.Ordinal);
        Assert.Contains("k1", masters.TransferFails(master.EndPoint, Name, key: "k1").Reason.Text, StringComparison.Ordinal);
        Assert.Empty(master.Queries);
    }

    private static byte[] Truncated(MasterQuery query)
    {
        byte[] message = ScriptedZone.Response(query, 0);
        message[2] |= 0x02;
        return message;
    }

    private static bool HasOpt(MasterQuery query) => query.Message[11] == 1;

    private static byte[] WithExpire(MasterQuery query, uint seconds)
    {
        byte[] answer = ScriptedZone.Response(query, 0, new ScriptedZone(Name, 5).Soa);
        answer[11] = 1;
        byte[] option = [0, 9, 0, 4, (byte)(seconds >> 24), (byte)(seconds >> 16), (byte)(seconds >> 8), (byte)seconds];
        return [.. answer, 0, 0, 41, 4, 208, 0, 0, 0, 0, 0, (byte)option.Length, .. option];
    }
}
