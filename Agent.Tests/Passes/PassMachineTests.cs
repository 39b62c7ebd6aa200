using System.Net;
using Agent.Actors.Reasons;
using Agent.Actors.Transfers;
using Agent.Dns.Wire;
using Agent.Tests.Zones;

namespace Agent.Tests.Passes;

/// <summary>One pass over the masters, answer by answer.</summary>
public sealed class PassMachineTests
{
    private static readonly DomainName Zone = DomainName.Parse("example.com.");
    private static readonly Reason Why = new(ReasonCode.NoMaster, "for a test");
    private static readonly MasterAddress[] Masters =
    [
        .. Enumerable.Range(1, 3).Select(i => new MasterAddress(
            new Master($"m{i}", $"192.0.2.{i}", 5354, null), new IPEndPoint(IPAddress.Parse($"192.0.2.{i}"), 5354))),
    ];

    private readonly List<PassEffect> _effects = [];

    [Fact]
    public void All_are_asked_at_once_and_the_newest_is_taken()
    {
        PassMachine pass = Begin(held: null, 3);
        Assert.Equal(3, _effects.OfType<AskAddress>().Count());
        Answer(pass, 0, SoaOutcome.Serial, 5);
        Answer(pass, 1, SoaOutcome.Serial, 9);
        Answer(pass, 2, SoaOutcome.Serial, 7);
        Assert.Equal(Masters[1].EndPoint, Assert.Single(_effects.OfType<TakeLeave>()).EndPoint);
    }

    [Fact]
    public void Newest_is_meant_as_serials_wrap()
    {
        PassMachine pass = Begin(held: 4294967290, 2);
        Answer(pass, 0, SoaOutcome.Serial, 4294967295);
        Answer(pass, 1, SoaOutcome.Serial, 5);
        Assert.Equal(Masters[1].EndPoint, Assert.Single(_effects.OfType<TakeLeave>()).EndPoint);
    }

    [Fact]
    public void Nothing_is_transferred_when_nobody_has_anything_newer()
    {
        PassMachine pass = Begin(held: 9, 2);
        Answer(pass, 0, SoaOutcome.Serial, 9);
        Answer(pass, 1, SoaOutcome.Serial, 8);
        Assert.Equal(new NothingNewer(1, 9), Assert.Single(_effects.OfType<PassEnded>()).Result);
    }

    [Fact]
    public void Another_master_may_have_something_better_than_what_a_guard_stopped()
    {
        PassMachine pass = Begin(held: 4, 2);
        Answer(pass, 0, SoaOutcome.Serial, 5);
        Answer(pass, 1, SoaOutcome.Serial, 5);
        pass.Granted(_effects);
        pass.Completed(Done(0) with { Stopped = Why }, _effects);
        Assert.Equal(Masters[1].EndPoint, _effects.OfType<TakeLeave>().Last().EndPoint);
        pass.Granted(_effects);
        pass.Failed(new TransferFailed(2, Masters[1], TransferFailure.Broken, Why), _effects);
        Assert.Equal(Why, Assert.IsType<ZoneBrought>(Assert.Single(_effects.OfType<PassEnded>()).Result).Stopped);
    }

    [Theory]
    [InlineData(4u, false)]
    [InlineData(null, false)]
    [InlineData(4u, true)]
    public void What_a_guard_stopped_is_not_fetched_again_unless_forced(uint? held, bool force)
    {
        var pass = new PassMachine(new PassOrder(1, Zone, held, force, null) { Pinned = 5 });
        pass.Planned(new MasterPlan(1, [Masters[0]], null), _effects);
        Answer(pass, 0, SoaOutcome.Serial, 5);
        if (force) Assert.Single(_effects.OfType<TakeLeave>());
        else Assert.Equal(new NothingNewer(1, 5), Assert.Single(_effects.OfType<PassEnded>()).Result);
    }

    [Fact]
    public void Only_older_serials_are_a_reason()
    {
        PassMachine pass = Begin(held: 9, 1);
        Answer(pass, 0, SoaOutcome.Serial, 8);
        Assert.Equal(ReasonCode.SerialWentBack, Failure().Code);
    }

    [Theory]
    [InlineData(5)]
    [InlineData(6)]
    public void A_master_that_gives_nothing_newer_than_what_is_held_though_it_named_it_is_passed_over_for_another(uint held)
    {
        PassMachine pass = Begin(held, 2);
        Answer(pass, 0, SoaOutcome.Serial, 9);
        Answer(pass, 1, SoaOutcome.Serial, 8);
        pass.Granted(_effects);
        pass.Completed(Done(0), _effects);
        Assert.Equal(Masters[1].EndPoint, _effects.OfType<TakeLeave>().Last().EndPoint);
        pass.Granted(_effects);
        pass.Completed(Done(1), _effects);
        Assert.Equal(new Reason(ReasonCode.SerialBehind, "192.0.2.2:5354 said serial 8 and gave 5"), Failure());
        Assert.Equal(2, _effects.OfType<GiveLeaveBack>().Count());
    }

    [Fact]
    public void One_that_answers_with_nothing_newer_than_what_is_held_though_it_named_it_is_behind_too()
    {
        PassMachine pass = Begin(held: 4, 1);
        Answer(pass, 0, SoaOutcome.Serial, 5);
        pass.Granted(_effects);
        pass.Failed(new TransferFailed(1, Masters[0], TransferFailure.NothingNewer, Why), _effects);
        Assert.Equal(Why with { Code = ReasonCode.SerialBehind }, Failure());
    }

    [Theory]
    [InlineData(9u, null, 9u)]
    [InlineData(5u, null, null)]
    [InlineData(4u, null, null)]
    [InlineData(9u, 9u, null)]
    public void What_is_newer_than_what_came_is_told_with_it(uint named, uint? pinned, uint? behind)
    {
        PassMachine pass = Begin(new PassOrder(1, Zone, 3, false, null) { Pinned = pinned }, 2);
        Answer(pass, 0, SoaOutcome.Serial, named);
        Answer(pass, 1, SoaOutcome.Serial, 5);
        pass.Granted(_effects);
        if (_effects.OfType<TransferFrom>().Single().Address == Masters[0] && named == 9)
        {
            pass.Failed(new TransferFailed(1, Masters[0], TransferFailure.Refused, Why), _effects);
            pass.Granted(_effects);
        }

        pass.Completed(Done(1), _effects);
        Assert.Equal(behind, Assert.IsType<ZoneBrought>(Assert.Single(_effects.OfType<PassEnded>()).Result).Behind);
    }

    [Fact]
    public void Without_content_what_a_master_gives_is_taken_though_it_named_a_newer_one()
    {
        PassMachine pass = Begin(held: null, 1);
        Answer(pass, 0, SoaOutcome.Serial, 7);
        pass.Granted(_effects);
        pass.Completed(Done(0), _effects);
        Assert.Equal(7u, Assert.IsType<ZoneBrought>(Assert.Single(_effects.OfType<PassEnded>()).Result).Behind);
    }

    [Fact]
    public void The_next_is_tried_when_a_transfer_breaks()
    {
        PassMachine pass = Begin(held: null, 2);
        Answer(pass, 0, SoaOutcome.Serial, 5);
        Answer(pass, 1, SoaOutcome.Serial, 5);
        pass.Granted(_effects);
        pass.Failed(new TransferFailed(1, Masters[0], TransferFailure.Broken, Why), _effects);
        Assert.Equal(Masters[1].EndPoint, _effects.OfType<TakeLeave>().Last().EndPoint);
        pass.Granted(_effects);
        pass.Completed(Done(1), _effects);
        Assert.IsType<ZoneBrought>(Assert.Single(_effects.OfType<PassEnded>()).Result);
        Assert.Equal(2, _effects.OfType<GiveLeaveBack>().Count());
    }

    [Fact]
    public void When_every_transfer_breaks_the_last_reason_is_told()
    {
        PassMachine pass = Begin(held: null, 1);
        Answer(pass, 0, SoaOutcome.Serial, 5);
        pass.Granted(_effects);
        var broken = new Reason(ReasonCode.TransferBroken, "cut");
        pass.Failed(new TransferFailed(1, Masters[0], TransferFailure.Broken, broken), _effects);
        Assert.Equal(broken, Failure());
    }

    [Fact]
    public void A_busy_master_is_tried_again_a_few_times_before_the_next()
    {
        PassMachine pass = Begin(held: null, 2);
        Answer(pass, 0, SoaOutcome.Serial, 5);
        Answer(pass, 1, SoaOutcome.Serial, 4);
        for (int round = 0; round <= PassMachine.BusyTries; round++)
        {
            Assert.Equal(Masters[0].EndPoint, _effects.OfType<TakeLeave>().Last().EndPoint);
            pass.Granted(_effects);
            pass.Failed(new TransferFailed(1, Masters[0], TransferFailure.Busy, Why), _effects);
            if (round < PassMachine.BusyTries) pass.PauseOver(_effects);
        }

        TimeSpan[] pauses = [.. _effects.OfType<PauseFor>().Select(p => p.Duration)];
        Assert.Equal(PassMachine.BusyTries, pauses.Length);
        Assert.Equal(pauses.Order(), pauses);
        Assert.Equal(Masters[1].EndPoint, _effects.OfType<TakeLeave>().Last().EndPoint);
    }

    [Fact]
    public void A_master_without_the_zone_is_not_asked_for_it()
    {
        PassMachine pass = Begin(held: null, 2);
        Answer(pass, 0, SoaOutcome.Absent, 0);
        Answer(pass, 1, SoaOutcome.Absent, 0);
        Assert.Equal(ReasonCode.ZoneNotAtMaster, Failure().Code);
        Assert.Empty(_effects.OfType<TakeLeave>());
    }

    [Theory]
    [InlineData(true, SoaOutcome.Absent, false)]
    [InlineData(false, SoaOutcome.Absent, null)]
    [InlineData(true, SoaOutcome.Unreachable, null)]
    [InlineData(true, SoaOutcome.CannotTell, null)]
    [InlineData(true, SoaOutcome.Serial, true)]
    public void The_zone_is_given_up_only_when_every_address_of_every_master_says_so(bool isComplete, SoaOutcome second, bool? haveIt)
    {
        var pass = new PassMachine(new PassOrder(1, Zone, 7, false, null));
        pass.Planned(new MasterPlan(1, [.. Masters.Take(2)], null) { IsComplete = isComplete }, _effects);
        Answer(pass, 0, SoaOutcome.Absent, 0);
        Answer(pass, 1, second, 3);
        Assert.Equal(haveIt, Assert.IsType<NothingBrought>(Assert.Single(_effects.OfType<PassEnded>()).Result).MastersHaveIt);
    }

    [Theory]
    [InlineData(null, true)]
    [InlineData(4u, false)]
    public void A_master_that_cannot_tell_is_tried_only_for_a_zone_without_content(uint? held, bool tried)
    {
        PassMachine pass = Begin(held, 1);
        Answer(pass, 0, SoaOutcome.CannotTell, 0);
        Assert.Equal(tried, _effects.OfType<TakeLeave>().Any());
    }

    [Fact]
    public void A_dead_master_costs_the_grace_and_no_more()
    {
        PassMachine pass = Begin(held: 1, 2);
        Answer(pass, 0, SoaOutcome.Serial, 2);
        Assert.Single(_effects.OfType<StartGrace>());
        Assert.Empty(_effects.OfType<TakeLeave>());
        pass.GraceOver(_effects);
        Assert.Equal(Masters[0].EndPoint, Assert.Single(_effects.OfType<TakeLeave>()).EndPoint);
        Answer(pass, 1, SoaOutcome.Unreachable, 0);
        Assert.Single(_effects.OfType<TakeLeave>());
    }

    [Fact]
    public void Of_masters_with_the_same_one_whose_transfers_failed_lately_comes_last_and_be_it_the_notifier()
    {
        var pass = new PassMachine(new PassOrder(1, Zone, 4, false, Masters[0].EndPoint.Address) { IsUrgent = true });
        pass.Planned(new MasterPlan(1, [.. Masters], null) { Last = [Masters[0].Route] }, _effects);
        for (int i = 0; i < 3; i++) Answer(pass, i, SoaOutcome.Serial, 5);
        TakeLeave leave = Assert.Single(_effects.OfType<TakeLeave>());
        Assert.Equal([Masters[1].EndPoint, Masters[2].EndPoint], leave.Others.Prepend(leave.EndPoint));
        foreach (int failing in (int[])[1, 2])
        {
            pass.Granted(_effects);
            pass.Failed(new TransferFailed(1, Masters[failing], TransferFailure.Broken, Why), _effects);
        }

        Assert.Equal(Masters[0].EndPoint, _effects.OfType<TakeLeave>().Last().EndPoint);
    }

    [Fact]
    public void A_newer_serial_counts_more_than_transfers_that_failed_lately()
    {
        var pass = new PassMachine(new PassOrder(1, Zone, 4, false, null));
        pass.Planned(new MasterPlan(1, [Masters[0], Masters[1]], null) { Last = [Masters[0].Route] }, _effects);
        Answer(pass, 0, SoaOutcome.Serial, 6);
        Answer(pass, 1, SoaOutcome.Serial, 5);
        TakeLeave leave = Assert.Single(_effects.OfType<TakeLeave>());
        Assert.Equal(Masters[0].EndPoint, leave.EndPoint);
        Assert.Empty(leave.Others);
    }

    [Fact]
    public void Leave_comes_from_any_that_has_the_same_and_the_others_stay_for_when_that_fails()
    {
        PassMachine pass = Begin(held: 4, 3);
        Answer(pass, 0, SoaOutcome.Serial, 5);
        Answer(pass, 1, SoaOutcome.Serial, 5);
        Answer(pass, 2, SoaOutcome.Serial, 6);
        pass.Granted(_effects, Masters[2].EndPoint);
        pass.Failed(new TransferFailed(1, Masters[2], TransferFailure.Broken, Why), _effects);
        Assert.Equal<IPEndPoint>([Masters[1].EndPoint], _effects.OfType<TakeLeave>().Last().Others);
        pass.Granted(_effects, Masters[1].EndPoint);
        Assert.Equal(Masters[1], _effects.OfType<TransferFrom>().Last().Address);
        pass.Failed(new TransferFailed(1, Masters[1], TransferFailure.Broken, Why), _effects);
        Assert.Equal(Masters[0].EndPoint, _effects.OfType<TakeLeave>().Last().EndPoint);
    }

    [Fact]
    public void Among_equals_the_notifier_is_taken_first()
    {
        var pass = new PassMachine(new PassOrder(1, Zone, null, false, Masters[2].EndPoint.Address));
        pass.Planned(new MasterPlan(1, [.. Masters], null), _effects);
        for (int i = 0; i < 3; i++) Answer(pass, i, SoaOutcome.Serial, 5);
        Assert.Equal(Masters[2].EndPoint, Assert.Single(_effects.OfType<TakeLeave>()).EndPoint);
    }

    [Fact]
    public void What_has_expired_is_replaced_by_something_older_only_when_nobody_has_it_or_anything_newer()
    {
        PassMachine pass = Begin(new PassOrder(1, Zone, 9, false, null) { AcceptOlder = true }, 2);
        Answer(pass, 0, SoaOutcome.Serial, 3);
        Assert.Empty(_effects.OfType<StartGrace>());
        Answer(pass, 1, SoaOutcome.Serial, 9);
        Assert.Equal(9u, Assert.IsType<NothingNewer>(Assert.Single(_effects.OfType<PassEnded>()).Result).Serial);

        _effects.Clear();
        pass = Begin(new PassOrder(1, Zone, 9, false, null) { AcceptOlder = true }, 2);
        Answer(pass, 0, SoaOutcome.Serial, 3);
        Answer(pass, 1, SoaOutcome.Serial, 4);
        Assert.Equal(Masters[1].EndPoint, Assert.Single(_effects.OfType<TakeLeave>()).EndPoint);
    }

    [Theory]
    [InlineData(100, 200, 200)]
    [InlineData(100, null, null)]
    public void The_longest_that_those_who_have_it_may_serve_it_is_told(int? first, int? second, int? told)
    {
        PassMachine pass = Begin(held: 9, 3);
        Serial(pass, 0, 9, first);
        Serial(pass, 1, 9, second);
        Serial(pass, 2, 8, 5000);
        TimeSpan? expire = Assert.IsType<NothingNewer>(Assert.Single(_effects.OfType<PassEnded>()).Result).Expire;
        Assert.Equal(told, (int?)expire?.TotalSeconds);
    }

    [Fact]
    public void Of_a_transfer_it_is_told_what_its_own_master_said()
    {
        PassMachine pass = Begin(held: 1, 2);
        Serial(pass, 0, 5, 100);
        Serial(pass, 1, 4, 200);
        pass.Granted(_effects);
        pass.Completed(Done(0), _effects);
        Assert.Equal(
            TimeSpan.FromSeconds(100), Assert.IsType<ZoneBrought>(Assert.Single(_effects.OfType<PassEnded>()).Result).Expire);
    }

    [Theory]
    [InlineData(100, 60, 60)]
    [InlineData(100, null, 100)]
    [InlineData(null, null, null)]
    public void A_transfer_asks_for_the_life_where_the_SOA_told_it_and_its_own_answer_counts(int? bySoa, int? byTransfer, int? told)
    {
        PassMachine pass = Begin(held: 1, 1);
        Serial(pass, 0, 5, bySoa);
        pass.Granted(_effects);
        Assert.Equal(bySoa is not null, Assert.Single(_effects.OfType<TransferFrom>()).AsksExpire);
        pass.Completed(Done(0) with { Expire = byTransfer is { } seconds ? TimeSpan.FromSeconds(seconds) : null }, _effects);
        Assert.Equal(told, (int?)Assert.IsType<ZoneBrought>(Assert.Single(_effects.OfType<PassEnded>()).Result).Expire?.TotalSeconds);
    }

    [Fact]
    public void A_master_at_rest_is_passed_over_for_another_and_alone_is_the_reason()
    {
        foreach (int masters in (int[])[2, 1])
        {
            _effects.Clear();
            var pass = new PassMachine(new PassOrder(1, Zone, 1, false, null));
            pass.Planned(new MasterPlan(1, [.. Masters.Take(masters)], null) { Rests = [(Masters[0].Route, Why)] }, _effects);
            for (int i = 0; i < masters; i++) Answer(pass, i, SoaOutcome.Serial, 5);
            if (masters == 2) Assert.Equal(Masters[1].EndPoint, Assert.Single(_effects.OfType<TakeLeave>()).EndPoint);
            else Assert.Contains(Why.Text, Failure().Text, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(TransferFailure.Refused, MasterFault.Refused)]
    [InlineData(TransferFailure.Broken, MasterFault.Broken)]
    [InlineData(TransferFailure.Unreachable, MasterFault.Unreachable)]
    [InlineData(TransferFailure.HungUp, MasterFault.Broken)]
    public void The_directory_hears_in_which_class_a_transfer_failed(TransferFailure failure, MasterFault fault)
    {
        PassMachine pass = Begin(held: null, 1);
        Answer(pass, 0, SoaOutcome.Serial, 5);
        pass.Granted(_effects);
        var ofAnyZone = new Reason(Why.Code, "without the zone");
        pass.Failed(new TransferFailed(1, Masters[0], failure, Why) { MasterReason = ofAnyZone }, _effects);
        MasterHeard heard = _effects.OfType<TellDirectory>().Last().Heard;
        Assert.Equal((fault, ofAnyZone, Zone), (heard.Fault, heard.FaultReason, heard.Zone));
        Assert.Equal(failure is TransferFailure.Unreachable or TransferFailure.HungUp ? ofAnyZone : null, heard.Reason);
        Assert.Equal(Why, Failure());
    }

    [Fact]
    public void Without_addresses_the_pass_ends_with_the_reason()
    {
        var pass = new PassMachine(new PassOrder(1, Zone, null, false, null));
        pass.Planned(new MasterPlan(1, [], Why), _effects);
        Assert.Equal(Why, Failure());
    }

    private PassMachine Begin(uint? held, int masters) => Begin(new PassOrder(1, Zone, held, false, null), masters);

    private void Serial(PassMachine pass, int master, uint serial, int? expire) => pass.Answered(
        new SoaAnswered(1, Masters[master], SoaOutcome.Serial, serial, null)
        {
            Expire = expire is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
        },
        _effects);

    private PassMachine Begin(PassOrder order, int masters)
    {
        var pass = new PassMachine(order);
        pass.Planned(new MasterPlan(1, [.. Masters.Take(masters)], null), _effects);
        return pass;
    }

    private void Answer(PassMachine pass, int master, SoaOutcome outcome, uint serial) => pass.Answered(
        new SoaAnswered(1, Masters[master], outcome, serial, outcome is SoaOutcome.Serial or SoaOutcome.Absent ? null : Why), _effects);

    private static TransferCompleted Done(int master) =>
        new(1, Masters[master], SampleZones.Content("example.com.", 5), new TransferStatistics(1, 1, 1, 0, TimeSpan.Zero));

    private Reason Failure() => Assert.IsType<NothingBrought>(Assert.Single(_effects.OfType<PassEnded>()).Result).Reason;
}
