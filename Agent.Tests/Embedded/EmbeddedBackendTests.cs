using Agent.Actors.Backends;
using Agent.Backends.Embedded;
using Agent.Bench.Peers;
using Agent.Dns.Wire;
using Agent.Dns.Zones;
using Agent.Tests.Backends;
using Agent.Tests.Backends.DynamicUpdate;
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

    [Fact]
    public async Task A_version_that_follows_by_known_differences_is_made_of_the_one_that_is_served()
    {
        var table = new EmbeddedZoneTable();
        var history = new KnownHistory();
        await using var backend = new EmbeddedBackend(table, TimeProvider.System);
        Assert.True(backend.Traits.TakesDifferences);
        var caller = new BackendCaller(backend) { History = history };
        List<PlainRecord> zone = [.. RandomZones.Zone(new Random(1), 100, 1)];
        MemoryZoneContent content = RandomZones.Content(zone);
        Assert.Equal(OrderOutcome.Done, (await caller.ApplyAsync(RandomZones.Apex, content)).Outcome);
        for (uint serial = 2; serial < 6; serial++)
        {
            PlainRecord added = RandomZones.Record($"n{serial}.example.org.", RecordType.A, 1, 2, 3, 4);
            zone = [RandomZones.SoaRecord(serial), .. zone.Skip(1), added];
            MemoryZoneContent next = RandomZones.Content(zone);
            history.Add(content, next);
            content = next;
            // Serial 3 is passed over, as when a change comes while the one before it is on its way.
            if (serial == 3) continue;
            // Nothing can be read of it: what is served is made of what is known.
            Assert.Equal(OrderOutcome.Done, (await caller.ApplyAsync(RandomZones.Apex, new CutContent(next))).Outcome);
            Assert.True(table.TryGet(RandomZones.Apex, out ZoneImage? image));
            Assert.Equal((serial, next.Hash, next.RecordCount), (image.Serial, image.ContentHash, image.RecordCount));
        }
    }

    [Fact]
    public async Task Large_zones_wait_for_one_another_and_small_ones_for_none_of_them()
    {
        int atOnce = Environment.ProcessorCount;
        var table = new EmbeddedZoneTable();
        await using var backend = new EmbeddedBackend(table, TimeProvider.System);
        var caller = new BackendCaller(backend);
        using var gate = new Gate();
        Task<OrderFinished>[] large =
        [
            .. Enumerable.Range(0, atOnce + 2).Select(i =>
            {
                ZoneContent content = SmallZone.Create($"large{i}.example.", 1, hosts: 3000);
                return caller.ApplyAsync(content.Apex, new HeldContent(content, gate));
            }),
        ];
        try
        {
            ZoneContent small = SmallZone.Create("small.example.", 1);
            Assert.Equal(OrderOutcome.Done, (await caller.ApplyAsync(small.Apex, small)).Outcome);
            await Eventually.HoldsAsync(() => gate.Waiting >= atOnce, () => $"{gate.Waiting} large zones are at work");
            Assert.All(large, order => Assert.False(order.IsCompleted));
        }
        finally
        {
            gate.Open();
        }

        Assert.All(await Task.WhenAll(large), order => Assert.Equal(OrderOutcome.Done, order.Outcome));
        Assert.Equal(atOnce, gate.MostWaiting);
    }

    /// <summary>A content whose bytes end too early, as after a fault of the disk.</summary>
    private sealed class CutContent(MemoryZoneContent whole) : ZoneContent(whole.Facts)
    {
        public override RecordStream Open() => new(whole.Bytes[..^1]);
    }

    /// <summary>Holds whoever wants to read, and counts them.</summary>
    private sealed class Gate : IDisposable
    {
        private readonly ManualResetEventSlim _open = new();
        private int _waiting;

        public int Waiting => Volatile.Read(ref _waiting);

        public int MostWaiting { get; private set; }

        public void Open() => _open.Set();

        public void Pass()
        {
            int waiting = Interlocked.Increment(ref _waiting);
            lock (_open) MostWaiting = Math.Max(MostWaiting, waiting);
            _open.Wait();
            Interlocked.Decrement(ref _waiting);
        }

        public void Dispose() => _open.Dispose();
    }

    private sealed class HeldContent(ZoneContent content, Gate gate) : ZoneContent(content.Facts)
    {
        public override RecordStream Open()
        {
            gate.Pass();
            return content.Open();
        }
    }
}
