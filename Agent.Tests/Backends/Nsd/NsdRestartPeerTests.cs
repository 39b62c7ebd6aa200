using Agent.Actors.Backends;
using Agent.Bench.Peers;
using Agent.Dns.Wire;

namespace Agent.Tests.Backends.Nsd;

/// <summary>The driver against an nsd that goes and comes, or has very many zones to take.</summary>
[Trait("Category", "Peer")]
public sealed class NsdRestartPeerTests
{
    private static readonly DomainName Zone = DomainName.Parse("target.example.");

    [Fact]
    public async Task Survives_the_servers_death_return_and_loss_of_everything()
    {
        await using NsdServer server = new();
        await server.StartAsync();
        await using NsdTarget target = new(server);
        DomainName[] zones = [.. Enumerable.Range(0, 30).Select(i => DomainName.Parse($"again{i}.example."))];
        string? firstRun = (await target.Caller.ProbeAsync()).ServerRun;
        foreach (DomainName zone in zones)
        {
            await target.DoneAsync(target.Caller.ApplyAsync(zone, SmallZone.Create(zone, 1)));
            await target.DoneAsync(target.Caller.RemoveAsync(zone));
            await target.DoneAsync(target.Caller.ApplyAsync(zone, SmallZone.Create(zone, 2)));
        }

        await server.KillAsync();
        Assert.Equal(OrderOutcome.Away, (await target.Caller.ProbeAsync()).Outcome);
        Assert.Equal(OrderOutcome.Away, (await target.Caller.ApplyAsync(Zone, SmallZone.Create(Zone, 1))).Outcome);
        Assert.Equal(Observation.CannotTell, (await target.Caller.ObserveAsync(Zone)).Observation);
        Assert.NotNull((await target.Caller.ListAsync()).Failure);

        await server.StartAsync();
        foreach (DomainName zone in zones)
            await target.ServedAsync(zone, 2);
        string? secondRun = (await target.Caller.ProbeAsync()).ServerRun;
        Assert.NotNull(firstRun);
        Assert.NotNull(secondRun);
        Assert.NotEqual(firstRun, secondRun);
        Assert.Equal(secondRun, (await target.Caller.ProbeAsync()).ServerRun);
        await target.AppliedAsync(SmallZone.Create(Zone, 1));

        await server.WipeAsync();
        await server.StartAsync();
        Assert.Empty((await target.Caller.ListAsync()).Zones);
        await target.SeenAsync(zones[0], Observation.Absent, 0);
        foreach (DomainName zone in zones)
            await target.AppliedAsync(SmallZone.Create(zone, 3));
    }

    [Fact]
    public async Task A_thousand_zones_come_change_and_go_in_few_calls()
    {
        const int Count = 1000;
        await using NsdServer server = new();
        await server.StartAsync();
        await using NsdTarget target = new(server);
        DomainName[] zones = [.. Enumerable.Range(0, Count).Select(i => DomainName.Parse($"z{i}.many.example."))];

        for (uint serial = 1; serial <= 2; serial++)
        {
            await target.DoneAsync(zones.Select(zone => target.Caller.ApplyAsync(zone, SmallZone.Create(zone, serial))));
            if (serial == 1) Assert.InRange(Calls("addzones"), 1, Count / 10);
            foreach (DomainName zone in zones)
                await target.ServedAsync(zone, serial);
        }

        ServedListed listed = await target.Caller.ListAsync(Count);
        Assert.Equal(zones.ToHashSet(), [.. listed.Zones]);
        await target.DoneAsync(zones.Select(target.Caller.RemoveAsync));
        Assert.InRange(Calls("delzones"), 1, Count / 10);
        foreach (DomainName zone in zones)
            await target.SeenAsync(zone, Observation.Absent, 0);

        Assert.Empty(Directory.GetFiles(server.ZoneFolder));
        Assert.Empty(target.Caller.Surplus);

        int Calls(string command) => server.Output.Split($"control cmd: {command}").Length - 1;
    }

    [Fact]
    public async Task A_large_zone_is_loaded_when_its_order_ends()
    {
        await using NsdServer server = new();
        await server.StartAsync();
        await using NsdTarget target = new(server, NsdTarget.OptionsOf(server) with { LargeZoneBytes = 1 << 20 });

        for (uint serial = 1; serial <= 2; serial++)
        {
            await target.DoneAsync(target.Caller.ApplyAsync(Zone, SmallZone.Create(Zone, serial, hosts: 40_000)));
            ZoneObserved seen = await target.Caller.ObserveAsync(Zone);
            Assert.Equal((Observation.Present, serial), (seen.Observation, seen.Serial));
        }
    }
}
