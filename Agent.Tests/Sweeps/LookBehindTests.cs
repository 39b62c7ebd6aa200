using Agent.Actors.Backends;
using Agent.Actors.Sweeps;
using Agent.Actors.Zones;
using Agent.Dns.Wire;
using Agent.Tests.TestKit;

namespace Agent.Tests.Sweeps;

/// <summary>Looks at what a former holder of a server may have changed late.</summary>
public sealed class LookBehindTests : TestKitBase
{
    [Fact]
    public void Each_zone_is_looked_at_soon_and_when_every_order_has_had_its_time()
    {
        TestProbe region = CreateTestProbe("region");
        ActorOf(LookBehindActor.Props(new LookBehindSettings(region.Ref)));
        AdvanceUntilIdle();
        LeftChange[] changes = [new(DomainName.Parse("a.example."), Brings: true), new(DomainName.Parse("b.example."), Brings: false)];
        Sys.EventStream.Publish(new ChangesLeftBehind("db", [.. changes]));
        foreach (int seconds in new[] { 5, 65 })
        {
            region.ExpectNoMsg(TimeSpan.FromSeconds(seconds - 1));
            foreach (LeftChange change in changes)
            {
                Assert.Equal(
                    new LookAtTarget(change.Zone, "db") { MayBeLeftover = change.Brings }, region.ExpectMsg<LookAtTarget>());
            }
        }

        region.ExpectNoMsg(TimeSpan.FromMinutes(5));
    }
}
