using Agent.Actors.Kernel;
using Agent.Tests.TestKit;

namespace Agent.Tests.Kernel;

/// <summary>The incarnation rule: an answer of a port reaches the instance that asked, or nobody.</summary>
public sealed class ReplyToTests
{
    [Fact]
    public void Answers_for_an_earlier_incarnation_are_dropped_and_counted()
    {
        SimSeeds.ForEach(2000, seed =>
        {
            ActorTestKit kit = new(seed, SimSeeds.Swarm(seed));
            int asked = 0;
            int answered = 0;
            int wrong = 0;
            IActorRef actor = kit.ActorOf(Script.Of((self, message) =>
            {
                switch (message)
                {
                    case "ask":
                        asked++;
                        ReplyTo replyTo = self.Surroundings.ReplyTo();
                        kit.Sim.Schedule(
                            kit.Sim.Faults.NextTimeSpan(TimeSpan.FromMilliseconds(3)), () => replyTo.Tell(replyTo.Incarnation));
                        break;
                    case "fail":
                        throw new InvalidOperationException("on request");
                    case int incarnation:
                        answered++;
                        if (incarnation != self.Surroundings.Incarnation) wrong++;
                        break;
                    default:
                        break;
                }
            }));
            for (int i = 0; i < 20; i++)
            {
                actor.Tell(kit.Sim.Faults.Chance(0.7) ? "ask" : "fail");
                if (kit.Sim.Faults.Chance(0.5)) kit.Sim.Step(kit.Now + TimeSpan.FromMilliseconds(1));
            }
            kit.AdvanceUntilIdle();
            Assert.Equal(0, wrong);
            Assert.Equal(asked, answered + kit.Sys.Counters.StaleReplies);
            return kit.Sim.Unseed;
        });
    }

    [Fact]
    public void An_answer_for_a_stopped_actor_is_a_dead_letter_and_any_reference_can_be_answered()
    {
        ActorTestKit kit = new();
        TestProbe probe = kit.CreateTestProbe();
        ReplyTo replyTo = default;
        IActorRef actor = kit.ActorOf(Script.Of((self, _) => replyTo = self.Surroundings.ReplyTo()));
        actor.Tell("ask");
        actor.Tell(PoisonPill.Instance);
        kit.RunReady();
        replyTo.Tell("late");
        Assert.Equal(1, kit.Sys.Counters.DeadLetters);
        new ReplyTo(kit.Sys.DeadLetters, 3).Tell("office");
        Assert.Equal(2, kit.Sys.Counters.DeadLetters);
        new ReplyTo(probe.Ref, 0).Tell("probe", actor);
        probe.ExpectMsg("probe");
        Assert.Same(actor, probe.LastSender);
    }
}
