using Agent.Actors.Kernel;
using Agent.Actors.Kernel.Simulation;
using Xunit.Sdk;

namespace Agent.Tests.TestKit;

/// <summary>
/// The base of actor tests: one simulated node with an actor system, on the test's own thread and in virtual time. Nothing runs between two
/// calls of the kit; waiting costs no real time. An assertion that fails within an actor fails the test.
/// </summary>
/// <remarks>
/// A test of one actor takes the default: turns in order, taking no time. A test that wants to see other orders passes a seed and options,
/// usually from <see cref="SimSeeds"/>.
/// </remarks>
public abstract class TestKitBase
{
    /// <summary>How long expectations wait, in virtual time.</summary>
    public static readonly TimeSpan DefaultWithin = TimeSpan.FromSeconds(3);

    private static readonly SimOptions Plain = new() { Strategy = SimStrategyKind.Fifo, StepCostMax = TimeSpan.Zero };

    protected TestKitBase(ulong seed = 1, SimOptions? options = null, ActorSystemSettings? settings = null)
    {
        Sim = new SimScheduler(seed, options ?? Plain) { EndsRun = static cause => cause is XunitException };
        Node = Sim.CreateNode("test");
        Sys = Node.CreateSystem("test", settings);
    }

    public SimScheduler Sim { get; }

    public SimNode Node { get; }

    public ActorSystem Sys { get; }

    public TimeSpan Now => Sim.Now;

    public TestProbe CreateTestProbe(string? name = null) => new(Sim, Sys, name);

    public IActorRef ActorOf(Props props, string? name = null) => Sys.ActorOf(props, name);

    /// <summary>Lets virtual time pass.</summary>
    public void Advance(TimeSpan duration) => Sim.RunFor(duration);

    /// <summary>Handles all mail that can be handled now, without waiting for timers.</summary>
    public void RunReady() => Sim.RunReady();

    /// <summary>Runs until neither mail nor timers are left; fails if that takes more than an hour, as it does with any periodic
    /// timer.</summary>
    public void AdvanceUntilIdle(TimeSpan? limit = null)
    {
        TimeSpan bound = limit ?? TimeSpan.FromHours(1);
        if (!Sim.RunUntilIdle(bound)) throw new XunitException($"not idle after {bound}");
    }

    /// <summary>Runs until the condition holds, and fails if it does not in time.</summary>
    public void AwaitCondition(Func<bool> condition, TimeSpan? within = null)
    {
        TimeSpan bound = within ?? DefaultWithin;
        if (!Sim.RunUntil(condition, bound)) throw new XunitException($"the condition does not hold within {bound}");
    }

    /// <summary>Asks from outside and runs the simulation until the answer is there.</summary>
    public T Ask<T>(IActorRef target, object message, TimeSpan? timeout = null)
    {
        TimeSpan bound = timeout ?? DefaultWithin;
        Task<T> answer = target.Ask<T>(message, bound);
        Sim.RunUntil(() => answer.IsCompleted, bound + TimeSpan.FromSeconds(1));
        return answer.GetAwaiter().GetResult();
    }
}
