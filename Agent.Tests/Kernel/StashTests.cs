using Agent.Actors.Kernel;
using Agent.Tests.TestKit;

namespace Agent.Tests.Kernel;

/// <summary>The stash: order, bound, policy, and what restart and stop make of it.</summary>
public sealed class StashTests
{
    [Fact]
    public void Unstashed_messages_come_first_and_in_order_whatever_the_schedule()
    {
        SimSeeds.ForEach(2000, seed =>
        {
            ActorTestKit kit = new(seed, SimSeeds.Swarm(seed));
            List<int> handled = [];
            bool isOpen = false;
            IActorRef actor = kit.ActorOf(Script.Of((self, message) =>
            {
                switch (message)
                {
                    case "open":
                        isOpen = true;
                        self.Aside.UnstashAll();
                        break;
                    case "close":
                        isOpen = false;
                        break;
                    case int when !isOpen:
                        self.Aside.Stash();
                        break;
                    case int number:
                        handled.Add(number);
                        break;
                    default:
                        throw new InvalidOperationException();
                }
            }));
            for (int i = 0; i < 20; i++)
            {
                actor.Tell(i);
                if (kit.Sim.Faults.Chance(0.2)) actor.Tell("open");
                if (kit.Sim.Faults.Chance(0.2)) actor.Tell("close");
                if (kit.Sim.Faults.Chance(0.5)) kit.Sim.Step(kit.Now + TimeSpan.FromMilliseconds(1));
            }
            actor.Tell("open");
            kit.AdvanceUntilIdle();
            Assert.Equal(Enumerable.Range(0, 20), handled);
            return kit.Sim.Unseed;
        });
    }

    [Fact]
    public void Unstashed_messages_count_again_in_a_bounded_mailbox()
    {
        ActorTestKit kit = new();
        TestProbe probe = kit.CreateTestProbe();
        IActorRef actor = kit.ActorOf(Stashing(probe.Ref).WithBoundedMailbox(4));
        for (int i = 0; i < 3; i++)
        {
            actor.Tell(i);
            kit.RunReady();
        }
        actor.Tell("open");
        kit.RunReady();
        Assert.Equal([0, 1, 2], probe.TakeAll());
        for (int i = 0; i < 10; i++) actor.Tell(i);
        kit.RunReady();
        Assert.Equal([0, 1, 2, 3], probe.TakeAll());
        Assert.Equal(6, kit.Sys.Counters.DeadLetters);
    }

    [Theory]
    [InlineData(StashOverflow.DropNewest, "0 1 2", "3 4")]
    [InlineData(StashOverflow.DropOldest, "2 3 4", "0 1")]
    public void A_full_stash_drops_as_its_policy_says(StashOverflow policy, string kept, string dropped)
    {
        ActorTestKit kit = new();
        TestProbe probe = kit.CreateTestProbe();
        TestProbe letters = kit.CreateTestProbe();
        kit.Sys.EventStream.Subscribe(letters.Ref, typeof(DeadLetter));
        IActorRef actor = kit.ActorOf(Stashing(probe.Ref).WithStash(3, policy));
        for (int i = 0; i < 5; i++) actor.Tell(i);
        actor.Tell("open");
        kit.RunReady();
        Assert.Equal(kept, string.Join(' ', probe.TakeAll()));
        DeadLetter[] dead = [.. letters.TakeAll().Cast<DeadLetter>()];
        Assert.Equal(dropped, string.Join(' ', dead.Select(static letter => letter.Message)));
        Assert.All(dead, static letter => Assert.Equal(DeadLetterReason.StashFull, letter.Reason));
    }

    [Fact]
    public void A_full_stash_fails_the_actor_by_default_and_the_restart_returns_what_was_stashed()
    {
        ActorTestKit kit = new();
        TestProbe probe = kit.CreateTestProbe();
        TestProbe events = kit.CreateTestProbe();
        kit.Sys.EventStream.Subscribe(events.Ref, typeof(ActorFailed));
        int instances = 0;
        IActorRef actor = kit.ActorOf(Script.Of(
            (self, message) =>
            {
                if (instances == 1) self.Aside.Stash();
                else probe.Ref.Tell(message);
            },
            started: _ => instances++).WithStash(3, StashOverflow.Fail));
        for (int i = 0; i < 5; i++) actor.Tell(i);
        Assert.Equal([0, 1, 2, 4], probe.ReceiveN<int>(4));
        events.ExpectMsg<ActorFailed>(static failed => failed.Cause is StashOverflowException);
    }

    [Fact]
    public void A_message_stashed_before_the_failure_comes_again_and_is_no_dead_letter()
    {
        ActorTestKit kit = new();
        TestProbe probe = kit.CreateTestProbe();
        int instances = 0;
        IActorRef actor = kit.ActorOf(Script.Of(
            (self, message) =>
            {
                if (instances > 1)
                {
                    probe.Ref.Tell(message);
                    return;
                }
                self.Aside.Stash();
                Assert.Throws<InvalidOperationException>(self.Aside.Stash);
                throw new InvalidOperationException("after stashing");
            },
            started: _ => instances++));
        actor.Tell("once");
        probe.ExpectMsg("once");
        probe.ExpectNoMsg();
        Assert.Equal(0, kit.Sys.Counters.DeadLetters);
    }

    [Fact]
    public void Stashed_messages_keep_their_sender_and_become_dead_letters_on_stop()
    {
        ActorTestKit kit = new();
        TestProbe probe = kit.CreateTestProbe();
        TestProbe letters = kit.CreateTestProbe();
        kit.Sys.EventStream.Subscribe(letters.Ref, typeof(DeadLetter));
        IActorRef actor = kit.ActorOf(Script.Of((self, message) =>
        {
            if (message is "open") self.Aside.UnstashAll();
            else if (self.Aside.Count == 0 && message is 1) self.Aside.Stash();
            else self.From.Tell($"got {message}");
        }));
        probe.Send(actor, 1);
        actor.Tell("open");
        kit.RunReady();
        kit.Sys.Stop(actor);
        letters.ExpectMsg<DeadLetter>(letter => letter.Message is 1 && letter.Sender == probe.Ref
            && letter.Reason == DeadLetterReason.Stopped);
    }

    [Fact]
    public void Timer_messages_and_death_notices_can_be_stashed()
    {
        ActorTestKit kit = new();
        TestProbe probe = kit.CreateTestProbe();
        IActorRef watched = kit.ActorOf(Script.Of((_, _) => { }));
        bool isOpen = false;
        IActorRef actor = kit.ActorOf(Script.Of(
            (self, message) =>
            {
                if (message is "open")
                {
                    isOpen = true;
                    self.Aside.UnstashAll();
                }
                else if (isOpen)
                {
                    probe.Ref.Tell(message);
                }
                else
                {
                    self.Aside.Stash();
                }
            },
            started: self =>
            {
                self.Surroundings.Watch(watched);
                self.Clocks.StartSingleTimer("tick", "tick", TimeSpan.FromSeconds(1));
            }));
        kit.RunReady();
        kit.Sys.Stop(watched);
        kit.Advance(TimeSpan.FromSeconds(2));
        actor.Tell("open");
        kit.RunReady();
        Assert.Equal([new Terminated(watched), "tick"], probe.TakeAll());
    }

    private static Props Stashing(IActorRef target)
    {
        bool isOpen = false;
        return Script.Of((self, message) =>
        {
            if (message is "open")
            {
                isOpen = true;
                self.Aside.UnstashAll();
            }
            else if (isOpen)
            {
                target.Tell(message);
            }
            else
            {
                self.Aside.Stash();
            }
        });
    }
}
