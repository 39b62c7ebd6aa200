using Agent.Bench.Peers;
using Agent.Bench.Rolling;
using Agent.Host.Journal.Postgres;
using Agent.Tests.Scenarios;

namespace Agent.Tests.Releases;

/// <summary>Whole nodes of later releases in a cluster of today's, under load: there, back again, and where the way back ends.</summary>
[Trait("Category", "Peer")]
public sealed class ClusterUpgradeTests(SteadyClusterFixture cluster) : IClassFixture<SteadyClusterFixture>
{
    private AgentCluster Cluster => cluster.Cluster;

    private RollingLoad _load = null!;

    [Fact]
    public async Task Releases_are_mixed_under_load_taken_back_and_shut_out_when_the_tables_have_left_them_behind()
    {
        string[] zones = cluster.AtMaster("upgrade", 9), churning = cluster.AtMaster("upgrade-churn", 2);
        foreach (string zone in zones) await cluster.CreateAsync(cluster.Agents[0], zone);
        await cluster.EverythingIsAsPromisedAsync();
        await using RollingLoad load = _load = new RollingLoad(
            new RollingLoadOptions(zones, churning, TimeSpan.FromMilliseconds(400), cluster.Bump)
            {
                Servers = [cluster.Bind.EndPoint],
                QueryInterval = TimeSpan.FromMilliseconds(40),
            });
        load.Start(cluster.Agents);
        AgentProcess n1 = cluster.Agents[0], n2 = cluster.Agents[1], n3 = cluster.Agents[2];

        // The first of the next release expands the tables while the others write; they neither understand all that it says, nor need to.
        await RestartAsAsync(n1, OtherRelease.Next);
        Assert.Equal(Versions(OtherRelease.NextPostgres), await VersionsAsync());
        Assert.Equal("0", await SqlAsync("SELECT count(*) FROM agent.next_things"));
        Assert.True((await n1.MetricsAsync())["dnsagent_node_link_dropped_total{reason=\"unsupported\"}"] > 0, n1.Output);
        Assert.Equal(0, (await n2.MetricsAsync()).Total("dnsagent_node_link_skipped_total"));

        await RestartAsAsync(n2, OtherRelease.Next);
        await Eventually.HoldsAsync(
            async () => (await n2.MetricsAsync())[Greetings] > 0,
            () => $"two nodes of the next release speak its version\n{Cluster.Output}");

        // Back: an older program on tables that were only expanded.
        await RestartAsAsync(n1, null);

        // The release after that would take away what n3 reads, and waits.
        await RestartAsAsync(n1, OtherRelease.AfterNext);
        Assert.Contains("journal-contraction-waits", n1.Output, StringComparison.Ordinal);
        Assert.Equal(Versions(OtherRelease.NextPostgres), await VersionsAsync());
        await RestartAsAsync(n3, OtherRelease.Next);
        await RestartAsAsync(n2, OtherRelease.AfterNext);
        Assert.Equal(Versions(OtherRelease.NextPostgres + 1), await VersionsAsync());

        // From here on there is no way back to today's release, and it says so.
        Assert.Equal(0, await n3.StopAsync());
        load.Down(n3);
        n3.Place = Placement.Loopback;
        await using (ChildProcess refused = await n3.LaunchAsync())
        {
            Assert.Equal(2, await refused.Exited.WaitAsync(Eventually.Deadline));
            Assert.Contains(
                $"newer program (schema {OtherRelease.NextPostgres + 1}, read by programs from {OtherRelease.NextPostgres} on; "
                    + $"this one knows {PostgresSchema.Steps.Length})",
                refused.Output,
                StringComparison.Ordinal);
        }

        await StartAsAsync(n3, OtherRelease.Next);
        await GoesOnAsync();
        await Cluster.SettledAsync();
        await load.StopAsync();
        Assert.True(load.Failures.Count == 0, $"{string.Join('\n', load.Failures)}\n{Cluster.Output}");
        await cluster.EverythingIsAsPromisedAsync();
    }

    private static string Greetings => "dnsagent_node_link_messages_total{direction=\"received\",kind=\"NextGreeting\"}";

    private static string Versions(int steps) => string.Join('\n', Enumerable.Range(1, steps));

    private async Task<string> VersionsAsync() => (await SqlAsync("SELECT version FROM agent.schema_version ORDER BY version")).Trim();

    private Task<string> SqlAsync(string sql) => Cluster.Postgres.SqlAsync(AgentCluster.Database, sql);

    private async Task RestartAsAsync(AgentProcess agent, string? release)
    {
        await GoesOnAsync();
        Assert.Equal(0, await agent.StopAsync());
        _load.Down(agent);
        await StartAsAsync(agent, release);
    }

    private async Task StartAsAsync(AgentProcess agent, string? release)
    {
        agent.Place = Placement.Loopback with { Launcher = release is null ? [] : OtherRelease.Launcher(release) };
        await agent.StartAsync();
        _load.Up(agent);
    }

    private Task GoesOnAsync()
    {
        int requests = _load.Requests;
        return Eventually.HoldsAsync(
            () => _load.Failures.Count > 0 || _load.Requests > requests + 20, () => $"requests are answered\n{Cluster.Output}");
    }
}
