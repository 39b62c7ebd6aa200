using Agent.Actors.Kernel;
using Agent.Tests.TestKit;

namespace Agent.Tests.Kernel;

/// <summary>Exactly one notice per watch, however watching, dying and unwatching race.</summary>
public sealed class DeathWatchTests
{
    private const int SeedCount = 2000;

    [Fact]
    public void Exactly_one_notice_per_watch_also_for_the_dead_and_for_watching_twice()
    {
        SimSeeds.ForEach(SeedCount, seed =>
        {
            ActorTestKit kit = new(seed, SimSeeds.Swarm(seed));
            IActorRef[] subjects = [.. Enumerable.Range(0, 4).Select(_ => kit.ActorOf(Script.Of((_, _) => { })))];
            List<IActorRef>[] notices = [[], [], []];
            IActorRef[] watchers = [.. notices.Select(noted => kit.ActorOf(Watcher(noted)))];
            List<Action> acts = [];
            foreach (IActorRef subject in subjects)
            {
                acts.Add(() => kit.Sys.Stop(subject));
                foreach (IActorRef watcher in watchers)
                {
                    acts.Add(() => watcher.Tell(subject));
                    acts.Add(() => watcher.Tell(subject));
                }
            }
            RunShuffled(kit, acts);
            foreach (List<IActorRef> noted in notices)
            {
                // A second watch that is handled after the first notice is a new watch of a dead actor, and is answered too.
                Assert.All(subjects, subject => Assert.InRange(noted.Count(actor => actor == subject), 1, 2));
            }
            foreach (List<IActorRef> noted in notices) noted.Clear();
            foreach (IActorRef watcher in watchers) watcher.Tell(subjects[0]);
            kit.AdvanceUntilIdle();
            Assert.All(notices, noted => Assert.Equal([subjects[0]], noted));
            return kit.Sim.Unseed;
        });
    }

    [Fact]
    public void Watching_twice_before_the_death_is_watching_once()
    {
        SimSeeds.ForEach(SeedCount, seed =>
        {
            ActorTestKit kit = new(seed, SimSeeds.Swarm(seed));
            IActorRef subject = kit.ActorOf(Script.Of((_, _) => { }));
            List<IActorRef> noted = [];
            IActorRef watcher = kit.ActorOf(Watcher(noted));
            watcher.Tell(subject);
            watcher.Tell(subject);
            IActorRef stopper = kit.ActorOf(Script.Of((_, _) => kit.Sys.Stop(subject)));
            kit.Sim.RunUntil(() => kit.Sim.Steps > 20, TimeSpan.FromSeconds(1));
            stopper.Tell("now");
            kit.AdvanceUntilIdle();
            Assert.Equal([subject], noted);
            return kit.Sim.Unseed;
        });
    }

    [Fact]
    public void After_unwatch_there_is_no_notice_even_if_it_waits_in_the_mailbox()
    {
        SimSeeds.ForEach(SeedCount, seed =>
        {
            ActorTestKit kit = new(seed, SimSeeds.Swarm(seed));
            IActorRef subject = kit.ActorOf(Script.Of((_, _) => { }));
            bool isWatching = false;
            int notices = 0;
            int unwanted = 0;
            IActorRef watcher = kit.ActorOf(Script.Of((self, message) =>
            {
                switch (message)
                {
                    case "watch":
                        self.Surroundings.Watch(subject);
                        isWatching = true;
                        break;
                    case "unwatch":
                        self.Surroundings.Unwatch(subject);
                        isWatching = false;
                        break;
                    case Terminated:
                        if (!isWatching) unwanted++;
                        isWatching = false;
                        notices++;
                        break;
                    default:
                        break;
                }
            }));
            List<Action> acts = [() => kit.Sys.Stop(subject)];
            for (int i = 0; i < 4; i++) acts.AddRange([() => watcher.Tell("watch"), () => watcher.Tell("unwatch")]);
            RunShuffled(kit, acts);
            Assert.Equal(0, unwanted);
            Assert.False(isWatching, "a watch of a dead actor was never answered");
            int before = notices;
            watcher.Tell("watch");
            kit.AdvanceUntilIdle();
            Assert.Equal(before + 1, notices);
            return kit.Sim.Unseed;
        });
    }

    [Fact]
    public void What_the_subject_sent_before_it_died_arrives_before_the_notice()
    {
        SimSeeds.ForEach(SeedCount, seed =>
        {
            ActorTestKit kit = new(seed, SimSeeds.Swarm(seed));
            TestProbe probe = kit.CreateTestProbe();
            IActorRef subject = kit.ActorOf(Script.Of((self, message) =>
            {
                probe.Ref.Tell(message);
                if (message is 5) self.Surroundings.Stop(self.Surroundings.Self);
            }));
            probe.Watch(subject);
            for (int i = 1; i <= 5; i++) subject.Tell(i);
            kit.AdvanceUntilIdle();
            Assert.Equal([1, 2, 3, 4, 5, new Terminated(subject)], probe.TakeAll());
            return kit.Sim.Unseed;
        });
    }

    [Fact]
    public void What_the_subject_sent_arrives_before_the_notice_also_when_it_died_during_the_turn_that_watches_it()
    {
        ActorTestKit kit = new();
        List<object> seen = [];
        IActorRef subject = kit.ActorOf(Script.Of((_, _) => { }));
        Remote remote = new();
        remote.Drop();
        kit.Sys.Stop(subject);
        kit.RunReady();
        IActorRef watcher = kit.ActorOf(Script.Of((self, message) =>
        {
            if (message is not "watch")
            {
                seen.Add(message);
                return;
            }
            // The subjects did this on other threads, while this turn waited for a processor.
            self.Surroundings.Self.Tell("result", subject);
            self.Surroundings.WatchWith(subject, "gone");
            self.Surroundings.Self.Tell("remote result", remote);
            self.Surroundings.WatchWith(remote, "remote gone");
        }));
        watcher.Tell("watch");
        kit.RunReady();
        Assert.Equal(["result", "gone"], seen.Where(message => message is "result" or "gone"));
        Assert.Equal(["remote result", "remote gone"], seen.Where(message => message is "remote result" or "remote gone"));
    }

    [Fact]
    public void Watch_with_sends_the_message_and_refuses_a_second_one()
    {
        ActorTestKit kit = new();
        List<object> seen = [];
        IActorRef subject = kit.ActorOf(Script.Of((_, _) => { }));
        IActorRef watcher = kit.ActorOf(Script.Of((self, message) =>
        {
            if (message is not "watch")
            {
                seen.Add(message);
                return;
            }
            self.Surroundings.WatchWith(subject, "gone");
            self.Surroundings.WatchWith(subject, "gone");
            Assert.Throws<InvalidOperationException>(() => self.Surroundings.Watch(subject));
            Assert.Throws<ArgumentException>(() => self.Surroundings.Watch(self.Surroundings.Self));
        }));
        watcher.Tell("watch");
        kit.RunReady();
        kit.Sys.Stop(subject);
        kit.RunReady();
        Assert.Equal(["gone"], seen);
        Assert.Equal(0, kit.Sys.Counters.Failed);
    }

    [Fact]
    public void An_unhandled_notice_is_a_death_pact()
    {
        ActorTestKit kit = new();
        TestProbe probe = kit.CreateTestProbe();
        IActorRef subject = kit.ActorOf(Script.Of((_, _) => { }));
        IActorRef watcher = kit.ActorOf(Script.Of((self, message) =>
        {
            if (message is "watch") self.Surroundings.Watch(subject);
            else self.Unknown(message);
        }));
        probe.Watch(watcher);
        watcher.Tell("watch");
        kit.RunReady();
        kit.Sys.Stop(subject);
        probe.ExpectTerminated(watcher);
    }

    [Fact]
    public void A_name_is_free_again_when_the_parent_handles_the_notice()
    {
        SimSeeds.ForEach(SeedCount, seed =>
        {
            ActorTestKit kit = new(seed, SimSeeds.Swarm(seed));
            int generations = 0;
            Props child = Script.Of((self, _) => self.Surroundings.Stop(self.Surroundings.Self));
            IActorRef parent = kit.ActorOf(Script.Of((self, message) =>
            {
                if (generations++ == 10) return;
                IActorRef next = self.Surroundings.ActorOf(child, "only");
                // Before or after it is watched, it stops.
                next.Tell("stop");
                self.Surroundings.Watch(next);
            }));
            parent.Tell("start");
            kit.AdvanceUntilIdle();
            Assert.Equal(11, generations);
            Assert.Equal(0, kit.Sys.Counters.Failed);
            return kit.Sim.Unseed;
        });
    }

    [Fact]
    public void Watches_survive_a_restart_of_either_side()
    {
        ActorTestKit kit = new();
        TestProbe probe = kit.CreateTestProbe();
        IActorRef subject = kit.ActorOf(Failing());
        IActorRef watcher = kit.ActorOf(Script.Of((self, message) =>
        {
            if (message is "watch") self.Surroundings.Watch(subject);
            else if (message is "fail") throw new InvalidOperationException("on request");
            else probe.Ref.Tell(message);
        }));
        watcher.Tell("watch");
        watcher.Tell("fail");
        subject.Tell("fail");
        kit.RunReady();
        Assert.Equal(2, kit.Sys.Counters.Restarted);
        probe.ExpectNoMsg();
        kit.Sys.Stop(subject);
        probe.ExpectTerminated(subject);
    }

    [Fact]
    public void A_remote_actor_is_dead_when_its_link_says_so()
    {
        ActorTestKit kit = new();
        TestProbe probe = kit.CreateTestProbe();
        TestProbe second = kit.CreateTestProbe();
        Remote remote = new();
        probe.Watch(remote);
        second.Watch(remote);
        second.Unwatch(remote);
        probe.ExpectNoMsg();
        remote.Drop();
        remote.Drop();
        probe.ExpectTerminated(remote);
        probe.ExpectNoMsg();
        second.ExpectNoMsg();
        second.Watch(remote);
        second.ExpectTerminated(remote);
    }

    private static Props Watcher(List<IActorRef> noted) => Script.Of((self, message) =>
    {
        if (message is Terminated terminated) noted.Add(terminated.ActorRef);
        else self.Surroundings.Watch((IActorRef)message);
    });

    private static Props Failing() => Script.Of((_, message) =>
    {
        if (message is "fail") throw new InvalidOperationException("on request");
    });

    /// <summary>Does the acts in an order that the seed draws, with some turns in between.</summary>
    private static void RunShuffled(ActorTestKit kit, List<Action> acts)
    {
        KernelRandom random = kit.Sim.Faults;
        for (int i = acts.Count - 1; i > 0; i--)
        {
            int j = random.Next(i + 1);
            (acts[i], acts[j]) = (acts[j], acts[i]);
        }
        foreach (Action act in acts)
        {
            act();
            for (int steps = random.Next(4); steps > 0; steps--) kit.Sim.Step(kit.Now + TimeSpan.FromMilliseconds(1));
        }
        kit.AdvanceUntilIdle();
    }

    private sealed class Remote : RemoteActorRef
    {
        public override string Path => "/remote/actor";

        public override void Tell(object message, IActorRef? sender = null)
        {
        }

        internal void Drop() => MarkTerminated();
    }
}
