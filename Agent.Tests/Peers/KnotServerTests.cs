using Agent.Bench.Peers;

namespace Agent.Tests.Peers;

/// <summary>The harness itself: knotd starts, serves, changes, notifies and stops as told.</summary>
[Trait("Category", "Peer")]
public sealed class KnotServerTests : MasterServerTests<KnotServer>
{
    protected override KnotServer CreateServer() => new();
}
