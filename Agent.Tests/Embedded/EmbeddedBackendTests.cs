using Agent.Actors.Backends;
using Agent.Backends.Embedded;
using Agent.Dns.Wire;
using Agent.Dns.Zones;
using Agent.Tests.Backends;
using Agent.Tests.Dns.Zones;

namespace Agent.Tests.Embedded;

public sealed class EmbeddedBackendTests
{
    [Fact]
    public async Task Zones_come_change_and_go()
    {
        var table = new EmbeddedZoneTable();
        await using var backend = new EmbeddedBackend(table, TimeProvider.System);
        var caller = new BackendCaller(backend);
        Assert.Equal(OrderOutcome.Done, (await caller.ProbeAsync()).Outcome);
        Assert.Equal(Observation.Absent, (await caller.ObserveAsync(RandomZones.Apex)).Observation);
        foreach (uint serial in new uint[] { 5, 5, 6 })
        {
            MemoryZoneContent content = RandomZones.Content(RandomZones.SoaRecord(serial));
            Assert.Equal(OrderOutcome.Done, (await caller.ApplyAsync(RandomZones.Apex, content)).Outcome);
            ZoneObserved seen = await caller.ObserveAsync(DomainName.Parse("EXAMPLE.ORG"));
            Assert.Equal((Observation.Present, serial), (seen.Observation, seen.Serial));
        }
        Assert.Equal(OrderOutcome.Done, (await caller.RemoveAsync(RandomZones.Apex)).Outcome);
        Assert.Equal(OrderOutcome.Done, (await caller.RemoveAsync(RandomZones.Apex)).Outcome);
        Assert.Equal(Observation.Absent, (await caller.ObserveAsync(RandomZones.Apex)).Observation);
        Assert.Equal(0, table.Count);
    }

    [Fact]
    public async Task A_damaged_content_is_refused_and_what_was_served_stays()
    {
        var table = new EmbeddedZoneTable();
        await using var backend = new EmbeddedBackend(table, TimeProvider.System);
        var caller = new BackendCaller(backend);
        Assert.Equal(OrderOutcome.Done, (await caller.ApplyAsync(RandomZones.Apex, RandomZones.Content(RandomZones.SoaRecord(5)))).Outcome);
        OrderFinished refused = await caller.ApplyAsync(RandomZones.Apex, new CutContent(RandomZones.Content(RandomZones.SoaRecord(6))));
        Assert.Equal(OrderOutcome.Refused, refused.Outcome);
        Assert.NotNull(refused.Reason);
        Assert.Equal(5u, (await caller.ObserveAsync(RandomZones.Apex)).Serial);
    }

    /// <summary>A content whose bytes end too early, as after a fault of the disk.</summary>
    private sealed class CutContent(MemoryZoneContent whole) : ZoneContent(whole.Facts)
    {
        public override RecordStream Open() => new(whole.Bytes[..^1]);
    }
}
