using Agent.Actors.Kernel.Simulation;

namespace Agent.Tests.Simulation.Cluster;

/// <summary>A promise of the cluster, looked at after every step and once more at the end.</summary>
internal interface IClusterChecker
{
    string Name { get; }

    /// <summary>Throws when the promise is broken. Called often: it looks only at what is new.</summary>
    void AfterStep();

    /// <summary>Throws when something is owed that should have come by now.</summary>
    void AtEnd();
}

/// <summary>All promises of a run.</summary>
internal sealed class ClusterCheckers(SimScheduler sim)
{
    private readonly List<IClusterChecker> _checkers = [];

    public void Add(IClusterChecker checker)
    {
        _checkers.Add(checker);
        sim.AddInvariant(checker.Name, checker.AfterStep);
    }

    public void AtEnd()
    {
        foreach (IClusterChecker checker in _checkers) checker.AtEnd();
    }
}
