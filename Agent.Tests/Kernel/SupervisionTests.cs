using System.Diagnostics;
using Agent.Actors.Kernel;
using Agent.Tests.TestKit;

namespace Agent.Tests.Kernel;

/// <summary>What a supervisor's directive does to the child, its mailbox, its children and its siblings.</summary>
public sealed class SupervisionTests
{
    private const int SeedCount = 2000;

    [Fact]
    public void A_restart_keeps_mailbox_and_reference_and_drops_only_the_failed_message()
    {
        SimSeeds.ForEach(SeedCount, seed =>
        {
            ActorTestKit kit = new(seed, SimSeeds.Swarm(seed));
            TestProbe probe = kit.CreateTestProbe();
            TestProbe letters = kit.CreateTestProbe();
            kit.Sys.EventStream.Subscribe(letters.Ref, typeof(DeadLetter));
            IActorRef actor = kit.ActorOf(Script.Of((self, message) =>
            {
                if (message is int number && number % 3 == 0) throw new InvalidOperationException("on request");
                probe.Ref.Tell((message, self.Surroundings.Incarnation));
            }));
            for (int i = 1; i <= 8; i++) actor.Tell(i);
            kit.AdvanceUntilIdle();
            Assert.Equal(
                [(1, 0), (2, 0), (4, 1), (5, 1), (7, 2), (8, 2)],
                probe.TakeAll().Select(static o => ((int, int))((object, int))o).ToArray());
            Assert.Equal([3, 6], letters.TakeAll().Cast<DeadLetter>().Select(static letter => (int)letter.Message));
            Assert.Equal(2, kit.Sys.Counters.Restarted);
            return kit.Sim.Unseed;
        });
    }

    [Fact]
    public void Resume_keeps_the_state_and_stop_ends_it()
    {
        SimSeeds.ForEach(SeedCount, seed =>
        {
            ActorTestKit kit = new(seed, SimSeeds.Swarm(seed));
            TestProbe probe = kit.CreateTestProbe();
            IActorRef parent = kit.ActorOf(Script.Of(
                (self, message) =>
                    (self.Surroundings.Child("child") ?? self.Surroundings.ActorOf(Counter(probe.Ref), "child")).Tell(message),
                new OneForOneStrategy(decider: static cause => cause is ArgumentException ? Directive.Resume : Directive.Stop)));
            foreach (object message in new object[] { 1, 1, new ArgumentException("resume"), 1 }) parent.Tell(message);
            Assert.Equal([1, 2, 3], probe.ReceiveN<int>(3));
            parent.Tell(new InvalidOperationException("stop"));
            kit.AdvanceUntilIdle();
            parent.Tell(1);
            Assert.Equal(1, probe.ExpectMsg<int>());
            return kit.Sim.Unseed;
        });
    }

    [Fact]
    public void A_suspended_actor_keeps_its_messages_until_the_decision()
    {
        SimSeeds.ForEach(SeedCount, seed =>
        {
            ActorTestKit kit = new(seed, SimSeeds.Swarm(seed));
            List<object> handled = [];
            int decisions = 0;
            bool isDecided = true;
            IActorRef? child = null;
            kit.ActorOf(Script.Of(
                (_, _) => { },
                new OneForOneStrategy(decider: _ =>
                {
                    decisions++;
                    isDecided = true;
                    return Directive.Resume;
                }),
                self => child = self.Surroundings.ActorOf(Script.Of((_, message) =>
                {
                    Assert.True(isDecided, "handled a message while suspended");
                    if (message is "fail")
                    {
                        isDecided = false;
                        throw new InvalidOperationException("on request");
                    }
                    handled.Add(message);
                }))));
            kit.RunReady();
            for (int i = 0; i < 20; i++)
            {
                child!.Tell(i % 5 == 4 ? "fail" : i);
                if (kit.Sim.Faults.Chance(0.3)) kit.Sim.Step(kit.Now + TimeSpan.FromMilliseconds(1));
            }
            kit.AdvanceUntilIdle();
            Assert.Equal(4, decisions);
            Assert.Equal(Enumerable.Range(0, 20).Where(static i => i % 5 != 4), handled.Cast<int>());
            return kit.Sim.Unseed;
        });
    }

    [Fact]
    public void All_for_one_restarts_every_child_once_per_failure()
    {
        SimSeeds.ForEach(SeedCount, seed =>
        {
            ActorTestKit kit = new(seed, SimSeeds.Swarm(seed));
            int[] starts = new int[3];
            IActorRef[] children = new IActorRef[3];
            kit.ActorOf(Script.Of((_, _) => { }, new AllForOneStrategy(), self =>
            {
                for (int i = 0; i < children.Length; i++)
                {
                    int number = i;
                    children[i] = self.Surroundings.ActorOf(Failing(started: _ => starts[number]++));
                }
            }));
            kit.RunReady();
            children[kit.Sim.Faults.Next(3)].Tell("fail");
            kit.AdvanceUntilIdle();
            Assert.Equal([2, 2, 2], starts);
            foreach (IActorRef child in children) child.Tell("fail");
            kit.AdvanceUntilIdle();
            // Failures that come together may share a restart, but none goes without one and nobody stays suspended.
            Assert.All(starts, count => Assert.InRange(count, 3, 5));
            int[] before = [.. starts];
            children[0].Tell("fail");
            kit.AdvanceUntilIdle();
            Assert.Equal(before.Select(static count => count + 1), starts);
            return kit.Sim.Unseed;
        });
    }

    [Fact]
    public void A_second_restart_while_a_child_is_dying_leaves_nobody_suspended()
    {
        SimSeeds.ForEach(500, seed =>
        {
            ActorTestKit kit = new(seed, SimSeeds.Swarm(seed));
            TestProbe probe = kit.CreateTestProbe();
            IActorRef? trigger = null;
            IActorRef? survivor = null;
            Family family = new(Script.Tree(depth: 3, width: 2), Script.Forwarding(probe.Ref), child => survivor = child);
            kit.ActorOf(Script.Of((_, _) => { }, new AllForOneStrategy(), self =>
            {
                trigger = self.Surroundings.ActorOf(Failing());
                self.Surroundings.ActorOf(Props.Create(static family => new SlowToRestart(family), family));
            }));
            kit.RunReady();
            IActorRef first = survivor!;
            for (int i = 0; i < 3; i++)
            {
                trigger!.Tell("fail");
                for (int steps = kit.Sim.Faults.Next(12); steps > 0; steps--) kit.Sim.Step(kit.Now + TimeSpan.FromMilliseconds(1));
            }
            kit.AdvanceUntilIdle();
            first.Tell("are you there");
            probe.ExpectMsg("are you there");
            return kit.Sim.Unseed;
        });
    }

    [Fact]
    public void All_for_one_stops_every_child()
    {
        SimSeeds.ForEach(SeedCount, seed =>
        {
            ActorTestKit kit = new(seed, SimSeeds.Swarm(seed));
            IActorRef[] children = new IActorRef[3];
            kit.ActorOf(Script.Of((_, _) => { }, new AllForOneStrategy(decider: static _ => Directive.Stop), self =>
            {
                for (int i = 0; i < children.Length; i++) children[i] = self.Surroundings.ActorOf(Failing());
            }));
            TestProbe probe = kit.CreateTestProbe();
            kit.RunReady();
            foreach (IActorRef child in children) probe.Watch(child);
            children[1].Tell("fail");
            kit.AdvanceUntilIdle();
            Assert.Equal(children.ToHashSet(), probe.TakeAll().Cast<Terminated>().Select(static t => t.ActorRef).ToHashSet());
            return kit.Sim.Unseed;
        });
    }

    [Fact]
    public void Too_many_restarts_within_the_window_stop_the_child()
    {
        ActorTestKit kit = new();
        TestProbe probe = kit.CreateTestProbe();
        IActorRef? child = null;
        kit.ActorOf(Script.Of(
            (_, _) => { },
            new OneForOneStrategy(maxRetries: 3, withinTimeRange: TimeSpan.FromMinutes(1)),
            self => child = self.Surroundings.ActorOf(Failing())));
        kit.RunReady();
        probe.Watch(child!);
        for (int i = 0; i < 3; i++) child!.Tell("fail");
        kit.RunReady();
        Assert.Equal(3, kit.Sys.Counters.Restarted);
        kit.Advance(TimeSpan.FromMinutes(1) + TimeSpan.FromTicks(1));
        for (int i = 0; i < 3; i++) child!.Tell("fail");
        kit.RunReady();
        Assert.Equal(6, kit.Sys.Counters.Restarted);
        probe.ExpectNoMsg();
        child!.Tell("fail");
        probe.ExpectTerminated(child);
    }

    [Fact]
    public void Escalation_fails_the_supervisor_and_its_restart_replaces_the_subtree()
    {
        SimSeeds.ForEach(SeedCount, seed =>
        {
            ActorTestKit kit = new(seed, SimSeeds.Swarm(seed));
            TestProbe probe = kit.CreateTestProbe();
            IActorRef? leaf = null;
            int parents = 0;
            IActorRef parent = kit.ActorOf(Script.Of(
                (_, message) => leaf!.Tell(message),
                new OneForOneStrategy(decider: static _ => Directive.Escalate),
                self =>
                {
                    parents++;
                    leaf = self.Surroundings.ActorOf(Counter(probe.Ref), "leaf");
                }));
            kit.RunReady();
            IActorRef first = leaf!;
            probe.Watch(first);
            parent.Tell(1);
            parent.Tell(new InvalidOperationException("escalate"));
            kit.AdvanceUntilIdle();
            Assert.Equal(2, parents);
            Assert.Equal([1, new Terminated(first)], probe.TakeAll());
            parent.Tell(1);
            Assert.Equal(1, probe.ExpectMsg<int>());
            return kit.Sim.Unseed;
        });
    }

    [Fact]
    public void Resuming_an_escalation_resumes_the_child_that_failed_and_its_siblings()
    {
        SimSeeds.ForEach(SeedCount, seed =>
        {
            ActorTestKit kit = new(seed, SimSeeds.Swarm(seed));
            TestProbe probe = kit.CreateTestProbe();
            IActorRef[] leaves = new IActorRef[2];
            kit.ActorOf(Script.Of(
                (_, _) => { },
                new OneForOneStrategy(decider: static _ => Directive.Resume),
                top => top.Surroundings.ActorOf(Script.Of(
                    (_, _) => { },
                    new OneForOneStrategy(decider: static _ => Directive.Escalate),
                    middle =>
                    {
                        for (int i = 0; i < leaves.Length; i++) leaves[i] = middle.Surroundings.ActorOf(Counter(probe.Ref));
                    }))));
            kit.RunReady();
            leaves[0].Tell(1);
            leaves[1].Tell(1);
            leaves[0].Tell(new InvalidOperationException("resume"));
            leaves[1].Tell(new InvalidOperationException("resume"));
            leaves[0].Tell(1);
            leaves[1].Tell(1);
            Assert.Equal([1, 1, 2, 2], probe.ReceiveN<int>(4).Order());
            return kit.Sim.Unseed;
        });
    }

    [Fact]
    public void A_failed_start_stops_and_a_supervisor_may_try_again()
    {
        ActorTestKit kit = new();
        TestProbe probe = kit.CreateTestProbe();
        IActorRef hopeless = kit.ActorOf(Script.Of((_, _) => { }, started: static _ => throw new InvalidOperationException("no")));
        probe.Watch(hopeless);
        probe.ExpectTerminated(hopeless);
        int attempts = 0;
        IActorRef? stubborn = null;
        kit.ActorOf(Script.Of(
            (_, _) => { },
            new OneForOneStrategy(decider: static _ => Directive.Restart),
            self => stubborn = self.Surroundings.ActorOf(Script.Of(
                (_, message) => probe.Ref.Tell(message),
                started: child =>
                {
                    child.Surroundings.ActorOf(Failing(), "left behind by the attempt");
                    if (++attempts < 4) throw new InvalidOperationException("not yet");
                }))));
        kit.RunReady();
        stubborn!.Tell("hello");
        probe.ExpectMsg("hello");
        Assert.Equal(4, attempts);
    }

    [Fact]
    public void An_impossible_state_escalates_past_everyone()
    {
        List<FatalError> errors = [];
        ActorTestKit kit = new(settings: new ActorSystemSettings { OnFatalError = errors.Add });
        TestProbe probe = kit.CreateTestProbe();
        kit.Sys.EventStream.Subscribe(probe.Ref, typeof(FatalError));
        IActorRef? leaf = null;
        IActorRef top = kit.ActorOf(Script.Of((_, message) => probe.Ref.Tell(message), started: self => leaf = self.Surroundings.ActorOf(
            Script.Of((_, message) => throw (Exception)message), "leaf")), "top");
        kit.RunReady();
        leaf!.Tell(new UnreachableException("impossible"));
        probe.ExpectMsg<FatalError>(fatal => fatal.Actor == leaf);
        Assert.Single(errors);
        top.Tell("nobody goes on in the failed part");
        probe.ExpectNoMsg();
    }

    [Fact]
    public void Hooks_run_in_order_with_the_cause_and_the_message()
    {
        ActorTestKit kit = new();
        List<string> log = [];
        IActorRef actor = kit.ActorOf(Props.Create(static log => new Hooked(log), log));
        actor.Tell("fail");
        actor.Tell("fine");
        kit.RunReady();
        kit.Sys.Stop(actor);
        kit.RunReady();
        Assert.Equal(
            ["new", "start", "before restart: on request, fail", "stop", "new", "after restart: on request", "start", "fine", "stop"], log);
    }

    [Fact]
    public void A_hook_that_throws_stops_neither_restart_nor_stop()
    {
        ActorTestKit kit = new();
        TestProbe probe = kit.CreateTestProbe();
        IActorRef actor = kit.ActorOf(Script.Of(
            (_, message) =>
            {
                if (message is "fail") throw new InvalidOperationException("on request");
                probe.Ref.Tell(message);
            },
            stopped: static _ => throw new InvalidOperationException("in the hook")));
        actor.Tell("fail");
        actor.Tell("fine");
        probe.ExpectMsg("fine");
        probe.Watch(actor);
        kit.Sys.Stop(actor);
        probe.ExpectTerminated(actor);
    }

    [Fact]
    public void A_decider_that_throws_fails_the_supervisor()
    {
        ActorTestKit kit = new();
        TestProbe events = kit.CreateTestProbe();
        kit.Sys.EventStream.Subscribe(events.Ref, typeof(ActorFailed));
        IActorRef? child = null;
        IActorRef parent = kit.ActorOf(Script.Of(
            (_, _) => { },
            new OneForOneStrategy(decider: static _ => throw new NotSupportedException("decider")),
            self => child = self.Surroundings.ActorOf(Failing())));
        kit.RunReady();
        child!.Tell("fail");
        events.ExpectMsg<ActorFailed>(failed => failed.Actor == parent && failed.Cause is NotSupportedException);
    }

    private static Props Counter(IActorRef target)
    {
        return Props.Create(static target => new CountingActor(target), target);
    }

    private static Props Failing(Action<Script>? started = null) => Script.Of(
        static (_, message) =>
        {
            if (message is "fail") throw new InvalidOperationException("on request");
        },
        started: started);

    private sealed class CountingActor(IActorRef target) : UntypedActor
    {
        private int _sum;

        protected internal override void OnReceive(object message)
        {
            if (message is Exception exception) throw exception;
            _sum += (int)message;
            target.Tell(_sum, Self);
        }
    }

    private sealed record Family(Props Doomed, Props Survivor, Action<IActorRef> Born);

    /// <summary>Its restart waits for one child's whole tree to die, and keeps the other child.</summary>
    private sealed class SlowToRestart(Family family) : UntypedActor
    {
        protected internal override void PreStart()
        {
            Context.ActorOf(family.Doomed, "doomed");
            if (Context.Child("survivor") is null) family.Born(Context.ActorOf(family.Survivor, "survivor"));
        }

        protected internal override void PreRestart(Exception reason, object? message) => Context.Stop(Context.Child("doomed")!);

        protected internal override void OnReceive(object message) => Unhandled(message);
    }

    private sealed class Hooked : UntypedActor
    {
        private readonly List<string> _log;

        internal Hooked(List<string> log)
        {
            _log = log;
            log.Add("new");
        }

        protected internal override void PreStart() => _log.Add("start");

        protected internal override void PostStop() => _log.Add("stop");

        protected internal override void PreRestart(Exception reason, object? message)
        {
            _log.Add($"before restart: {reason.Message}, {message}");
            base.PreRestart(reason, message);
        }

        protected internal override void PostRestart(Exception reason)
        {
            _log.Add($"after restart: {reason.Message}");
            base.PostRestart(reason);
        }

        protected internal override void OnReceive(object message)
        {
            if (message is "fail") throw new InvalidOperationException("on request");
            _log.Add((string)message);
        }
    }
}
