using System.Globalization;
using System.Text.Json;
using Agent.Bench.Peers;

namespace Agent.Tests.Scenarios;

/// <summary>A catalog in a real cluster: the node that reads it dies in the middle of its work.</summary>
[Trait("Category", "Peer")]
public sealed class CatalogClusterTests
{
    private const string Catalog = "catalog.example.";
    private const int Before = 40;
    private const int After = 400;

    [Fact]
    public async Task A_successor_finishes_what_a_killed_reader_began_and_takes_nothing_away()
    {
        string[] members =
            [.. Enumerable.Range(0, After).Select(i => string.Create(CultureInfo.InvariantCulture, $"z{i}.member.invalid."))];
        await using var master = new KnotServer();
        await master.SetZoneAsync(Content(1, members[..Before]));
        await master.StartAsync();
        await using var zones = new FastMaster(members, serial: 5);
        await using AgentCluster cluster = await AgentCluster.StartedAsync(2, _ => $$"""
            backend-driver = embedded
            allow-notify = ["127.0.0.1"]
            catalogs { "{{Catalog}}" {
              masters = ["{{master.EndPoint}}"], member-masters = ["{{zones.EndPoint}}"], concurrent = 8
              retry-minimum = 200ms, retry-maximum = 2s
            } }
            """);
        await IsAsync(cluster, Before);

        AgentProcess reader = await cluster.OwnerOfAsync(Catalog);
        AgentProcess other = cluster.Running.First(agent => agent != reader);
        await master.SetZoneAsync(Content(2, members));
        await reader.Worker.NotifyAcceptedAsync(Catalog);
        await Eventually.HoldsAsync(
            async () => await CountAsync(cluster) > Before, () => $"the reader has begun\n{cluster.Output}");
        await reader.KillAsync();
        await cluster.OwnedAsync();
        await IsAsync(cluster, After);
        foreach (string name in (string[])[members[0], members[^1]]) await WorkerClient.ServedAsync(other.Dns, name, 5);

        // Nothing was taken away, and what two nodes claimed was claimed for the same owner.
        const string gone = "SELECT count(*) FROM agent.events WHERE code IN ('delete-asked', 'forgotten', 'not-owner')";
        Assert.Equal("0", await cluster.Postgres.SqlAsync(AgentCluster.Database, gone));
        Assert.DoesNotContain("owned-elsewhere", cluster.Output, StringComparison.Ordinal);

        await reader.StartAsync();
        await cluster.SettledAsync();
        await master.SetZoneAsync(Content(3, members[..^1]));
        await reader.Worker.NotifyAcceptedAsync(Catalog);
        foreach (AgentProcess agent in cluster.Running) await WorkerClient.GoneAsync(agent.Dns, members[^1], () => cluster.Output);
        await IsAsync(cluster, After - 1);
    }

    private static MasterZone Content(uint serial, string[] members) => MasterZone.Create(
        Catalog,
        serial,
        ["version IN TXT \"2\"", .. members.Select((m, i) => string.Create(CultureInfo.InvariantCulture, $"m{i}.zones IN PTR {m}"))]);

    private static async Task<int> CountAsync(AgentCluster cluster) => int.Parse(
        await cluster.Postgres.SqlAsync(AgentCluster.Database, "SELECT count(*) FROM agent.zones WHERE owner_label LIKE 'm%' AND wish = 1"),
        CultureInfo.InvariantCulture);

    /// <summary>Whichever node is asked says so.</summary>
    private static async Task IsAsync(AgentCluster cluster, int members)
    {
        foreach (AgentProcess agent in cluster.Running)
        {
            JsonElement last = default;
            await Eventually.HoldsAsync(
                async () => await agent.GetAsync($"/api/v1/catalogs/{Catalog}") is { } catalog
                    && (last = catalog).GetProperty("state").GetString() == "ok" && catalog.GetProperty("members").GetInt32() == members
                    && catalog.GetProperty("conflicts").GetInt32() == 0,
                () => string.Create(
                    CultureInfo.InvariantCulture, $"the catalog is ok with {members} members, not {last}\n{cluster.Output}"));
        }
    }
}
