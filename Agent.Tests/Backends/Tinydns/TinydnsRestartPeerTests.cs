using Agent.Actors.Backends;
using Agent.Bench.Peers;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Tests.Backends.Tinydns;

/// <summary>Servers of their own, which are stopped, wiped, spoilt or given a thousand zones.</summary>
[Trait("Category", "Peer")]
public sealed class TinydnsRestartPeerTests
{
    private static readonly DomainName Zone = DomainName.Parse("kept.example.");
    private static readonly DomainName Second = DomainName.Parse("second.example.");

    [Fact]
    public async Task A_server_that_stands_still_stops_or_is_wiped_is_noticed_and_worked_with_again()
    {
        await using TinydnsServer server = new();
        await server.StartAsync();
        await using TinydnsTarget target = new(server);
        await target.AppliedAsync(SmallZone.Create(Zone, 1));

        server.Process!.Signal(PosixSignalNumber.Stop);
        OrderFinished probe = await target.Caller.ProbeAsync();
        Assert.Equal(OrderOutcome.Away, probe.Outcome);
        Assert.Contains("does not answer", probe.Reason!.Text, StringComparison.Ordinal);
        server.Process!.Signal(PosixSignalNumber.Continue);
        Assert.Equal(OrderOutcome.Done, (await target.Caller.ProbeAsync()).Outcome);

        await server.KillAsync();
        // The file can be written all the same; but nobody says that it is served.
        await target.DoneAsync(target.Caller.ApplyAsync(Zone, SmallZone.Create(Zone, 2)));
        ZoneObserved seen = await target.Caller.ObserveAsync(Zone);
        Assert.Equal(Observation.CannotTell, seen.Observation);
        Assert.Equal(OrderOutcome.Away, (await target.Caller.ProbeAsync()).Outcome);
        await server.StartAsync();
        await target.SeenAsync(Zone, Observation.Present, 2);

        await server.WipeAsync();
        await server.StartAsync();
        await target.SeenAsync(Zone, Observation.Absent, 0);
        await target.AppliedAsync(SmallZone.Create(Zone, 3));
        File.Delete(server.Data);
        await target.SeenAsync(Zone, Observation.Absent, 0);
        await target.AppliedAsync(SmallZone.Create(Second, 1));
        await target.SeenAsync(Zone, Observation.Present, 3);
    }

    [Fact]
    public async Task The_fragments_are_the_memory_of_the_next_process_and_a_damaged_one_costs_nobody_else()
    {
        await using TinydnsServer server = new();
        await server.StartAsync();
        await using (TinydnsTarget first = new(server))
        {
            await first.AppliedAsync(SmallZone.Create(Zone, 1));
            await first.AppliedAsync(SmallZone.Create(Second, 1));
        }

        string fragment = Path.Combine(server.Root, ".agent-zones", "second.example.zone");
        await using TinydnsTarget second = new(server);
        await second.AppliedAsync(SmallZone.Create("third.example.", 1));
        await second.SeenAsync(Zone, Observation.Present, 1);
        await second.SeenAsync(Second, Observation.Present, 1);
        Assert.Equal(3, (await second.Caller.ListAsync()).Zones.Length);

        byte[] octets = await File.ReadAllBytesAsync(fragment);
        await File.WriteAllBytesAsync(fragment, octets[..^3]);
        await second.AppliedAsync(SmallZone.Create(Zone, 2));
        await second.SeenAsync(Second, Observation.Absent, 0);
        Assert.True(File.Exists(fragment + ".damaged"));
        await second.AppliedAsync(SmallZone.Create(Second, 1));
        await second.RemovedAsync(Second);
        Assert.False(File.Exists(fragment + ".damaged"));
    }

    [Fact]
    public async Task Data_of_somebody_else_are_left_alone_and_served_on()
    {
        await using TinydnsServer server = new();
        await server.StartAsync();
        await server.CompileAsync("Zkept.example:ns.example:host.example:99:1:1:1:1:300", "&kept.example::ns.example:300");
        byte[] theirs = await File.ReadAllBytesAsync(server.Data);
        await using TinydnsTarget target = new(server);

        Assert.Contains("is not the agent's", await target.RefusedAsync(SmallZone.Create(Zone, 1)), StringComparison.Ordinal);
        Assert.Equal(OrderOutcome.Refused, (await target.Caller.RemoveAsync(Zone)).Outcome);
        await target.RemovedAsync(Second);
        await target.SeenAsync(Zone, Observation.Present, 99);
        Assert.Equal(theirs, await File.ReadAllBytesAsync(server.Data));

        // Nothing in it is as good as none.
        await server.CompileAsync();
        await target.AppliedAsync(SmallZone.Create(Zone, 1));
        await server.CompileAsync("Zother.example:ns.example:host.example:99:1:1:1:1:300", "&other.example::ns.example:300");
        Assert.Contains("is not the agent's", await target.RefusedAsync(SmallZone.Create(Zone, 2)), StringComparison.Ordinal);
        await target.SeenAsync(Zone, Observation.Absent, 0);
    }

    [Fact]
    public async Task A_thousand_zones_come_change_and_go()
    {
        const int Count = 1000;
        await using TinydnsServer server = new();
        await server.StartAsync();
        await using TinydnsTarget target = new(server);
        DomainName[] zones = [.. Enumerable.Range(0, Count).Select(i => DomainName.Parse($"z{i}.many.example."))];

        for (uint serial = 1; serial <= 2; serial++)
        {
            await target.DoneAsync(zones.Select(zone => target.Caller.ApplyAsync(zone, SmallZone.Create(zone, serial))));
            foreach (DomainName zone in zones.Where((_, i) => serial == 2 || i % 50 == 0))
                await target.SeenAsync(zone, Observation.Present, serial);
        }

        await target.DoneAsync(zones.Select(target.Caller.RemoveAsync));
        foreach (DomainName zone in zones)
            await target.SeenAsync(zone, Observation.Absent, 0);
        Assert.Empty(Directory.GetFiles(Path.Combine(server.Root, ".agent-zones")));
        Assert.Equal([server.Data], Directory.GetFiles(server.Root));
    }

    private static ZoneContent LongName(int hosts) =>
        SmallZone.Create($"{string.Concat(Enumerable.Repeat("\\000", 60))}.{new string('a', 60)}.{new string('b', 60)}.x.", 1, hosts);

    [Fact]
    public async Task What_has_no_room_is_refused_and_the_others_stay()
    {
        await using TinydnsServer server = new();
        await server.StartAsync();
        await using TinydnsTarget target = new(server, TinydnsTarget.OptionsOf(server) with { DataBytesMax = 20_000 });
        await target.AppliedAsync(SmallZone.Create(Zone, 1, hosts: 100));

        Assert.Contains("can have 20000", await target.RefusedAsync(SmallZone.Create(Second, 1, hosts: 300)), StringComparison.Ordinal);
        await target.SeenAsync(Zone, Observation.Present, 1);
        // One that cannot be written takes no room either.
        Assert.Contains("file name", await target.RefusedAsync(LongName(hosts: 40)), StringComparison.Ordinal);
        await target.AppliedAsync(SmallZone.Create(Zone, 2, hosts: 10));
        await target.AppliedAsync(SmallZone.Create(Second, 2, hosts: 200));
        // What was reckoned is what the file has.
        Assert.InRange(new FileInfo(server.Data).Length, 10_000, 20_000);
    }
}
