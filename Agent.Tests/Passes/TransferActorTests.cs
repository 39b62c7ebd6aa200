using System.Net;
using Agent.Actors.Kernel;
using Agent.Actors.Transfers;
using Agent.Dns.Wire;
using Agent.Tests.Simulation;
using Agent.Tests.TestKit;

namespace Agent.Tests.Passes;

/// <summary>A pass whose directory or budget forgot it, as either does when it breaks.</summary>
public sealed class TransferActorTests : TestKitBase
{
    private static readonly DomainName Zone = DomainName.Parse("z.example.");
    private static readonly Master Master = new("m1", "192.0.2.1", 5354, null);
    private static readonly MasterAddress Address = new(Master, new IPEndPoint(IPAddress.Parse("192.0.2.1"), 5354));

    [Fact]
    public void Whoever_forgot_the_pass_is_asked_again_and_answers_that_come_twice_count_once()
    {
        TestProbe directory = CreateTestProbe("directory");
        TestProbe budget = CreateTestProbe("budget");
        TestProbe zone = CreateTestProbe("zone");
        var masters = new SimMasters(Sim) { Zones = { [Zone] = 5 } };
        var limits = new TransferLimits(TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(10), TimeSpan.FromMinutes(2), 1000, 0, 0);
        var settings = new TransferSettings(
            masters, directory.Ref, budget.Ref, limits, TimeSpan.FromSeconds(3), TimeSpan.FromMilliseconds(150));
        ActorOf(Props.Create(static a => new Parent(a), (settings, zone.Ref)));

        directory.ExpectMsg<GetMasters>();
        directory.ExpectMsg<GetMasters>(TimeSpan.FromSeconds(6));
        for (int i = 0; i < 2; i++) directory.LastSender.Tell(new MasterPlan(1, [Address], null), directory.Ref);
        budget.ExpectMsg<AskLeave>();
        budget.ExpectMsg<AskLeave>(TimeSpan.FromSeconds(6));
        for (int i = 0; i < 2; i++) budget.LastSender.Tell(new TransferGranted(Address.EndPoint), budget.Ref);

        Assert.Equal(5u, zone.ExpectMsg<ZoneBrought>().Content.Serial);
        budget.ExpectMsg<ReturnLeave>();
        zone.ExpectNoMsg(TimeSpan.FromMinutes(1));
        budget.ExpectNoMsg(TimeSpan.FromMinutes(1));
    }

    [Fact]
    public void What_a_master_answers_when_the_pass_is_over_is_heard_by_the_directory()
    {
        TestProbe directory = CreateTestProbe("directory");
        TestProbe budget = CreateTestProbe("budget");
        TestProbe zone = CreateTestProbe("zone");
        var silent = new MasterAddress(
            new Master("m2", "192.0.2.2", 5354, null), new IPEndPoint(IPAddress.Parse("192.0.2.2"), 5354));
        var masters = new SimMasters(Sim) { Zones = { [Zone] = 5 }, Away = { "m2" } };
        var limits = new TransferLimits(TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(10), TimeSpan.FromMinutes(2), 1000, 0, 0);
        var settings = new TransferSettings(
            masters, directory.Ref, budget.Ref, limits, TimeSpan.FromSeconds(3), TimeSpan.FromMilliseconds(150));
        ActorOf(Props.Create(static a => new Parent(a), (settings, zone.Ref)));

        directory.ExpectMsg<GetMasters>();
        directory.LastSender.Tell(new MasterPlan(1, [Address, silent], null), directory.Ref);
        Assert.Equal((Address, SoaOutcome.Serial), Heard());
        budget.ExpectMsg<AskLeave>();
        budget.LastSender.Tell(new TransferGranted(Address.EndPoint), budget.Ref);
        zone.ExpectMsg<ZoneBrought>();
        directory.ExpectMsg<MasterHeard>();
        Assert.Equal((silent, SoaOutcome.Unreachable), Heard());

        (MasterAddress, SoaOutcome) Heard()
        {
            SoaAnswered answer = directory.ExpectMsg<SoaAnswered>(TimeSpan.FromSeconds(4));
            return (answer.Address, answer.Outcome);
        }
    }

    [Fact]
    public void Who_asks_the_budget_again_keeps_one_place_and_its_turn()
    {
        IActorRef budget = ActorOf(TransferBudgetActor.Props(new TransferBudget(1, 1)));
        TestProbe first = CreateTestProbe("first");
        TestProbe second = CreateTestProbe("second");
        for (int i = 0; i < 3; i++)
        {
            first.Send(budget, new AskLeave(Address.EndPoint));
            first.ExpectMsg<TransferGranted>();
            second.Send(budget, new AskLeave(Address.EndPoint));
        }

        first.Send(budget, new ReturnLeave());
        second.ExpectMsg<TransferGranted>();
        second.ExpectNoMsg(TimeSpan.FromSeconds(1));
        second.Send(budget, new ReturnLeave());
        first.Send(budget, new AskLeave(Address.EndPoint));
        first.ExpectMsg<TransferGranted>();
    }

    private sealed class Parent((TransferSettings Settings, IActorRef Zone) argument) : UntypedActor
    {
        protected internal override void PreStart() =>
            Context.ActorOf(TransferActor.Props(argument.Settings, new PassOrder(1, Zone, null, Force: false, Notifier: null)));

        protected internal override void OnReceive(object message) => argument.Zone.Forward(message);
    }
}
