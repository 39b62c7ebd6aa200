using Agent.Actors.Kernel;
using Agent.Actors.Kernel.Simulation;
using Agent.Tests.TestKit;

namespace Agent.Tests.Simulation.Cluster;

/// <summary>What can be done to a simulated process beyond ending it: struck at a step of its own, stopped in the middle of a call, or
/// suspended with its machine.</summary>
public sealed class SimNodeTests
{
    [Fact]
    public void A_node_can_crash_behind_any_turn()
    {
        for (int turn = 1; turn <= 10; turn++)
        {
            SimScheduler sim = new(1);
            SimNode node = sim.CreateNode("node");
            List<string> log = [];
            IActorRef actor = node.CreateSystem().ActorOf(Caller.PropsOf(log, port: null));
            sim.RunReady();
            node.AtTurn(turn, node.Crash);
            for (int i = 0; i < 20; i++) actor.Tell(i.ToString());
            sim.RunFor(TimeSpan.FromSeconds(1));
            Assert.Equal(turn, log.Count);
            Assert.False(node.IsUp);
        }
    }

    [Fact]
    public void A_node_can_crash_in_the_middle_of_a_turn_before_a_request_leaves()
    {
        SimScheduler sim = new(1);
        SimNode node = sim.CreateNode("node");
        List<string> arrived = [];
        Port port = new(sim, node, arrived);
        IActorRef actor = node.CreateSystem().ActorOf(Caller.PropsOf([], port));
        node.AtPortCall(3, node.Crash);
        for (int i = 1; i <= 5; i++) actor.Tell($"{i}");
        sim.RunFor(TimeSpan.FromSeconds(1));
        Assert.Equal(["1", "2"], arrived);
        Assert.Equal(3, node.PortCalls);
        node.Restart();
        Assert.Equal(2, node.Lives);
        port.Send("of the dead");
        new Port(sim, node, arrived).Send("of the living");
        sim.RunFor(TimeSpan.FromSeconds(1));
        Assert.Equal(["1", "2", "of the living"], arrived);
    }

    [Fact]
    public void A_node_that_stops_in_the_middle_of_a_call_sends_when_it_goes_on()
    {
        SimSeeds.ForEach(50, seed =>
        {
            SimScheduler sim = new(seed);
            SimNode node = sim.CreateNode("node");
            List<string> arrived = [];
            List<string> log = [];
            IActorRef actor = node.CreateSystem().ActorOf(Caller.PropsOf(log, new Port(sim, node, arrived)));
            node.AtPortCall(1, () => node.Pause(TimeSpan.FromSeconds(30)));
            actor.Tell("checked that the lease is good, and then");
            actor.Tell("next");
            sim.RunFor(TimeSpan.FromSeconds(29.5));
            Assert.Equal((1, 0), (log.Count, arrived.Count));
            sim.RunFor(TimeSpan.FromSeconds(2));
            Assert.Equal((2, 2), (log.Count, arrived.Count));
            return sim.Unseed;
        });
    }

    [Fact]
    public void Answers_and_timers_pile_up_over_a_pause_and_are_found_in_either_order()
    {
        HashSet<string> first = [];
        for (ulong seed = 1; seed <= 50; seed++)
        {
            SimScheduler sim = new(seed);
            SimNode node = sim.CreateNode("node");
            List<string> log = [];
            Port port = new(sim, node, []);
            IActorRef actor = node.CreateSystem().ActorOf(Waiter.PropsOf(log));
            sim.RunReady();
            port.Answer(TimeSpan.FromSeconds(1), actor, "answer");
            node.Pause(TimeSpan.FromSeconds(30));
            sim.RunFor(TimeSpan.FromSeconds(29.9));
            Assert.Empty(log);
            sim.RunFor(TimeSpan.FromSeconds(1));
            Assert.Equal(["answer", "timer"], log.Order(StringComparer.Ordinal));
            first.Add(log[0]);
        }

        Assert.Equal(2, first.Count);
    }

    [Fact]
    public void A_suspended_machine_loses_monotonic_time_and_its_timers_wait_so_much_longer()
    {
        SimScheduler sim = new(1);
        SimNode node = sim.CreateNode("node");
        List<string> log = [];
        node.CreateSystem().ActorOf(Waiter.PropsOf(log));
        using ITimer timer = node.Clock.CreateTimer(_ => log.Add("provider"), null, TimeSpan.FromSeconds(4), Timeout.InfiniteTimeSpan);
        sim.RunFor(TimeSpan.FromSeconds(1));
        node.Suspend(TimeSpan.FromMinutes(1));
        sim.RunFor(TimeSpan.FromSeconds(30));
        Assert.Equal(TimeSpan.FromSeconds(1), node.Clock.Monotonic);
        sim.RunFor(TimeSpan.FromSeconds(30.5));
        Assert.Equal(TimeSpan.FromSeconds(1.5), node.Clock.Monotonic);
        Assert.Equal(TimeSpan.FromSeconds(61.5), node.SimClock.SinceBoot);
        Assert.Equal(SimClockOptions.Epoch + TimeSpan.FromSeconds(61.5), node.Clock.UtcNow);
        Assert.Empty(log);
        sim.RunFor(TimeSpan.FromSeconds(1));
        Assert.Equal(["timer"], log);
        sim.RunFor(TimeSpan.FromSeconds(2));
        Assert.Equal(["timer", "provider"], log);
    }

    [Fact]
    public void The_actors_of_one_node_can_be_made_to_break_alone()
    {
        SimScheduler sim = new(1);
        List<string> log = [];
        List<string> other = [];
        SimNode broken = sim.CreateNode("broken");
        broken.ActorBreakChance = 1;
        IActorRef one = broken.CreateSystem().ActorOf(Caller.PropsOf(log, port: null));
        IActorRef two = sim.CreateNode("whole").CreateSystem().ActorOf(Caller.PropsOf(other, port: null));
        one.Tell("x");
        two.Tell("x");
        sim.RunFor(TimeSpan.FromSeconds(1));
        Assert.Empty(log);
        Assert.Single(other);
    }

    [Fact]
    public void A_note_is_part_of_the_trace_and_of_the_unseed()
    {
        SimScheduler sim = new(1);
        ulong before = sim.Unseed;
        new FaultLog(sim).Count("store.away");
        Assert.NotEqual(before, sim.Unseed);
        sim.AddInvariant("never", () => Assert.Fail("broken"));
        sim.Schedule(TimeSpan.Zero, () => { });
        SimulationException failure = Assert.Throws<SimulationException>(sim.RunReady);
        Assert.Contains("--- store.away", failure.Message, StringComparison.Ordinal);
    }

    private sealed class Port(SimScheduler sim, SimNode node, List<string> arrived) : SimPort(sim, node, sim.Faults.Fork())
    {
        public void Send(string message)
        {
            if (TryCall()) Leave(TimeSpan.FromMilliseconds(1), () => arrived.Add(message));
        }

        public void Answer(TimeSpan way, IActorRef actor, string message) => Reach(way, () => actor.Tell(message));
    }

    private sealed class Caller(List<string> log, Port? port) : UntypedActor
    {
        public static Props PropsOf(List<string> log, Port? port) =>
            Props.Create(static s => new Caller(s.log, s.port), (log, port));

        protected internal override void OnReceive(object message)
        {
            log.Add((string)message);
            port?.Send((string)message);
        }
    }

    private sealed class Waiter(List<string> log) : UntypedActor
    {
        public static Props PropsOf(List<string> log) => Props.Create(static s => new Waiter(s), log);

        protected internal override void PreStart() => Timers.StartSingleTimer("timer", "timer", TimeSpan.FromSeconds(2));

        protected internal override void OnReceive(object message) => log.Add((string)message);
    }
}
