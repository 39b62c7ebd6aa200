using Agent.Bench.Peers;

namespace Agent.Tests.Scenarios;

/// <summary>
/// A cluster whose leases outlast a machine with too much to do: a node that loses its lease because it gets no time is a crash, and in
/// these tests nothing crashes.
/// </summary>
public sealed class SteadyClusterFixture : ClusterFixture
{
    protected override AgentClusterOptions Options => base.Options with { LeaseSeconds = 12 };
}
