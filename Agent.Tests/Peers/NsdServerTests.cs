using Agent.Bench.Peers;

namespace Agent.Tests.Peers;

/// <summary>The harness itself: nsd starts, serves, changes, notifies and stops as told.</summary>
[Trait("Category", "Peer")]
public sealed class NsdServerTests : MasterServerTests<NsdServer>
{
    protected override NsdServer CreateServer() => new();
}
