using System.Net;
using Agent.Actors.Kernel;
using Agent.Actors.Reasons;
using Agent.Actors.Transfers;
using Agent.Tests.TestKit;

namespace Agent.Tests.Passes;

/// <summary>What is remembered of masters, and who may transfer when.</summary>
public sealed class MasterBoardTests : TestKitBase
{
    private static readonly Reason Dead = new(ReasonCode.NoMaster, "for a test");
    private static readonly MasterAddress First = At(1);
    private static readonly MasterAddress Second = At(2);

    [Fact]
    public void A_dead_address_is_left_out_until_its_trial_which_one_pass_makes()
    {
        var board = new MasterBoard();
        for (int i = 0; i < MasterBoard.FailuresUntilDead; i++) board.Heard(First.EndPoint, Dead, TimeSpan.Zero);
        Assert.Equal<MasterAddress>([Second], board.Order([First, Second], null, TimeSpan.FromSeconds(1)).ToArray());
        Assert.Equal<MasterAddress>([Second, First], board.Order([First, Second], null, TimeSpan.FromSeconds(3)).ToArray());
        Assert.Equal<MasterAddress>([Second], board.Order([First, Second], null, TimeSpan.FromSeconds(3.5)).ToArray());
        board.Heard(First.EndPoint, null, TimeSpan.FromSeconds(4));
        Assert.Equal<MasterAddress>([First, Second], board.Order([First, Second], null, TimeSpan.FromSeconds(4)).ToArray());
    }

    [Fact]
    public void Passes_that_began_before_an_address_was_found_dead_do_not_lengthen_its_rest()
    {
        var board = new MasterBoard();
        for (int pass = 0; pass < 50; pass++) board.Heard(First.EndPoint, Dead, TimeSpan.Zero);
        Assert.Equal(2, board.Order([First, Second], null, TimeSpan.FromSeconds(2)).Length);
        // The trial fails, and so do those that asked long ago: the rest doubles once.
        for (int pass = 0; pass < 50; pass++) board.Heard(First.EndPoint, Dead, TimeSpan.FromSeconds(3));
        Assert.Single(board.Order([First, Second], null, TimeSpan.FromSeconds(6.5)));
        Assert.Equal(2, board.Order([First, Second], null, TimeSpan.FromSeconds(7)).Length);
    }

    [Fact]
    public void When_all_are_dead_all_are_tried()
    {
        var board = new MasterBoard();
        for (int i = 0; i < 5; i++) board.Heard(First.EndPoint, Dead, TimeSpan.Zero);
        Assert.Equal<MasterAddress>([First], board.Order([First], null, TimeSpan.FromSeconds(1)).ToArray());
        Assert.Equal("down", board.State(First, TimeSpan.Zero).State);
    }

    [Fact]
    public void The_notifier_comes_first()
    {
        MasterAddress[] ordered = [.. new MasterBoard().Order([First, Second], Second.EndPoint.Address, TimeSpan.Zero)];
        Assert.Equal([Second, First], ordered);
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

    private static MasterAddress At(int i) =>
        new(new Master($"m{i}", $"192.0.2.{i}", 5354, null), new IPEndPoint(IPAddress.Parse($"192.0.2.{i}"), 5354));
}
