using Agent.Bench.Peers;
using Agent.Host.Journal.Sqlite;

namespace Agent.Tests.Releases;

/// <summary>An agent that stands alone, with its journal in SQLite, through three releases and back.</summary>
[Trait("Category", "Peer")]
public sealed class SqliteUpgradeTests
{
    private const string Zone = "upgrade.example.";

    [Fact]
    public async Task A_file_that_was_expanded_is_read_by_the_older_program_and_one_that_was_contracted_is_refused()
    {
        await using ScriptedMaster master = new(new ScriptedZone(Zone, 5));
        await using AgentProcess agent = new($"backend-driver = embedded\nmasters = [\"{master.EndPoint}\"]");
        await agent.StartAsync();
        await agent.Worker.CreateAcceptedAsync(Zone);

        // There, back, and there again: the file has taken the expansion once.
        foreach (string? release in (string?[])[OtherRelease.Next, null, OtherRelease.Next, OtherRelease.AfterNext])
        {
            Assert.Equal(0, await agent.StopAsync());
            agent.Place = Placement.Loopback with { Launcher = release is null ? [] : OtherRelease.Launcher(release) };
            await agent.StartAsync();
            await WorkerClient.ServedAsync(agent.Dns, Zone, 5, () => agent.Output);
        }

        Assert.Equal(0, await agent.StopAsync());
        agent.Place = Placement.Loopback;
        await using (ChildProcess refused = await agent.LaunchAsync())
        {
            Assert.Equal(2, await refused.Exited.WaitAsync(Eventually.Deadline));
            Assert.Contains(
                $"newer program (schema {OtherRelease.NextSqlite + 1}, read by programs from {OtherRelease.NextSqlite} on; this one knows "
                    + $"{SqliteSchema.Steps.Length})",
                refused.Output,
                StringComparison.Ordinal);
        }

        agent.Place = Placement.Loopback with { Launcher = OtherRelease.Launcher(OtherRelease.Next) };
        await agent.StartAsync();
        await WorkerClient.ServedAsync(agent.Dns, Zone, 5, () => agent.Output);
    }
}
