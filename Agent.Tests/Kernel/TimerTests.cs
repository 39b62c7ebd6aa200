using Agent.Actors.Kernel;
using Agent.Actors.Kernel.Simulation;
using Agent.Tests.TestKit;

namespace Agent.Tests.Kernel;

/// <summary>Timers and the receive timeout: on time, one generation at a time, gone with their incarnation.</summary>
public sealed class TimerTests
{
    private const int SeedCount = 2000;
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public void A_single_timer_fires_once_and_exactly_then()
    {
        ActorTestKit kit = new();
        TestProbe probe = kit.CreateTestProbe();
        IActorRef actor = Timed(kit, probe);
        actor.Tell(new Start("a", Second * 5));
        probe.ExpectNoMsg(Second * 5 - TimeSpan.FromTicks(1));
        probe.ExpectMsg("a", TimeSpan.FromTicks(1));
        Assert.Equal(Second * 5, kit.Now);
        probe.ExpectNoMsg(TimeSpan.FromDays(1));
    }

    /// <summary>The clock goes on between "is it due?" and "when is it due?": the journal broke over that on a busy machine.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(long.MinValue)]
    public void A_timer_whose_delay_is_over_fires_at_once(long ticks)
    {
        ActorTestKit kit = new();
        TestProbe probe = kit.CreateTestProbe();
        Timed(kit, probe).Tell(new Start("a", TimeSpan.FromTicks(ticks)));
        probe.ExpectMsg("a", TimeSpan.FromTicks(1));
        probe.ExpectNoMsg(TimeSpan.FromDays(1));
    }

    [Fact]
    public void A_cancelled_or_replaced_timer_is_never_heard_of_again_even_if_it_had_fired()
    {
        SimSeeds.ForEach(SeedCount, seed =>
        {
            ActorTestKit kit = new(seed, SimSeeds.Swarm(seed));
            // What each key may still deliver, as the actor itself knows it.
            Dictionary<string, int> current = [];
            int generation = 0;
            List<int> wrong = [];
            IActorRef actor = kit.ActorOf(Script.Of((self, message) =>
            {
                switch (message)
                {
                    case ("start", string key):
                        current[key] = ++generation;
                        self.Clocks.StartSingleTimer(key, generation, TimeSpan.FromMilliseconds(generation % 3));
                        break;
                    case ("cancel", string key):
                        current.Remove(key);
                        self.Clocks.Cancel(key);
                        break;
                    case int fired:
                        if (!current.ContainsValue(fired)) wrong.Add(fired);
                        foreach (string key in current.Keys.ToArray())
                        {
                            if (current[key] == fired) current.Remove(key);
                        }
                        break;
                    default:
                        throw new InvalidOperationException($"{message}");
                }
            }));
            for (int i = 0; i < 30; i++)
            {
                string key = kit.Sim.Faults.Chance(0.5) ? "a" : "b";
                actor.Tell((kit.Sim.Faults.Chance(0.7) ? "start" : "cancel", key));
                if (kit.Sim.Faults.Chance(0.3)) kit.Sim.Step(kit.Now + TimeSpan.FromMilliseconds(2));
                // Fire what is due without letting the actor run, so that stale mail piles up.
                if (kit.Sim.Faults.Chance(0.2)) kit.Node.Pause(TimeSpan.FromMilliseconds(5));
            }
            kit.AdvanceUntilIdle();
            Assert.Empty(wrong);
            Assert.Empty(current);
            return kit.Sim.Unseed;
        });
    }

    [Fact]
    public void A_fired_but_replaced_timer_is_counted_as_stale()
    {
        ActorTestKit kit = new();
        TestProbe probe = kit.CreateTestProbe();
        IActorRef actor = Timed(kit, probe);
        kit.RunReady();
        actor.Tell(new Start("a", Second));
        kit.RunReady();
        kit.Node.Pause(Second * 2);
        // Waits before the timer's own message, and replaces the timer.
        actor.Tell(new Start("a", Second * 10));
        probe.ExpectNoMsg(Second * 9);
        Assert.Equal(1, kit.Sys.Counters.StaleTimers);
        probe.ExpectMsg("a", Second * 10);
    }

    [Fact]
    public void A_periodic_timer_goes_on_until_it_is_cancelled()
    {
        ActorTestKit kit = new();
        TestProbe probe = kit.CreateTestProbe();
        int ticks = 0;
        IActorRef actor = kit.ActorOf(Script.Of((self, message) =>
        {
            if (message is "start") self.Clocks.StartPeriodicTimer("tick", "tick", Second * 3, Second);
            else if (++ticks == 5) self.Clocks.Cancel("tick");
            else Assert.True(self.Clocks.IsTimerActive("tick"));
        }));
        actor.Tell("start");
        kit.Advance(Second * 2.5);
        Assert.Equal(0, ticks);
        kit.Advance(Second * 3);
        Assert.Equal(3, ticks);
        kit.AdvanceUntilIdle();
        Assert.Equal(5, ticks);
        Assert.Equal(Second * 7, kit.Now);
    }

    [Fact]
    public void A_periodic_timer_survives_a_failure_that_is_resumed_but_no_restart()
    {
        foreach (Directive directive in new[] { Directive.Resume, Directive.Restart })
        {
            int ticks = 0;
            ActorTestKit kit = new(settings: new ActorSystemSettings { GuardianStrategy = new OneForOneStrategy(decider: _ => directive) });
            IActorRef actor = kit.ActorOf(Script.Of((self, message) =>
            {
                if (message is "start") self.Clocks.StartPeriodicTimer("tick", "tick", Second);
                else if (++ticks == 2) throw new InvalidOperationException("in the tick");
            }));
            actor.Tell("start");
            kit.Advance(Second * 10.5);
            Assert.Equal(directive == Directive.Resume ? 10 : 2, ticks);
        }
    }

    [Fact]
    public void Timers_of_an_earlier_incarnation_never_fire()
    {
        SimSeeds.ForEach(SeedCount, seed =>
        {
            ActorTestKit kit = new(seed, SimSeeds.Swarm(seed));
            List<string> stale = [];
            IActorRef actor = kit.ActorOf(Script.Of((self, message) =>
            {
                switch (message)
                {
                    case "start":
                        self.Clocks.StartSingleTimer("key", self.Surroundings.Incarnation, TimeSpan.FromMilliseconds(1));
                        break;
                    case "fail":
                        throw new InvalidOperationException("on request");
                    case int incarnation when incarnation != self.Surroundings.Incarnation:
                        stale.Add($"{incarnation} in {self.Surroundings.Incarnation}");
                        break;
                    default:
                        break;
                }
            }));
            for (int i = 0; i < 12; i++)
            {
                actor.Tell(kit.Sim.Faults.Chance(0.5) ? "start" : "fail");
                if (kit.Sim.Faults.Chance(0.3)) kit.Node.Pause(TimeSpan.FromMilliseconds(2));
                if (kit.Sim.Faults.Chance(0.5)) kit.Sim.Step(kit.Now + TimeSpan.FromMilliseconds(3));
            }
            kit.AdvanceUntilIdle();
            Assert.Empty(stale);
            return kit.Sim.Unseed;
        });
    }

    [Fact]
    public void The_receive_timeout_comes_after_quiet_only_and_again()
    {
        ActorTestKit kit = new();
        List<(TimeSpan, string)> seen = [];
        IActorRef actor = kit.ActorOf(Script.Of((self, message) =>
        {
            if (message is TimeSpan timeout) self.Surroundings.SetReceiveTimeout(timeout == TimeSpan.Zero ? null : timeout);
            else seen.Add((kit.Now, message.GetType().Name));
        }));
        actor.Tell(Second * 10);
        kit.Advance(Second * 9);
        actor.Tell("busy");
        kit.Advance(Second * 5);
        actor.Tell(new NoActivity());
        kit.Advance(Second * 26);
        actor.Tell(TimeSpan.Zero);
        kit.AdvanceUntilIdle();
        Assert.Equal(
            [
                (Second * 9, nameof(String)),
                (Second * 14, nameof(NoActivity)),
                (Second * 19, nameof(ReceiveTimeout)),
                (Second * 29, nameof(ReceiveTimeout)),
                (Second * 39, nameof(ReceiveTimeout)),
            ],
            seen);
    }

    [Fact]
    public void Timers_follow_the_nodes_own_clock()
    {
        SimScheduler sim = new(1, new SimOptions { StepCostMax = TimeSpan.Zero });
        ActorSystem slow = sim.CreateNode("slow", new SimClockOptions { DriftPpm = -100_000 }).CreateSystem();
        TimeSpan firedAt = default;
        slow.ActorOf(Script.Of((_, _) => firedAt = sim.Now, started: static self => self.Clocks.StartSingleTimer("a", "a", Second * 9)));
        sim.RunUntilIdle(TimeSpan.FromMinutes(1));
        Assert.Equal(Second * 10, firedAt);
    }

    private static IActorRef Timed(ActorTestKit kit, TestProbe probe) => kit.ActorOf(Script.Of((self, message) =>
    {
        if (message is Start start) self.Clocks.StartSingleTimer(start.Key, start.Key, start.Delay);
        else probe.Ref.Tell(message);
    }));

    private sealed record Start(string Key, TimeSpan Delay);

    private sealed record NoActivity : INotInfluenceReceiveTimeout;
}
