using Agent.Bench.Peers;

namespace Agent.Tests.Scenarios;

/// <summary>A zone whose deletion was never told, with a whole agent.</summary>
public sealed class OrphanTests
{
    private const string Zone = "orphan.example.";

    [Fact]
    public async Task A_zone_that_every_master_gave_up_is_removed()
    {
        var first = new ScriptedZones();
        var second = new ScriptedZones();
        first.Set(new ScriptedZone(Zone, 1));
        second.Set(new ScriptedZone(Zone, 1));
        bool isGoneAtFirst = false;
        bool isGoneAtSecond = false;
        var nothing = new ScriptedZones();
        await using ScriptedMaster one = new(query => (Volatile.Read(ref isGoneAtFirst) ? nothing : first).Answer(query));
        await using ScriptedMaster two = new(query => (Volatile.Read(ref isGoneAtSecond) ? nothing : second).Answer(query));
        await using AgentProcess agent = await AgentProcess.StartedAsync($$"""
            masters = ["{{one.EndPoint}}", "{{two.EndPoint}}"]
            backend-driver = embedded
            transfer { retry-minimum = 200ms, retry-maximum = 200ms }
            orphan { after = 1s, action = remove }
            """);
        await agent.Worker.CreateAcceptedAsync(Zone);
        await WorkerClient.ServedAsync(agent.Dns, Zone, 1, () => agent.Output);

        Volatile.Write(ref isGoneAtFirst, true);
        int asked = two.CountOf(DnsTestMessage.TypeSoa);
        await agent.Worker.NotifyAsync(Zone);
        await Eventually.HoldsAsync(() => two.CountOf(DnsTestMessage.TypeSoa) > asked, () => $"the other master is asked\n{agent.Output}");
        Assert.Equal(1u, await WorkerClient.PollSerialAsync(agent.Dns, Zone));

        Volatile.Write(ref isGoneAtSecond, true);
        await agent.Worker.NotifyAsync(Zone);
        await Eventually.HoldsAsync(
            async () => (await agent.Worker.QuerySoaAsync(Zone)).ResponseCode == 5, () => $"the orphan is removed\n{agent.Output}");
        Assert.Contains("orphan-removed", agent.Output, StringComparison.Ordinal);
    }
}
