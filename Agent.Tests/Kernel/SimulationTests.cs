using System.Diagnostics;
using Agent.Actors.Kernel;
using Agent.Actors.Kernel.Simulation;
using Agent.Tests.TestKit;

namespace Agent.Tests.Kernel;

/// <summary>The simulation itself: repeatable, one driver of time, pauses and crashes as stated.</summary>
public sealed class SimulationTests
{
    [Fact]
    public void The_same_seed_gives_the_same_unseed_and_other_seeds_others()
    {
        HashSet<ulong> unseeds = [];
        for (ulong seed = 1; seed <= 200; seed++)
        {
            ulong unseed = Gossip(seed);
            Assert.Equal(unseed, Gossip(seed));
            unseeds.Add(unseed);
        }
        Assert.Equal(200, unseeds.Count);
    }

    [Fact]
    public void Every_strategy_brings_all_messages_to_their_end()
    {
        foreach (SimStrategyKind strategy in Enum.GetValues<SimStrategyKind>())
        {
            SimSeeds.ForEach(20, seed =>
            {
                ActorTestKit kit = new(seed, new SimOptions { Strategy = strategy });
                TestProbe probe = kit.CreateTestProbe();
                IActorRef relay = kit.ActorOf(Relay.PropsTo(probe.Ref, hops: 5));
                for (int i = 0; i < 20; i++) relay.Tell(i);
                Assert.Equal(Enumerable.Range(0, 20), probe.ReceiveN<int>(20));
                return kit.Sim.Unseed;
            });
        }
    }

    [Fact]
    public void Time_jumps_to_the_next_event_and_no_farther()
    {
        SimScheduler sim = new(1);
        List<TimeSpan> fired = [];
        sim.Schedule(TimeSpan.FromHours(2), () => fired.Add(sim.Now));
        sim.Schedule(TimeSpan.FromMinutes(1), () => fired.Add(sim.Now));
        sim.Schedule(TimeSpan.FromMinutes(5), () => fired.Add(sim.Now)).Dispose();
        sim.RunFor(TimeSpan.FromHours(1));
        Assert.Equal([TimeSpan.FromMinutes(1)], fired);
        Assert.Equal(TimeSpan.FromHours(1), sim.Now);
        Assert.True(sim.RunUntilIdle(TimeSpan.FromDays(1)));
        Assert.Equal([TimeSpan.FromMinutes(1), TimeSpan.FromHours(2)], fired);
        Assert.Equal(TimeSpan.FromHours(2), sim.Now);
    }

    [Fact]
    public void Events_of_the_same_instant_come_in_the_order_of_scheduling()
    {
        SimScheduler sim = new(1);
        List<int> fired = [];
        for (int i = 0; i < 50; i++)
        {
            int number = i;
            sim.Schedule(TimeSpan.FromSeconds(1), () => fired.Add(number));
        }
        sim.RunUntilIdle(TimeSpan.FromMinutes(1));
        Assert.Equal(Enumerable.Range(0, 50), fired);
    }

    [Fact]
    public void A_nodes_clock_drifts_and_its_civil_time_can_be_stepped()
    {
        SimScheduler sim = new(1);
        SimNode fast = sim.CreateNode("fast", new SimClockOptions { DriftPpm = 1000, UtcOffset = TimeSpan.FromMinutes(3) });
        sim.RunFor(TimeSpan.FromSeconds(1000));
        Assert.Equal(TimeSpan.FromSeconds(1001), fast.Clock.Monotonic);
        Assert.Equal(SimClockOptions.Epoch + TimeSpan.FromSeconds(1001 + 180), fast.Clock.UtcNow);
        fast.SimClock.StepUtc(-TimeSpan.FromHours(1));
        Assert.Equal(SimClockOptions.Epoch + TimeSpan.FromSeconds(1001 + 180 - 3600), fast.Clock.UtcNow);
        Assert.Equal(TimeSpan.FromSeconds(1001), fast.Clock.Monotonic);
    }

    [Fact]
    public void A_time_providers_timer_runs_as_an_event()
    {
        SimScheduler sim = new(1);
        SimNode node = sim.CreateNode("node");
        int count = 0;
        using ITimer timer = node.Clock.CreateTimer(_ => count++, state: null, TimeSpan.Zero, TimeSpan.FromSeconds(1));
        Assert.Equal(0, count);
        sim.RunFor(TimeSpan.FromSeconds(10));
        Assert.Equal(11, count);
        timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        sim.RunFor(TimeSpan.FromSeconds(10));
        Assert.Equal(11, count);
    }

    [Fact]
    public void A_paused_node_runs_nothing_and_then_first_what_it_was_about_to_do()
    {
        SimSeeds.ForEach(200, seed =>
        {
            SimScheduler sim = new(seed);
            SimNode node = sim.CreateNode("paused");
            ActorSystem system = node.CreateSystem();
            List<string> log = [];
            IActorRef writer = system.ActorOf(Props.Create(static log => new Recorder(log), log));
            IActorRef other = system.ActorOf(Props.Create(static log => new Recorder(log), log));
            sim.RunReady();
            writer.Tell("write");
            node.Pause(TimeSpan.FromSeconds(60));
            other.Tell("lease lost");
            sim.RunFor(TimeSpan.FromSeconds(59));
            Assert.Empty(log);
            sim.RunFor(TimeSpan.FromSeconds(2));
            Assert.Equal(["write", "lease lost"], log);
            return sim.Unseed;
        });
    }

    [Fact]
    public void Timers_fall_due_during_a_pause_and_other_nodes_go_on()
    {
        SimScheduler sim = new(1);
        SimNode paused = sim.CreateNode("paused");
        SimNode running = sim.CreateNode("running");
        List<string> log = [];
        paused.CreateSystem().ActorOf(Props.Create(static log => new Ticker("paused", log), log));
        running.CreateSystem().ActorOf(Props.Create(static log => new Ticker("running", log), log));
        sim.RunReady();
        paused.Pause(TimeSpan.FromSeconds(10));
        sim.RunFor(TimeSpan.FromSeconds(5.5));
        Assert.Equal(Enumerable.Repeat("running", 5), log);
        log.Clear();
        sim.RunFor(TimeSpan.FromSeconds(4.6));
        // A periodic timer never has more than one message waiting.
        Assert.Equal(1, log.Count(static who => who == "paused"));
    }

    [Fact]
    public void A_crash_leaves_nothing_of_the_node_and_runs_no_hook()
    {
        SimSeeds.ForEach(200, seed =>
        {
            SimScheduler sim = new(seed);
            SimNode node = sim.CreateNode("node");
            List<string> log = [];
            ActorSystem system = node.CreateSystem();
            IActorRef old = system.ActorOf(Props.Create(static log => new Ticker("old", log), log));
            node.Schedule(TimeSpan.FromSeconds(3), () => log.Add("event of the dead"));
            sim.RunFor(TimeSpan.FromSeconds(1.5));
            node.Crash();
            old.Tell("nobody home");
            node.Restart();
            node.CreateSystem().ActorOf(Props.Create(static log => new Ticker("new", log), log));
            sim.RunFor(TimeSpan.FromSeconds(10.5));
            Assert.Equal(Enumerable.Repeat("new", 10).Prepend("old"), log);
            return sim.Unseed;
        });
    }

    [Fact]
    public void A_broken_invariant_ends_the_run_with_seed_and_trace()
    {
        SimScheduler sim = new(4711);
        IActorRef relay = sim.CreateNode("n").CreateSystem().ActorOf(Relay.PropsTo(ActorRefs.NoSender, hops: 0), "relay");
        int seen = 0;
        sim.AddInvariant("at most three steps", () => Assert.True(++seen <= 3));
        for (int i = 0; i < 10; i++) relay.Tell("a message to find in the trace");
        SimulationException failure = Assert.Throws<SimulationException>(() => sim.RunUntilIdle(TimeSpan.FromSeconds(1)));
        Assert.Equal(4711UL, failure.Seed);
        Assert.Contains("AGENT_SEED=4711", failure.Message, StringComparison.Ordinal);
        // Only where there is none to be named, as in sources without their history, it may be missing.
        bool hasHistory = Path.Exists(Path.Combine(Architecture.SourceTree.Root, ".git"));
        Assert.Matches(hasHistory ? "commit [0-9a-f]{40}" : "commit ", failure.Message);
        Assert.Contains("at most three steps", failure.Message, StringComparison.Ordinal);
        Assert.Contains("/user/relay <- String a message to find", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_fatal_error_nobody_asked_for_ends_the_run()
    {
        ActorTestKit kit = new();
        kit.ActorOf(Props.Create(static () => new Thrower())).Tell(new UnreachableException("impossible"));
        SimulationException failure = Assert.Throws<SimulationException>(kit.RunReady);
        Assert.Contains("impossible", failure.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void An_assertion_within_an_actor_ends_the_run_whatever_its_supervisor_says()
    {
        ActorTestKit kit = new(
            settings: new ActorSystemSettings { GuardianStrategy = new OneForOneStrategy(decider: static _ => Directive.Resume) });
        kit.ActorOf(Script.Of(static (_, _) => Assert.Fail("seen"))).Tell("go");
        Assert.Throws<SimulationException>(kit.RunReady);
        kit.ActorOf(Script.Of(static (_, _) => { }, started: static _ => Assert.Fail("seen too")));
        Assert.Throws<SimulationException>(kit.RunReady);
    }

    [Fact]
    public void A_message_that_goes_round_for_ever_ends_the_run()
    {
        ActorTestKit kit = new(1, new SimOptions { StepsMax = 1000, StepCostMax = TimeSpan.Zero });
        kit.ActorOf(Props.Create(static () => new Loop())).Tell("go");
        Assert.Throws<SimulationException>(kit.RunReady);
    }

    [Fact]
    public void Buggify_sites_fire_in_some_runs_only_and_replay()
    {
        int live = 0;
        for (ulong seed = 1; seed <= 400; seed++)
        {
            int hits = Hits(seed, isOn: true);
            Assert.Equal(hits, Hits(seed, isOn: true));
            Assert.Equal(0, Hits(seed, isOn: false));
            if (hits > 0) live++;
        }
        // A quarter of 400 runs; the bounds are six standard deviations away, and the seeds are fixed anyway.
        Assert.InRange(live, 48, 152);
        Assert.False(Buggify.Hit("outside of any simulation"));
    }

    [Fact]
    public void A_code_probe_counts()
    {
        CodeProbe.Reached("kernel.test.probe");
        CodeProbe.Reached("kernel.test.probe");
        Assert.Equal(2, CodeProbe.Counts["kernel.test.probe"]);
    }

    private static int Hits(ulong seed, bool isOn)
    {
        SimScheduler sim = new(seed, new SimOptions { Buggify = isOn });
        int hits = 0;
        sim.Schedule(TimeSpan.Zero, () => hits = Enumerable.Range(0, 100).Count(_ => Buggify.Hit("test.site")));
        sim.RunReady();
        return hits;
    }

    private static ulong Gossip(ulong seed)
    {
        SimScheduler sim = new(seed, SimOptions.Swarm(seed));
        List<IActorRef> peers = [];
        for (int i = 0; i < 3; i++)
        {
            ActorSystem system = sim.CreateNode($"n{i}").CreateSystem();
            for (int j = 0; j < 3; j++) peers.Add(system.ActorOf(Props.Create(static peers => new Gossiper(peers), peers)));
        }
        foreach (IActorRef peer in peers) peer.Tell(6);
        sim.RunUntilIdle(TimeSpan.FromMinutes(10));
        return sim.Unseed;
    }

    private sealed class Gossiper(List<IActorRef> peers) : UntypedActor
    {
        protected internal override void OnReceive(object message)
        {
            if (message is not int left || left == 0) return;
            peers[Random.Next(peers.Count)].Tell(left - 1, Self);
            Timers.StartSingleTimer("later", 0, Random.NextTimeSpan(TimeSpan.FromSeconds(1)));
        }
    }

    private sealed class Relay(IActorRef? target, int hops) : UntypedActor
    {
        private IActorRef? _next;

        internal static Props PropsTo(IActorRef? target, int hops) =>
            Props.Create(static to => new Relay(to.target, to.hops), (target, hops));

        protected internal override void PreStart() => _next = hops == 0 ? target : Context.ActorOf(PropsTo(target, hops - 1));

        protected internal override void OnReceive(object message) => _next?.Tell(message, Self);
    }

    private sealed class Recorder(List<string> log) : UntypedActor
    {
        protected internal override void OnReceive(object message) => log.Add((string)message);
    }

    private sealed class Ticker(string name, List<string> log) : UntypedActor
    {
        protected internal override void PreStart() => Timers.StartPeriodicTimer("tick", "tick", TimeSpan.FromSeconds(1));

        protected internal override void OnReceive(object message) => log.Add(name);

        protected internal override void PostStop() => log.Add($"{name} stopped");
    }

    private sealed class Thrower : UntypedActor
    {
        protected internal override void OnReceive(object message) => throw (Exception)message;
    }

    private sealed class Loop : UntypedActor
    {
        protected internal override void OnReceive(object message) => Self.Tell(message);
    }
}
