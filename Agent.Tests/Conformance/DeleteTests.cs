using System.Net;
using Agent.Bench.Peers;
using static Agent.Tests.Conformance.ConformanceBench;

namespace Agent.Tests.Conformance;

/// <summary>Rows 33 to 37: DELETE.</summary>
public sealed class DeleteTests(ConformanceBench bench) : IClassFixture<ConformanceBench>
{
    [Fact]
    public async Task Row33_is_answered_to_the_octet_once_the_zone_is_gone()
    {
        bench.Add("example.com.", 5);
        await bench.ExpectAsync(0xF400, Create("example.com."));
        byte[] request = Convert.FromHexString("123474000001000000000000076578616d706c6503636f6d00ff03ff00");

        byte[]? answer = await bench.Agent.Worker.ExchangeAsync(request, WorkerClient.ControlTimeout);

        Assert.Equal("1234f4000001000000000000076578616d706c6503636f6d00ff03ff00", Convert.ToHexStringLower(answer!));
        await bench.NothingRemainsAsync("example.com.");
    }

    [Fact]
    public async Task Row34_of_a_zone_that_is_not_there_succeeds()
    {
        await bench.ExpectAsync(0xF400, Delete("row34.example."));

        await bench.NothingRemainsAsync("row34.example.");
        Assert.Empty(Asked(bench.Master, "row34.example."));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Row35_from_a_stranger_is_refused_and_changes_nothing(bool byTcp)
    {
        string zone = byTcp ? "tcp.row35.example." : "udp.row35.example.";
        bench.Add(zone, 3);
        await bench.ExpectAsync(0xF400, Create(zone));

        await bench.ExpectAsync(0xF005, Delete(zone), byTcp, Stranger);

        Assert.Equal(3u, await WorkerClient.PollSerialAsync(bench.Agent.Dns, zone));
    }

    /// <summary>Beyond the table: two control planes at one agent.</summary>
    [Fact]
    public async Task Row35_from_another_master_set_is_refused_and_from_any_sender_of_the_own_one_it_is_not()
    {
        const string zone = "sets.row35.example.";
        IPAddress sameSet = IPAddress.Parse("127.0.0.3");
        bench.Add(zone, 3);
        await using AgentProcess agent = await AgentProcess.StartedAsync($$"""
            backend-driver = embedded
            masters = ["{{bench.Master.EndPoint}}"]
            allow-notify = ["127.0.0.0/8"]
            master-sets { blue { senders = ["127.0.0.1", "127.0.0.3"] }, green { senders = ["127.0.0.2"] } }
            """);
        await ExpectAsync(agent.Dns, 0xF400, Create(zone));

        await ExpectAsync(agent.Dns, 0xF005, Create(zone), source: Stranger);
        await ExpectAsync(agent.Dns, 0xF005, Delete(zone), source: Stranger);
        Assert.Equal(3u, await WorkerClient.PollSerialAsync(agent.Dns, zone));

        await ExpectAsync(agent.Dns, 0xF400, Delete(zone), source: sameSet);
        Assert.Equal(0u, await WorkerClient.PollSerialAsync(agent.Dns, zone));
    }

    [Fact]
    public async Task Row36_fails_when_the_server_refuses_and_stays_wanted()
    {
        bench.Add("row36.example.");
        using TemporaryFolder folder = new("row36");
        await using AgentProcess agent = await StartAgentAsync(FailingTarget.Settings(bench.Master, folder, "remove"));
        await ExpectAsync(agent.Dns, 0xF400, Create("row36.example."));

        await ExpectAsync(agent.Dns, 0xF002, Delete("row36.example."));

        Assert.Equal("deleting", (await agent.ZoneAsync("row36.example."))?.GetProperty("state").GetString());
        FailingTarget.Mend(folder);
        await Eventually.HoldsAsync(
            async () => await agent.ZoneAsync("row36.example.") is null, () => $"deleted by trying again\n{agent.Output}");
    }

    [Fact]
    public async Task Row37_several_at_once_all_succeed()
    {
        bench.Add("row37.example.");
        await bench.ExpectAsync(0xF400, Create("row37.example."));

        await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => bench.ExpectAsync(0xF400, Delete("row37.example."))));

        await bench.NothingRemainsAsync("row37.example.");
    }
}
