using System.Net;
using Agent.Actors.Kernel;
using Agent.Actors.Reasons;
using Agent.Actors.Transfers;
using Agent.Dns.Wire;
using Agent.Tests.TestKit;

namespace Agent.Tests.Passes;

/// <summary>What is remembered of masters, and who may transfer when.</summary>
public sealed class MasterBoardTests : TestKitBase
{
    private static readonly Reason Dead = new(ReasonCode.NoMaster, "for a test");
    private static readonly Reason No = new(ReasonCode.TransferRefused, "it says no");
    private static readonly MasterAddress First = At(1);
    private static readonly MasterAddress Second = At(2);

    [Fact]
    public void A_dead_address_is_left_out_until_it_answers_its_trial()
    {
        var board = new MasterBoard();
        Assert.False(Dies(board, First, TimeSpan.Zero));
        Assert.Equal<MasterAddress>([Second], board.Order([First, Second], null));
        Assert.Equal(MasterCircuit.Open, board.State(First, TimeSpan.Zero).Circuit);
        Assert.Null(board.BeginTrial(First.Route, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10)));
        Assert.Equal(Zone(0), board.BeginTrial(First.Route, TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(10)));
        Assert.Null(board.BeginTrial(First.Route, TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(10)));
        Assert.Equal(MasterCircuit.HalfOpen, board.State(First, TimeSpan.FromSeconds(4)).Circuit);
        Assert.Equal<MasterAddress>([Second], board.Order([First, Second], null));
        Assert.True(board.Heard(new MasterHeard(First.Route, null), TimeSpan.FromSeconds(5)));
        Assert.Equal<MasterAddress>([First, Second], board.Order([First, Second], null));
        Assert.Equal(MasterCircuit.Closed, board.State(First, TimeSpan.FromSeconds(5)).Circuit);
    }

    [Fact]
    public void Trials_become_rarer_up_to_once_a_minute()
    {
        var board = new MasterBoard();
        TimeSpan now = TimeSpan.Zero;
        var waits = new List<TimeSpan>();
        Dies(board, First, now);
        for (int trial = 0; trial < 8; trial++)
        {
            TimeSpan wait = board.State(First, now).RetryIn!.Value;
            waits.Add(wait);
            now += wait;
            Assert.NotNull(board.BeginTrial(First.Route, now, TimeSpan.FromSeconds(10)));
            board.Heard(new MasterHeard(First.Route, Dead), now);
        }

        Assert.Equal([2, 4, 8, 16, 32, 60, 60, 60], waits.Select(w => w.TotalSeconds));
    }

    [Fact]
    public void Passes_that_began_before_an_address_was_found_dead_do_not_lengthen_its_rest()
    {
        var board = new MasterBoard();
        TimeSpan longest = TimeSpan.FromSeconds(10);
        for (int pass = 0; pass < 50; pass++) Dies(board, First, TimeSpan.Zero);
        Assert.NotNull(board.BeginTrial(First.Route, TimeSpan.FromSeconds(2), longest));
        // The trial fails, and so do those that asked long ago: the rest doubles once.
        for (int pass = 0; pass < 50; pass++) Dies(board, First, TimeSpan.FromSeconds(3));
        Assert.Null(board.BeginTrial(First.Route, TimeSpan.FromSeconds(6.5), longest));
        Assert.NotNull(board.BeginTrial(First.Route, TimeSpan.FromSeconds(7), longest));
    }

    [Fact]
    public void When_all_are_dead_all_are_tried()
    {
        var board = new MasterBoard();
        Dies(board, First, TimeSpan.Zero);
        Assert.Equal<MasterAddress>([First], board.Order([First], null));
        Assert.Equal("down", board.State(First, TimeSpan.Zero).State);
    }

    [Fact]
    public void The_notifier_comes_first_and_is_asked_even_when_it_counts_as_dead()
    {
        var board = new MasterBoard();
        Assert.Equal<MasterAddress>([Second, First], board.Order([First, Second], Second.EndPoint.Address));
        Dies(board, Second, TimeSpan.Zero);
        Assert.Equal<MasterAddress>([Second, First], board.Order([First, Second], Second.EndPoint.Address));
    }

    [Fact]
    public void A_master_that_refuses_zone_after_zone_rests_and_a_success_ends_that()
    {
        var board = new MasterBoard();
        for (int zone = 0; zone < MasterBoard.ZonesUntilRest; zone++)
        {
            Assert.Null(board.RestOf(First.Route, TimeSpan.Zero));
            Fails(board, MasterFault.Refused, zone, TimeSpan.Zero);
        }

        Assert.Equal(No, board.RestOf(First.Route, TimeSpan.FromSeconds(1)));
        Assert.Equal(MasterFault.Refused, Assert.Single(board.State(First, TimeSpan.FromSeconds(1)).Rests).Fault);
        Assert.Null(board.RestOf(First.Route, TimeSpan.FromSeconds(2)));
        Fails(board, MasterFault.Refused, 0, TimeSpan.FromSeconds(2));
        Assert.NotNull(board.RestOf(First.Route, TimeSpan.FromSeconds(5.9)));
        board.Heard(new MasterHeard(First.Route, null) { Zone = Zone(7), Brought = true }, TimeSpan.FromSeconds(5));
        Assert.Null(board.RestOf(First.Route, TimeSpan.FromSeconds(5)));
    }

    [Fact]
    public void A_master_from_which_transfers_failed_lately_comes_last_until_one_succeeds()
    {
        var board = new MasterBoard();
        Fails(board, MasterFault.Broken, 0, TimeSpan.Zero);
        Assert.True(board.ComesLast(First.Route, Zone(0), TimeSpan.FromMinutes(9)));
        Assert.False(board.ComesLast(First.Route, Zone(1), TimeSpan.FromMinutes(9)));
        for (int zone = 1; zone < MasterBoard.ZonesUntilRest; zone++) Fails(board, MasterFault.Broken, zone, TimeSpan.Zero);
        Assert.True(board.ComesLast(First.Route, Zone(7), TimeSpan.FromMinutes(9)));
        MasterRest rest = Assert.Single(board.State(First, TimeSpan.FromMinutes(9)).Rests);
        Assert.Equal((No, TimeSpan.Zero), (rest.Reason, rest.RetryIn));
        Assert.False(board.ComesLast(First.Route, Zone(7), TimeSpan.FromMinutes(11)));
        Assert.Empty(board.State(First, TimeSpan.FromMinutes(11)).Rests);

        Fails(board, MasterFault.Broken, 0, TimeSpan.FromMinutes(11));
        Assert.True(board.ComesLast(First.Route, Zone(7), TimeSpan.FromMinutes(12)));
        board.Heard(new MasterHeard(First.Route, null) { Zone = Zone(1), Brought = true }, TimeSpan.FromMinutes(12));
        Assert.False(board.ComesLast(First.Route, Zone(0), TimeSpan.FromMinutes(12)));
    }

    [Fact]
    public void What_takes_no_connections_for_transfers_rests_though_it_answers_questions_until_it_was_away_altogether()
    {
        var board = new MasterBoard();
        for (int zone = 0; zone < MasterBoard.ZonesUntilRest; zone++)
        {
            board.Heard(new MasterHeard(First.Route, null), TimeSpan.Zero);
            board.Heard(
                new MasterHeard(First.Route, Dead) { Zone = Zone(zone), Fault = MasterFault.Unreachable, FaultReason = Dead },
                TimeSpan.Zero);
        }

        Assert.False(board.IsDead(First.Route));
        Assert.Equal(MasterFault.Unreachable, Assert.Single(board.State(First, TimeSpan.Zero).Rests).Fault);
        Dies(board, First, TimeSpan.Zero);
        Assert.NotNull(board.BeginTrial(First.Route, TimeSpan.FromMinutes(1), TimeSpan.FromSeconds(10)));
        Assert.True(board.Heard(new MasterHeard(First.Route, null), TimeSpan.FromMinutes(1)));
        Assert.Empty(board.State(First, TimeSpan.FromMinutes(1)).Rests);
    }

    [Theory]
    [InlineData(MasterFault.Broken)]
    [InlineData(MasterFault.Unreachable)]
    public void Transfers_without_a_word_neither_open_the_circuit_nor_close_it(MasterFault fault)
    {
        var board = new MasterBoard();
        board.Heard(new MasterHeard(First.Route, null), TimeSpan.Zero);
        for (int i = 0; i < 12; i++) Assert.False(HungUp(i));
        Assert.Equal(("up", MasterCircuit.Closed), (board.State(First, TimeSpan.Zero).State, board.State(First, TimeSpan.Zero).Circuit));
        Assert.Equal(fault, Assert.Single(board.State(First, TimeSpan.Zero).Rests).Fault);
        Assert.False(board.Heard(new MasterHeard(First.Route, null), TimeSpan.Zero));
        Assert.NotNull(board.RestOf(First.Route, TimeSpan.FromSeconds(1)));

        Dies(board, First, TimeSpan.Zero);
        Assert.False(HungUp(0));
        Assert.Equal(MasterCircuit.Open, board.State(First, TimeSpan.Zero).Circuit);

        bool HungUp(int zone) => board.Heard(
            new MasterHeard(First.Route, Dead) { Zone = Zone(zone), Fault = fault, FaultReason = Dead }, TimeSpan.Zero);
    }

    [Fact]
    public void Nobody_is_called_up_who_has_never_answered()
    {
        var board = new MasterBoard();
        Assert.Equal("unknown", State());
        board.Asked(First.Route, Zone(0));
        Assert.Equal(("unknown", 0), (State(), board.Version));
        board.Heard(new MasterHeard(First.Route, Dead), TimeSpan.Zero);
        MasterState failed = board.State(First, TimeSpan.Zero);
        Assert.Equal(("down", MasterCircuit.Closed, Dead, 1), (failed.State, failed.Circuit, failed.Reason, board.Version));
        board.Heard(new MasterHeard(First.Route, null), TimeSpan.Zero);
        Assert.Equal(("up", 2), (State(), board.Version));
        board.Heard(new MasterHeard(First.Route, Dead), TimeSpan.Zero);
        Assert.Equal(("up", 2), (State(), board.Version));

        string State() => board.State(First, TimeSpan.Zero).State;
    }

    [Fact]
    public void What_goes_wrong_under_one_tls_profile_says_nothing_of_the_address_under_another()
    {
        var board = new MasterBoard();
        MasterAddress pinned = First with { Master = First.Master with { Tls = "pinned" } };
        Dies(board, pinned, TimeSpan.Zero);
        board.Heard(new MasterHeard(First.Route, null), TimeSpan.Zero);
        Assert.Equal<MasterAddress>([First], board.Order([First, pinned], null));
        Assert.Equal(("up", null), (board.State(First, TimeSpan.Zero).State, board.State(First, TimeSpan.Zero).Tls));
        Assert.Equal(("down", "pinned"), (board.State(pinned, TimeSpan.Zero).State, board.State(pinned, TimeSpan.Zero).Tls));
        board.Keep([First.Route]);
        Assert.Equal("unknown", board.State(pinned, TimeSpan.Zero).State);
    }

    [Fact]
    public void One_zone_that_is_refused_or_failures_of_different_classes_cost_the_others_nothing()
    {
        var board = new MasterBoard();
        for (int i = 0; i < 20; i++) Fails(board, MasterFault.Refused, 0, TimeSpan.Zero);
        for (int i = 0; i < 20; i++) Fails(board, MasterFault.Broken, 1 + (i % 2), TimeSpan.Zero);
        Assert.Null(board.RestOf(First.Route, TimeSpan.Zero));
    }

    [Fact]
    public void A_full_master_holds_up_nobody_else_and_a_dead_holder_gives_its_place_back()
    {
        IActorRef budget = ActorOf(TransferBudgetActor.Props(new TransferBudget(InAll: 3, PerAddress: 1)));
        TestProbe first = CreateTestProbe("first"), second = CreateTestProbe("second"), third = CreateTestProbe("third");
        first.Send(budget, new AskLeave(First.EndPoint));
        second.Send(budget, new AskLeave(First.EndPoint));
        third.Send(budget, new AskLeave(Second.EndPoint));
        first.ExpectMsg<TransferGranted>();
        third.ExpectMsg<TransferGranted>();
        second.ExpectNoMsg(TimeSpan.FromSeconds(1));
        Sys.Stop(first.Ref);
        second.ExpectMsg<TransferGranted>();
        second.Send(budget, new ReturnLeave());
        third.Send(budget, new ReturnLeave());
        third.Send(budget, new AskLeave(First.EndPoint));
        third.ExpectMsg<TransferGranted>();
    }

    [Fact]
    public void Leave_goes_to_one_master_after_the_other_at_both_ends_of_its_line_and_past_those_who_ended()
    {
        IActorRef budget = ActorOf(TransferBudgetActor.Props(new TransferBudget(InAll: 1, PerAddress: 1)));
        TestProbe[] askers = [.. Enumerable.Range(0, 5).Select(i => CreateTestProbe($"asker{i}"))];
        for (int i = 0; i < askers.Length; i++)
        {
            askers[i].Send(budget, new AskLeave(i % 2 == 0 ? First.EndPoint : Second.EndPoint));
            RunReady();
        }

        Sys.Stop(askers[2].Ref);
        RunReady();
        foreach (int next in (int[])[0, 1, 4, 3])
        {
            askers[next].ExpectMsg<TransferGranted>();
            Assert.All(askers, asker => Assert.Equal(0, asker.Waiting));
            askers[next].Send(budget, new ReturnLeave());
        }
    }

    private static bool Dies(MasterBoard board, MasterAddress address, TimeSpan now)
    {
        bool returned = false;
        for (int i = 0; i < MasterBoard.FailuresUntilDead; i++)
            returned |= board.Heard(new MasterHeard(address.Route, Dead) { Zone = Zone(i == 0 ? 1 : 0) }, now);
        return returned;
    }

    private static void Fails(MasterBoard board, MasterFault fault, int zone, TimeSpan now) =>
        board.Heard(new MasterHeard(First.Route, null) { Zone = Zone(zone), Fault = fault, FaultReason = No }, now);

    private static DomainName Zone(int i) => DomainName.Parse($"z{i}.example.");

    private static MasterAddress At(int i) =>
        new(new Master($"m{i}", $"192.0.2.{i}", 5354, null), new IPEndPoint(IPAddress.Parse($"192.0.2.{i}"), 5354));
}
