using Agent.Actors.Backends;
using Agent.Bench.Peers;
using Agent.Dns.Zones;

namespace Agent.Tests.Backends.DynamicUpdate;

/// <summary>A thousand zones at once, filled and changed, over a handful of connections.</summary>
[Trait("Category", "Peer")]
public sealed class ManyZonesPeerTests
{
    private const int Zones = 1000;

    [Fact]
    public async Task A_thousand_zones_are_filled_and_changed_over_kept_connections()
    {
        await using BindServer server = new()
        {
            Key = new TransferKey(UpdatedServers.KeyName, UpdatedServers.Secret),
            TakesUpdates = true,
            ExtraOptions = "max-journal-size 64k; tcp-clients 50;",
        };
        string[] names = [.. Enumerable.Range(0, Zones).Select(i => $"z{i}.many.example.")];
        foreach (string name in names) await server.SetZoneAsync(MasterZone.Create(name, 1));
        await server.StartAsync();
        KnownHistory history = new();
        await using UpdateTarget target = new(server, history);
        ZoneContent[] first = [.. names.Select(name => UpdateTarget.Zone(name, 2, "@ NS ns1", "ns1 A 127.0.0.1", "www A 192.0.2.1"))];
        ZoneContent[] second = [.. names.Select(name => UpdateTarget.Zone(name, 3, "@ NS ns1", "ns1 A 127.0.0.1", "www A 192.0.2.2"))];
        for (int i = 0; i < Zones; i++) history.Add(first[i], second[i]);

        foreach (ZoneContent[] version in (ZoneContent[][])[first, second])
        {
            OrderFinished[] answers = await Task.WhenAll(version.Select(content => target.Caller.ApplyAsync(content.Apex, content)));
            Assert.All(answers, answer => Assert.Equal(OrderOutcome.Done, answer.Outcome));
        }

        Assert.Equal(Zones, history.Found);
        Assert.Empty(target.Caller.Surplus);
        for (int i = 0; i < Zones; i += 100) await target.ServesAsync(second[i]);
        foreach (ZoneContent content in second)
            Assert.Equal(3u, (await target.Caller.ObserveAsync(content.Apex)).Serial);
    }
}
