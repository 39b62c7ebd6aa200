using Agent.Actors.Kernel;
using Agent.Tests.TestKit;

namespace Agent.Tests.Kernel;

/// <summary>What becomes of a message: order, senders, behaviours, bounds, dead letters.</summary>
public sealed class DeliveryTests
{
    private const int SeedCount = 2000;

    [Fact]
    public void Messages_of_one_sender_arrive_in_order_whatever_the_schedule()
    {
        SimSeeds.ForEach(SeedCount, seed =>
        {
            ActorTestKit kit = new(seed, SimSeeds.Swarm(seed));
            TestProbe probe = kit.CreateTestProbe();
            IActorRef[] middle = [kit.ActorOf(Script.Forwarding(probe.Ref)), kit.ActorOf(Script.Forwarding(probe.Ref))];
            for (int i = 0; i < 3; i++)
            {
                IActorRef sender = kit.ActorOf(Script.Forwarding(middle[i % 2]));
                for (int n = 0; n < 8; n++) sender.Tell((i, n));
            }
            int[] next = new int[3];
            foreach ((int sender, int number) in probe.ReceiveN<(int, int)>(24)) Assert.Equal(next[sender]++, number);
            return kit.Sim.Unseed;
        });
    }

    [Fact]
    public void The_sender_is_what_was_told_and_forward_keeps_it()
    {
        ActorTestKit kit = new();
        TestProbe probe = kit.CreateTestProbe();
        TestProbe client = kit.CreateTestProbe();
        IActorRef forwarder = kit.ActorOf(Script.Of((_, message) => probe.Ref.Forward(message)));
        client.Send(forwarder, "one");
        probe.ExpectMsg("one");
        Assert.Same(client.Ref, probe.LastSender);
        forwarder.Tell("two");
        probe.ExpectMsg("two");
        Assert.Same(kit.Sys.DeadLetters, probe.LastSender);
        Assert.Throws<InvalidOperationException>(() => probe.Ref.Forward("from outside"));
    }

    [Fact]
    public void Nothing_reaches_a_stopped_actor_and_all_of_it_becomes_dead_letters()
    {
        SimSeeds.ForEach(SeedCount, seed =>
        {
            ActorTestKit kit = new(seed, SimSeeds.Swarm(seed));
            TestProbe letters = kit.CreateTestProbe();
            kit.Sys.EventStream.Subscribe(letters.Ref, typeof(DeadLetter));
            List<object> handled = [];
            IActorRef actor = kit.ActorOf(Script.Of((_, message) => handled.Add(message)));
            IActorRef sender = kit.ActorOf(Script.Forwarding(actor));
            int total = 12;
            int stopAt = kit.Sim.Faults.Next(total);
            for (int i = 0; i < total; i++)
            {
                if (i == stopAt) kit.Sys.Stop(actor);
                sender.Tell(i);
                kit.Sim.Step(kit.Now);
            }
            kit.AdvanceUntilIdle();
            int[] dead = [.. letters.TakeAll().Cast<DeadLetter>().Select(static letter => (int)letter.Message)];
            Assert.Equal(Enumerable.Range(0, total), handled.Cast<int>().Concat(dead));
            Assert.Equal(dead.Length, kit.Sys.Counters.DeadLetters);
            return kit.Sim.Unseed;
        });
    }

    [Fact]
    public void A_poison_pill_waits_its_turn_and_stop_overtakes()
    {
        ActorTestKit kit = new();
        TestProbe probe = kit.CreateTestProbe();
        IActorRef polite = kit.ActorOf(Script.Forwarding(probe.Ref));
        IActorRef abrupt = kit.ActorOf(Script.Forwarding(probe.Ref));
        kit.RunReady();
        probe.Watch(polite);
        probe.Watch(abrupt);
        polite.Tell("before");
        polite.Tell(PoisonPill.Instance);
        polite.Tell("after");
        probe.ExpectMsg("before");
        probe.ExpectTerminated(polite);
        abrupt.Tell("too late");
        kit.Sys.Stop(abrupt);
        probe.ExpectTerminated(abrupt);
        probe.ExpectNoMsg();
    }

    [Fact]
    public void Kill_is_a_failure_and_the_default_stops()
    {
        ActorTestKit kit = new();
        TestProbe probe = kit.CreateTestProbe();
        TestProbe events = kit.CreateTestProbe();
        kit.Sys.EventStream.Subscribe(events.Ref, typeof(ActorFailed));
        IActorRef victim = kit.ActorOf(Script.Forwarding(probe.Ref));
        probe.Watch(victim);
        victim.Tell(Kill.Instance);
        probe.ExpectTerminated(victim);
        events.ExpectMsg<ActorFailed>(failed => failed is { Directive: Directive.Stop, Cause: ActorKilledException });
    }

    [Fact]
    public void Become_replaces_stacks_and_falls_back_on_restart()
    {
        ActorTestKit kit = new();
        TestProbe probe = kit.CreateTestProbe();
        IActorRef actor = kit.ActorOf(Script.Of((self, message) =>
        {
            Action<object> shout = loud => Say("shout", loud);
            void Say(string mode, object what)
            {
                if (what is "push") self.PushHandler(stacked => Say("stacked", stacked));
                else if (what is "pop") self.PopHandler();
                else if (what is "fail") throw new InvalidOperationException("on request");
                else probe.Ref.Tell($"{mode} {what}");
            }

            if (message is "become") self.SwitchHandler(shout);
            else Say("plain", message);
        }));
        foreach (string word in new[] { "a", "pop", "b", "become", "c", "push", "d", "pop", "e", "push", "fail", "f" }) actor.Tell(word);
        Assert.Equal(["plain a", "plain b", "shout c", "stacked d", "shout e", "plain f"], probe.ReceiveN<string>(6));
    }

    [Fact]
    public void A_bounded_mailbox_refuses_what_is_beyond_its_capacity()
    {
        SimSeeds.ForEach(SeedCount, seed =>
        {
            ActorTestKit kit = new(seed, SimSeeds.Swarm(seed));
            int refused = 0;
            TestProbe letters = kit.CreateTestProbe();
            letters.SetAutoPilot((_, message) => refused += ((DeadLetter)message).Reason == DeadLetterReason.MailboxFull ? 1 : 0);
            kit.Sys.EventStream.Subscribe(letters.Ref, typeof(DeadLetter));
            int handled = 0;
            IActorRef bounded = kit.ActorOf(Script.Of((_, _) => handled++).WithBoundedMailbox(4));
            for (int i = 0; i < 30; i++)
            {
                bounded.Tell(i);
                if (kit.Sim.Faults.Chance(0.5)) kit.Sim.Step(kit.Now);
            }
            kit.AdvanceUntilIdle();
            Assert.Equal(30, handled + refused);
            Assert.True(handled >= 4, "as many as there is room for");
            handled = 0;
            for (int i = 0; i < 4; i++) bounded.Tell(i);
            kit.AdvanceUntilIdle();
            Assert.Equal(4, handled);
            return kit.Sim.Unseed;
        });
    }

    [Fact]
    public void A_full_mailbox_still_takes_timers_answers_and_death_notices()
    {
        ActorTestKit kit = new();
        List<object> seen = [];
        IActorRef watched = kit.ActorOf(Script.Of((_, _) => { }));
        ReplyTo replyTo = default;
        IActorRef bounded = kit.ActorOf(Script.Of((self, message) =>
        {
            seen.Add(message);
            if (message is not "start") return;
            self.Clocks.StartSingleTimer("tick", "tick", TimeSpan.FromSeconds(1));
            self.Surroundings.Watch(watched);
            replyTo = self.Surroundings.ReplyTo();
        }).WithBoundedMailbox(1));
        bounded.Tell("start");
        kit.RunReady();
        bounded.Tell("fills it");
        bounded.Tell("refused");
        replyTo.Tell("answer");
        kit.Sys.Stop(watched);
        kit.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(["start", "fills it", "answer", new Terminated(watched), "tick"], seen);
        Assert.Equal(1, kit.Sys.Counters.DeadLetters);
    }

    [Fact]
    public void An_intrusive_message_is_in_one_mailbox_at_a_time()
    {
        ActorTestKit kit = new();
        TestProbe probe = kit.CreateTestProbe();
        IActorRef relay = kit.ActorOf(Script.Forwarding(probe.Ref));
        Lease lease = new();
        relay.Tell(lease);
        Assert.Throws<InvalidOperationException>(() => relay.Tell(lease));
        Assert.Same(lease, probe.ExpectMsg<Lease>());
        relay.Tell(lease);
        Assert.Same(lease, probe.ExpectMsg<Lease>());
        kit.Sys.Stop(relay);
        kit.RunReady();
        relay.Tell(lease);
        relay.Tell(lease);
        Assert.Equal(2, kit.Sys.Counters.DeadLetters);
        Assert.Null(Record.Exception(() => probe.Ref.Tell(lease)));
    }

    [Fact]
    public void An_intrusive_message_left_in_a_stopped_mailbox_can_be_used_again()
    {
        ActorTestKit kit = new();
        TestProbe probe = kit.CreateTestProbe();
        IActorRef relay = kit.ActorOf(Script.Forwarding(probe.Ref));
        Lease lease = new();
        relay.Tell(lease);
        kit.Sys.Stop(relay);
        kit.RunReady();
        probe.Ref.Tell(lease);
        Assert.Same(lease, probe.ExpectMsg<Lease>());
    }

    [Fact]
    public void The_event_stream_tells_each_subscriber_once_and_forgets_the_dead()
    {
        ActorTestKit kit = new();
        TestProbe probe = kit.CreateTestProbe();
        kit.Sys.EventStream.Subscribe(probe.Ref, typeof(string));
        kit.Sys.EventStream.Subscribe(probe.Ref, typeof(object));
        kit.Sys.EventStream.Publish("text");
        kit.Sys.EventStream.Publish(17);
        probe.ExpectMsg("text");
        probe.ExpectMsg(17);
        kit.Sys.EventStream.Unsubscribe(probe.Ref, typeof(object));
        kit.Sys.EventStream.Publish(18);
        probe.ExpectNoMsg();
        kit.Sys.Stop(probe.Ref);
        kit.RunReady();
        kit.Sys.EventStream.Publish("nobody");
        Assert.Equal(0, kit.Sys.Counters.DeadLetters);
    }

    [Fact]
    public void Unhandled_messages_are_counted_and_published()
    {
        ActorTestKit kit = new();
        TestProbe probe = kit.CreateTestProbe();
        kit.Sys.EventStream.Subscribe(probe.Ref, typeof(UnhandledMessage));
        IActorRef actor = kit.ActorOf(Script.Of((self, message) => self.Unknown(message)));
        actor.Tell("what?");
        probe.ExpectMsg<UnhandledMessage>(unhandled => unhandled.Message is "what?" && unhandled.Recipient == actor);
        Assert.Equal(1, kit.Sys.Counters.Unhandled);
    }

    [Fact]
    public void What_belongs_to_the_turn_is_refused_to_others()
    {
        ActorTestKit kit = new();
        Script? leaked = null;
        IActorRef actor = kit.ActorOf(Script.Of((_, _) => { }, started: self => leaked = self));
        kit.RunReady();
        Action[] outside =
        [
            () => leaked!.Surroundings.ActorOf(Script.Of((_, _) => { })),
            () => leaked!.Surroundings.Watch(kit.Sys.DeadLetters),
            () => leaked!.Surroundings.Unwatch(kit.Sys.DeadLetters),
            () => leaked!.Surroundings.SetReceiveTimeout(TimeSpan.FromSeconds(1)),
            () => leaked!.Clocks.StartSingleTimer("a", "a", TimeSpan.Zero),
            () => leaked!.Clocks.CancelAll(),
            () => leaked!.Aside.UnstashAll(),
            () => leaked!.SwitchHandler(_ => { }),
        ];
        Assert.All(outside, act => Assert.Throws<InvalidOperationException>(act));
        Assert.Empty(leaked!.Surroundings.Children);
        actor.Tell("still works");
        kit.AdvanceUntilIdle();
        Assert.Equal(0, kit.Sys.Counters.Failed);
    }

    [Fact]
    public void Names_are_unique_until_the_child_is_gone()
    {
        ActorTestKit kit = new();
        IActorRef first = kit.ActorOf(Script.Of((_, _) => { }), "name");
        Assert.Throws<InvalidActorNameException>(() => kit.ActorOf(Script.Of((_, _) => { }), "name"));
        kit.Sys.Stop(first);
        kit.RunReady();
        IActorRef second = kit.ActorOf(Script.Of((_, _) => { }), "name");
        Assert.NotSame(first, second);
        Assert.Equal("/user/name", second.Path);
        foreach (string bad in new[] { "", "a/b", "$a", "#1" })
            Assert.Throws<InvalidActorNameException>(() => kit.ActorOf(Script.Of((_, _) => { }), bad));
    }

    [Fact]
    public void Entities_are_known_by_number()
    {
        ActorTestKit kit = new();
        TestProbe probe = kit.CreateTestProbe();
        IActorRef host = kit.ActorOf(Script.Of((self, message) => probe.Ref.Tell(self.Entity((uint)message))), "host");
        host.Tell(7u);
        host.Tell(7u);
        IActorRef entity = probe.ExpectMsg<IActorRef>();
        Assert.Equal("/user/host/#7", entity.Path);
        Assert.Same(entity, probe.ExpectMsg<IActorRef>());
        kit.Sys.Stop(entity);
        kit.RunReady();
        host.Tell(7u);
        Assert.NotSame(entity, probe.ExpectMsg<IActorRef>());
    }

    [Fact]
    public void A_terminating_system_takes_no_more_actors_and_completes()
    {
        SimSeeds.ForEach(SeedCount, seed =>
        {
            ActorTestKit kit = new(seed, SimSeeds.Swarm(seed));
            List<string> stopped = [];
            kit.ActorOf(Script.Tree(depth: 3, width: 2, stopped), "root");
            for (int i = kit.Sim.Faults.Next(40); i > 0; i--) kit.Sim.Step(kit.Now);
            Task terminated = kit.Sys.Terminate();
            kit.AdvanceUntilIdle();
            Assert.True(terminated.IsCompletedSuccessfully);
            Assert.Throws<InvalidOperationException>(() => kit.ActorOf(Script.Of((_, _) => { })));
            Assert.Equal(kit.Sys.Counters.Started, kit.Sys.Counters.Stopped - 1);
            // Children first.
            foreach (string path in stopped)
            {
                int at = stopped.IndexOf(path);
                Assert.DoesNotContain(stopped[(at + 1)..], later => later.StartsWith(path + "/", StringComparison.Ordinal));
            }
            return kit.Sim.Unseed;
        });
    }

    private sealed class Lease : IntrusiveMessage;
}
