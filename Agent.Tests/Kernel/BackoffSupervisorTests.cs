using System.Diagnostics;
using Agent.Actors.Kernel;
using Agent.Tests.TestKit;

namespace Agent.Tests.Kernel;

/// <summary>Pauses double up to the maximum, carry jitter, and fall back after a healthy life.</summary>
public sealed class BackoffSupervisorTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public void Pauses_double_up_to_the_maximum_within_the_jitter()
    {
        SimSeeds.ForEach(500, seed =>
        {
            ActorTestKit kit = new(seed);
            List<TimeSpan> starts = [];
            kit.ActorOf(BackoffSupervisor.PropsFor(
                Script.Of((_, _) => { }, started: self =>
                {
                    starts.Add(kit.Now);
                    self.Surroundings.Stop(self.Surroundings.Self);
                }),
                "child",
                Second,
                Second * 10,
                jitter: 0.5));
            kit.AwaitCondition(() => starts.Count == 8, TimeSpan.FromMinutes(5));
            double[] expectedSeconds = [1, 2, 4, 8, 10, 10, 10];
            for (int i = 0; i < expectedSeconds.Length; i++)
                Assert.InRange((starts[i + 1] - starts[i]).TotalSeconds, expectedSeconds[i], expectedSeconds[i] * 1.5);
            return kit.Sim.Unseed;
        });
    }

    [Fact]
    public void A_long_life_resets_the_pause()
    {
        ActorTestKit kit = new();
        TestProbe probe = kit.CreateTestProbe();
        IActorRef supervisor = kit.ActorOf(BackoffSupervisor.PropsFor(
            Script.Of((_, message) => throw new InvalidOperationException($"{message}"), started: _ => probe.Ref.Tell("started")),
            "child",
            Second,
            Second * 60,
            jitter: 0));
        for (int i = 0; i < 4; i++)
        {
            probe.ExpectMsg("started", TimeSpan.FromMinutes(2));
            supervisor.Tell("fail");
        }
        probe.ExpectMsg("started", TimeSpan.FromMinutes(2));
        kit.Advance(TimeSpan.FromMinutes(10));
        supervisor.Tell("fail");
        probe.ExpectNoMsg(Second * 0.99);
        probe.ExpectMsg("started", Second * 0.02);
    }

    [Fact]
    public void Messages_pass_through_under_their_sender_and_die_in_the_pause()
    {
        ActorTestKit kit = new();
        TestProbe client = kit.CreateTestProbe();
        IActorRef supervisor = kit.ActorOf(BackoffSupervisor.PropsFor(
            Script.Of((self, message) =>
            {
                if (message is "fail") throw new InvalidOperationException("on request");
                self.From.Tell($"got {message}");
            }),
            "child",
            Second,
            Second));
        client.Send(supervisor, "a");
        client.ExpectMsg("got a");
        client.Send(supervisor, GetCurrentChild.Instance);
        Assert.NotNull(client.ExpectMsg<CurrentChild>().Child);
        client.Send(supervisor, "fail");
        kit.RunReady();
        client.Send(supervisor, GetCurrentChild.Instance);
        Assert.Null(client.ExpectMsg<CurrentChild>().Child);
        long before = kit.Sys.Counters.DeadLetters;
        client.Send(supervisor, "lost");
        kit.RunReady();
        Assert.Equal(before + 1, kit.Sys.Counters.DeadLetters);
        kit.Advance(Second * 2);
        client.Send(supervisor, "b");
        client.ExpectMsg("got b");
    }

    [Fact]
    public void An_impossible_state_is_not_repaired_by_waiting()
    {
        List<FatalError> errors = [];
        ActorTestKit kit = new(settings: new ActorSystemSettings { OnFatalError = errors.Add });
        IActorRef supervisor = kit.ActorOf(BackoffSupervisor.PropsFor(
            Script.Of((_, _) => throw new UnreachableException("impossible")), "child", Second, Second));
        supervisor.Tell("go");
        kit.AdvanceUntilIdle();
        Assert.Equal("/user/$0/child", Assert.Single(errors).Actor.Path);
    }
}
