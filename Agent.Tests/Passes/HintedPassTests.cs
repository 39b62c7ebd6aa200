using System.Net;
using Agent.Actors.Reasons;
using Agent.Actors.Transfers;
using Agent.Dns.Wire;
using Agent.Dns.Zones;
using Agent.Tests.Zones;

namespace Agent.Tests.Passes;

/// <summary>Passes whose notifier told the serial that it has.</summary>
public sealed class HintedPassTests
{
    private static readonly DomainName Zone = DomainName.Parse("example.com.");
    private static readonly Reason Why = new(ReasonCode.NoMaster, "for a test");
    private static readonly ZoneContent Held = SampleZones.Content("example.com.", 4);
    private static readonly MasterAddress[] Masters =
    [
        .. Enumerable.Range(1, 2).Select(i => new MasterAddress(
            new Master($"m{i}", $"192.0.2.{i}", 5354, null), new IPEndPoint(IPAddress.Parse($"192.0.2.{i}"), 5354))),
    ];

    private static readonly PassOrder Hinted =
        new(1, Zone, 4, Force: false, Masters[1].EndPoint.Address) { Held = Held, SerialHint = 5 };

    private readonly List<PassEffect> _effects = [];

    [Fact]
    public void The_zone_is_taken_from_the_notifier_and_nobody_is_asked_for_the_serial()
    {
        PassMachine pass = Begin(Hinted);
        Assert.Equal(Masters[1].EndPoint, Assert.Single(_effects.OfType<TakeLeave>()).EndPoint);
        Assert.Empty(_effects.OfType<AskAddress>());
        pass.Granted(_effects);
        Assert.Equal(Masters[1], Assert.Single(_effects.OfType<TransferFrom>()).Address);
        pass.Completed(Done(1, serial: 6), _effects);
        ZoneBrought brought = Assert.IsType<ZoneBrought>(Result());
        Assert.Equal((6u, null), (brought.Content.Serial, brought.Behind));
        Assert.Empty(_effects.OfType<AskAddress>());
        Assert.True(pass.IsOver);
    }

    [Fact]
    public void A_serial_that_was_told_and_has_not_come_is_told_with_what_came()
    {
        PassMachine pass = Begin(Hinted with { SerialHint = 7 });
        pass.Granted(_effects);
        pass.Completed(Done(1, serial: 6), _effects);
        Assert.Equal(7u, Assert.IsType<ZoneBrought>(Result()).Behind);
    }

    [Fact]
    public void All_are_asked_where_the_serial_says_nothing_or_the_transfer_would_be_dear()
    {
        ZoneContent large = SampleZones.Content("example.com.", 4, addresses: PassMachine.SmallZoneBytes / 25);
        Assert.True(large.ByteCount > PassMachine.SmallZoneBytes);
        (string What, PassOrder Order)[] others =
        [
            ("none told", Hinted with { SerialHint = null }),
            ("what is held", Hinted with { SerialHint = 4 }),
            ("older", Hinted with { SerialHint = 3 }),
            ("stopped by a guard", Hinted with { Pinned = 5 }),
            ("forced", Hinted with { Force = true }),
            ("nothing to start differences from", Hinted with { Held = null }),
            ("large", Hinted with { Held = large }),
            ("not a master", Hinted with { Notifier = IPAddress.Parse("192.0.2.9") }),
            ("by nobody", Hinted with { Notifier = null }),
        ];
        foreach ((string what, PassOrder order) in others)
        {
            _effects.Clear();
            Begin(order);
            Assert.True(_effects.OfType<AskAddress>().Count() == 2 && _effects.Count == 2, what);
        }

        _effects.Clear();
        new PassMachine(Hinted).Planned(new MasterPlan(1, [.. Masters], null) { Rests = [(Masters[1].Route, Why)] }, _effects);
        Assert.Equal(2, _effects.OfType<AskAddress>().Count());

        _effects.Clear();
        new PassMachine(Hinted).Planned(new MasterPlan(1, [.. Masters], null) { Last = [Masters[1].Route] }, _effects);
        Assert.Equal(2, _effects.OfType<AskAddress>().Count());
    }

    [Fact]
    public void A_notifier_whose_turn_does_not_come_is_not_waited_for_where_others_may_have_the_same()
    {
        PassMachine pass = Begin(Hinted);
        Assert.Single(_effects.OfType<StartHintPatience>());
        pass.HintPatienceOver(_effects);
        AllAreAsked();
        Assert.Single(_effects.OfType<GiveLeaveBack>());
        pass.Granted(_effects, Masters[1].EndPoint);
        Assert.Empty(_effects.OfType<TransferFrom>());
        Answer(pass, 0, 5);
        Answer(pass, 1, 5);
        Assert.Equal<IPEndPoint>([Masters[0].EndPoint], _effects.OfType<TakeLeave>().Last().Others);

        _effects.Clear();
        pass = Transferring();
        pass.HintPatienceOver(_effects);
        Assert.Empty(_effects.OfType<AskAddress>());

        _effects.Clear();
        new PassMachine(Hinted).Planned(new MasterPlan(1, [Masters[1]], null), _effects);
        Assert.Empty(_effects.OfType<StartHintPatience>());
    }

    [Fact]
    public void A_notifier_that_has_nothing_newer_leads_to_the_question_for_the_serial()
    {
        PassMachine pass = Transferring();
        pass.Failed(new TransferFailed(1, Masters[1], TransferFailure.NothingNewer, Why), _effects);
        AllAreAsked();
        Answer(pass, 0, 4);
        Answer(pass, 1, 4);
        Assert.Equal(new NothingNewer(1, 4), Result());
    }

    [Fact]
    public void A_notifier_that_had_nothing_newer_is_taken_when_its_serial_is_newer_after_all()
    {
        PassMachine pass = Transferring();
        pass.Failed(new TransferFailed(1, Masters[1], TransferFailure.NothingNewer, Why), _effects);
        Answer(pass, 0, 4);
        Answer(pass, 1, 5);
        Assert.Equal(Masters[1].EndPoint, _effects.OfType<TakeLeave>().Last().EndPoint);
    }

    [Theory]
    [InlineData(4u)]
    [InlineData(3u)]
    public void What_came_counts_by_its_own_serial(uint serial)
    {
        PassMachine pass = Transferring();
        pass.Completed(Done(1, serial), _effects);
        AllAreAsked();
        Assert.Equal(_effects.OfType<TakeLeave>().Count(), _effects.OfType<GiveLeaveBack>().Count());
        Answer(pass, 0, 5);
        Answer(pass, 1, serial);
        Assert.Equal(Masters[0].EndPoint, _effects.OfType<TakeLeave>().Last().EndPoint);
    }

    [Fact]
    public void A_transfer_that_breaks_is_not_tried_there_again_but_at_the_others()
    {
        PassMachine pass = Transferring();
        pass.Failed(new TransferFailed(1, Masters[1], TransferFailure.Broken, Why), _effects);
        AllAreAsked();
        Answer(pass, 0, 5);
        Answer(pass, 1, 6);
        Assert.Equal(Masters[0].EndPoint, _effects.OfType<TakeLeave>().Last().EndPoint);
        pass.Granted(_effects);
        pass.Completed(Done(0, serial: 5), _effects);
        Assert.Equal(5u, Assert.IsType<ZoneBrought>(Result()).Content.Serial);
    }

    [Fact]
    public void A_transfer_that_breaks_is_the_reason_when_nobody_else_has_it()
    {
        PassMachine pass = Transferring();
        pass.Failed(new TransferFailed(1, Masters[1], TransferFailure.Broken, Why), _effects);
        Answer(pass, 0, 4);
        Answer(pass, 1, 5);
        NothingBrought nothing = Assert.IsType<NothingBrought>(Result());
        Assert.Equal((Why, true), (nothing.Reason, nothing.MastersHaveIt));
    }

    [Fact]
    public void A_busy_notifier_is_asked_again_before_the_others_are()
    {
        PassMachine pass = Transferring();
        pass.Failed(new TransferFailed(1, Masters[1], TransferFailure.Busy, Why), _effects);
        Assert.Empty(_effects.OfType<AskAddress>());
        pass.PauseOver(_effects);
        pass.Granted(_effects);
        pass.Completed(Done(1, serial: 5), _effects);
        Assert.IsType<ZoneBrought>(Result());
    }

    [Fact]
    public void What_a_guard_stops_is_kept_while_others_are_asked_for_something_better()
    {
        PassMachine pass = Transferring();
        pass.Completed(Done(1, serial: 5) with { Stopped = Why }, _effects);
        AllAreAsked();
        Answer(pass, 0, 4);
        Answer(pass, 1, 5);
        Assert.Equal(Why, Assert.IsType<ZoneBrought>(Result()).Stopped);
        Assert.Single(_effects.OfType<TransferFrom>());
    }

    private PassMachine Begin(PassOrder order)
    {
        var pass = new PassMachine(order);
        pass.Planned(new MasterPlan(1, [.. Masters], null) { IsComplete = true }, _effects);
        return pass;
    }

    private PassMachine Transferring()
    {
        PassMachine pass = Begin(Hinted);
        pass.Granted(_effects);
        return pass;
    }

    private void AllAreAsked() => Assert.Equal(Masters, _effects.OfType<AskAddress>().Select(a => a.Address));

    private void Answer(PassMachine pass, int master, uint serial) =>
        pass.Answered(new SoaAnswered(1, Masters[master], SoaOutcome.Serial, serial, null), _effects);

    private static TransferCompleted Done(int master, uint serial) =>
        new(1, Masters[master], SampleZones.Content("example.com.", serial), new TransferStatistics(1, 1, 1, 0, TimeSpan.Zero));

    private PassResult Result() => Assert.Single(_effects.OfType<PassEnded>()).Result;
}
