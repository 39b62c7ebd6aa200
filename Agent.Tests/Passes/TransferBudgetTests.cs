using System.Net;
using Agent.Actors.Kernel;
using Agent.Actors.Transfers;
using Agent.Tests.TestKit;

namespace Agent.Tests.Passes;

/// <summary>Who may transfer next.</summary>
public sealed class TransferBudgetTests : TestKitBase
{
    private const int Crowd = 40;

    private static readonly IPEndPoint One = new(IPAddress.Parse("192.0.2.1"), 53);
    private static readonly IPEndPoint Other = new(IPAddress.Parse("192.0.2.2"), 53);

    private readonly List<string> _granted = [];

    [Fact]
    public void A_zone_beside_a_crowd_of_its_master_does_not_wait_for_all_of_it()
    {
        IActorRef budget = ActorOf(TransferBudgetActor.Props(new TransferBudget(2, 1)));
        foreach (int i in Enumerable.Range(0, Crowd)) Ask(budget, $"crowd{i}", One);
        Ask(budget, "another", One);
        Advance(TimeSpan.FromSeconds(3.5));
        Assert.Contains("another", _granted);

        Advance(TimeSpan.FromMinutes(5));
        Assert.Equal(Crowd + 1, _granted.Distinct().Count());
        // The oldest have every other turn.
        Assert.All(Enumerable.Range(0, Crowd / 2), i => Assert.InRange(_granted.IndexOf($"crowd{i}"), i, 2 * i));
    }

    [Fact]
    public void A_master_beside_others_with_crowds_has_its_turn_among_them()
    {
        IActorRef budget = ActorOf(TransferBudgetActor.Props(new TransferBudget(1, 1)));
        foreach (int i in Enumerable.Range(0, Crowd)) Ask(budget, $"crowd{i}", One);
        foreach (int i in Enumerable.Range(0, 3)) Ask(budget, $"other{i}", Other);
        Advance(TimeSpan.FromSeconds(6.5));
        Assert.Equal(3, _granted.Count(name => name.StartsWith("other", StringComparison.Ordinal)));
    }

    [Fact]
    public void Who_would_do_with_another_master_does_not_wait_for_one_that_keeps_its_transfers()
    {
        IActorRef budget = ActorOf(TransferBudgetActor.Props(new TransferBudget(10, 1)));
        TestProbe stalled = CreateTestProbe("stalled"), only = CreateTestProbe("only");
        stalled.Send(budget, new AskLeave(One));
        stalled.ExpectMsg<TransferGranted>();
        TestProbe[] crowd = [.. Enumerable.Range(0, Crowd).Select(i => CreateTestProbe($"crowd{i}"))];
        foreach (TestProbe asker in crowd) asker.Send(budget, new AskLeave(One) { Others = [Other] });
        only.Send(budget, new AskLeave(One));
        RunReady();
        for (int served = 0; served < Crowd; served++)
        {
            TestProbe next = Assert.Single(crowd, asker => asker.Waiting > 0);
            Assert.Equal(Other, next.ExpectMsg<TransferGranted>().EndPoint);
            next.Send(budget, new ReturnLeave());
            RunReady();
        }

        // Nobody of the crowd has left a turn behind where it was full.
        stalled.Send(budget, new ReturnLeave());
        Assert.Equal(One, only.ExpectMsg<TransferGranted>().EndPoint);
    }

    [Fact]
    public void The_first_master_is_taken_as_long_as_it_has_room()
    {
        IActorRef budget = ActorOf(TransferBudgetActor.Props(new TransferBudget(10, 2)));
        foreach (IPEndPoint expected in (IPEndPoint[])[One, One, Other, Other])
        {
            TestProbe asker = CreateTestProbe($"asker{_granted.Count}");
            _granted.Add("one more");
            asker.Send(budget, new AskLeave(One) { Others = [Other] });
            Assert.Equal(expected, asker.ExpectMsg<TransferGranted>().EndPoint);
        }
    }

    /// <summary>Each transfer takes a second.</summary>
    private void Ask(IActorRef budget, string name, IPEndPoint master)
    {
        ActorOf(Props.Create(static a => new Asker(a), (budget, name, master, _granted)), name);
        RunReady();
    }

    private sealed class Asker((IActorRef Budget, string Name, IPEndPoint Master, List<string> Granted) of) : UntypedActor
    {
        private static readonly object Over = new();

        protected internal override void PreStart() => of.Budget.Tell(new AskLeave(of.Master), Self);

        protected internal override void OnReceive(object message)
        {
            if (message is TransferGranted)
            {
                of.Granted.Add(of.Name);
                Timers.StartSingleTimer(Over, Over, TimeSpan.FromSeconds(1));
            }
            else
            {
                of.Budget.Tell(new ReturnLeave(), Self);
            }
        }
    }
}
