using Agent.Actors.Kernel;
using Agent.Actors.Kernel.Simulation;

namespace Agent.Tests.Simulation.Cluster;

/// <summary>Things that happen by themselves again and again, at random intervals around a mean, until it is over.</summary>
internal sealed class SimChaos(SimScheduler sim, KernelRandom random)
{
    public bool IsOver { get; private set; }

    /// <summary>Starts one kind; without a mean interval it never happens.</summary>
    public void Every(TimeSpan? mean, Action strike)
    {
        if (mean is { } interval) Next(interval, strike);
    }

    public void End() => IsOver = true;

    private void Next(TimeSpan mean, Action strike) => sim.Schedule(random.NextTimeSpan(2 * mean), () =>
    {
        if (IsOver) return;
        strike();
        Next(mean, strike);
    });
}
