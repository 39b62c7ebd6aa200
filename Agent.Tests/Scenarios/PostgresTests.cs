using System.Net;
using Agent.Bench.Peers;
using Agent.Tests.Journal;

namespace Agent.Tests.Scenarios;

/// <summary>The running agent with its journal in PostgreSQL.</summary>
[Trait("Category", "Peer")]
public sealed class PostgresTests(PostgresServerFixture postgres) : IClassFixture<PostgresServerFixture>
{
    private const string Zone = "durable.example.";

    [Fact]
    public async Task Creates_changes_and_deletes_over_restarts()
    {
        string database = await PostgresJournalFixture.NewDatabaseAsync(postgres.Server);
        await using ScriptedMaster master = new(new ScriptedZone(Zone, 1));
        await using AgentProcess agent = await StartAsync(master, postgres.Server.ConnectionString(database));
        await agent.Worker.CreateAcceptedAsync(Zone);
        await WorkerClient.ServedAsync(agent.Dns, Zone, 1, () => agent.Output);

        await agent.RestartAsync(byKill: true);
        await WorkerClient.ServedAsync(agent.Dns, Zone, 1, () => agent.Output);
        await agent.RestartAsync(byKill: false);
        await agent.ZoneIsOkAsync(Zone, 1);
        await agent.Worker.NotifyAcceptedAsync(Zone);
        await agent.Worker.DeleteAcceptedAsync(Zone);
        await agent.RestartAsync(byKill: true);
        // The kill may have come between the answer and the row's end; the next run makes that good.
        await Eventually.HoldsAsync(async () => await agent.ZoneAsync(Zone) is null, () => $"{Zone} is forgotten\n{agent.Output}");
        Assert.Equal("0", await postgres.Server.SqlAsync(database, "SELECT count(*) FROM agent.zones"));
        Assert.Equal("4", await postgres.Server.SqlAsync(database, "SELECT max(epoch) FROM agent.shard_fence"));
    }

    [Fact]
    public async Task Answers_in_time_while_the_database_hangs_and_recovers_by_itself()
    {
        await using PostgresServer server = await PostgresServer.StartedAsync();
        string database = await PostgresJournalFixture.NewDatabaseAsync(server);
        await using ScriptedMaster master = new(new ScriptedZone(Zone, 1));
        await using AgentProcess agent = await StartAsync(master, server.ConnectionString(database));
        await server.SignalAllAsync(PosixSignalNumber.Stop);

        DnsReply reply = await agent.Worker.CreateAsync(Zone);
        Assert.Equal((2, false), (reply.ResponseCode, reply.IsAuthoritative));
        Assert.Contains("journal-away", agent.Output, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await agent.GetStatusAsync("/readyz"));
        Assert.Equal(0u, await WorkerClient.PollSerialAsync(agent.Dns, Zone));

        await server.SignalAllAsync(PosixSignalNumber.Continue);
        await Eventually.HoldsAsync(
            async () => await agent.GetStatusAsync("/readyz") == HttpStatusCode.OK, () => $"the agent is ready again\n{agent.Output}");
        // The CREATE was answered with a failure, so nothing of it may remain, whatever became of the batch.
        await Eventually.HoldsAsync(
            async () => await server.SqlAsync(database, "SELECT count(*) FROM agent.zones") == "0",
            () => $"nothing remains\n{agent.Output}");
        await agent.Worker.CreateAcceptedAsync(Zone);
        await WorkerClient.ServedAsync(agent.Dns, Zone, 1, () => agent.Output);
    }

    [Fact]
    public async Task Says_that_it_is_not_ready_while_the_database_hangs_although_nobody_writes()
    {
        await using PostgresServer server = await PostgresServer.StartedAsync();
        string database = await PostgresJournalFixture.NewDatabaseAsync(server);
        await using ScriptedMaster master = new(new ScriptedZone(Zone, 1));
        await using AgentProcess agent = await StartAsync(master, server.ConnectionString(database));
        Assert.Equal(HttpStatusCode.OK, await agent.GetStatusAsync("/readyz"));
        await server.SignalAllAsync(PosixSignalNumber.Stop);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await agent.GetStatusAsync("/readyz"));
        await server.SignalAllAsync(PosixSignalNumber.Continue);
        await Eventually.HoldsAsync(
            async () => await agent.GetStatusAsync("/readyz") == HttpStatusCode.OK, () => $"the agent is ready again\n{agent.Output}");
    }

    [Fact]
    public async Task Ends_with_a_clear_word_when_another_agent_has_taken_the_journal_over()
    {
        string database = await PostgresJournalFixture.NewDatabaseAsync(postgres.Server);
        await using ScriptedMaster master = new(new ScriptedZone(Zone, 1));
        await using AgentProcess first = await StartAsync(master, postgres.Server.ConnectionString(database));
        await first.Worker.CreateAcceptedAsync(Zone);
        await using AgentProcess second = await StartAsync(master, postgres.Server.ConnectionString(database));
        await WorkerClient.ServedAsync(second.Dns, Zone, 1, () => second.Output);

        DnsReply reply = await first.WorkerByTcp.DeleteAsync(Zone).ContinueWith(
            answer => answer.IsCompletedSuccessfully ? answer.Result : null!, TaskScheduler.Default);
        Assert.NotEqual(0, reply?.ResponseCode);
        ChildProcess process = first.Process!;
        Assert.Equal(2, await process.Exited.WaitAsync(Eventually.Deadline));
        Assert.Contains("journal-fenced", process.Output, StringComparison.Ordinal);
        await second.ZoneIsOkAsync(Zone, 1);
        await second.Worker.DeleteAcceptedAsync(Zone);
    }

    private static Task<AgentProcess> StartAsync(ScriptedMaster master, string connectionString) => AgentProcess.StartedAsync($$"""
        backend-driver = embedded
        masters = ["{{master.EndPoint}}"]
        undelete-window = 0s
        journal { provider = postgresql, connection-string = "{{connectionString}}" }
        """);
}
