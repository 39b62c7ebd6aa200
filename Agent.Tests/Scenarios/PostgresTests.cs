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

    [Fact]
    public async Task Ends_to_be_started_again_when_the_database_has_lost_what_was_confirmed()
    {
        await using PostgresServer primary = await PostgresServer.StartedAsync();
        string database = await PostgresJournalFixture.NewDatabaseAsync(primary);
        await using ScriptedMaster master = new(new ScriptedZone(Zone, 1));
        await using PostgresServer standby = await primary.StandbyAsync("second");
        await using AgentProcess agent = await StartAsync(master, PostgresServer.ConnectionString(database, primary, standby));
        string written = await primary.SqlAsync(database, "SELECT pg_current_wal_lsn()");
        await Eventually.HoldsAsync(
            async () => await standby.SqlAsync("postgres", $"SELECT pg_last_wal_replay_lsn() >= '{written}'") == "t",
            () => standby.Output);
        await standby.KillAsync();
        await agent.Worker.CreateAcceptedAsync(Zone);
        await WorkerClient.ServedAsync(agent.Dns, Zone, 1, () => agent.Output);
        await primary.KillAsync();
        await standby.StartAsync();
        await standby.PromoteAsync();

        DnsReply reply = await agent.WorkerByTcp.DeleteAsync(Zone).ContinueWith(
            answer => answer.IsCompletedSuccessfully ? answer.Result : null!, TaskScheduler.Default);
        ChildProcess process = agent.Process!;
        Assert.Equal(1, await process.Exited.WaitAsync(Eventually.Deadline));
        Assert.Contains("has lost changes that the database had confirmed", process.Output, StringComparison.Ordinal);
        Assert.NotEqual(0, reply?.ResponseCode);
    }

    [Theory]
    [InlineData("etcd.ca-file = \"/nowhere/ca.pem\"", "agent.cluster.etcd: the TLS files for etcd cannot be used: ")]
    [InlineData("etcd { user = u, password-file = \"/nowhere/word\" }", "agent.cluster.etcd: the password of u cannot be read: ")]
    [InlineData(
        "tls { ca-file = \"/nowhere/ca\", certificate-file = \"/nowhere/crt\", key-file = \"/nowhere/key\" }",
        "agent.cluster: the certificate of the node link cannot be used: ")]
    public async Task A_file_of_etcd_or_of_the_link_that_is_not_there_yet_ends_a_start_that_may_be_tried_again(string cluster, string why)
    {
        string database = await PostgresJournalFixture.NewDatabaseAsync(postgres.Server);
        await using AgentProcess agent = new($$"""
            backend-driver = embedded
            masters = ["127.0.0.1"]
            journal { provider = postgresql, connection-string = "{{postgres.Server.ConnectionString(database)}}" }
            cluster { enabled = true, listen = "127.0.0.1:0", etcd.endpoints = ["127.0.0.1:9"], {{cluster}} }
            """);
        await using ChildProcess process = await agent.LaunchAsync();
        Assert.Equal(1, await process.Exited.WaitAsync(Eventually.Deadline));
        Assert.Contains($"agent: cannot start: {why}", process.Output, StringComparison.Ordinal);
    }

    private static Task<AgentProcess> StartAsync(ScriptedMaster master, string connectionString) => AgentProcess.StartedAsync($$"""
        backend-driver = embedded
        masters = ["{{master.EndPoint}}"]
        undelete-window = 0s
        journal { provider = postgresql, connection-string = "{{connectionString}}" }
        """);
}
