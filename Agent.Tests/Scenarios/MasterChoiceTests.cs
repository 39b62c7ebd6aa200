using System.Net;
using Agent.Bench.Peers;

namespace Agent.Tests.Scenarios;

/// <summary>Several masters, of which some are dead, mute, late or without the zone.</summary>
[Trait("Category", "Long")]
public sealed class MasterChoiceTests
{
    private const string Zone = "choice.example.";

    [Fact]
    public async Task Passes_over_a_master_where_nobody_listens()
    {
        ScriptedZone zone = new(Zone, 5);
        await using ScriptedMaster alive = new(zone);
        IPEndPoint dead = new(IPAddress.Loopback, LoopbackPort.Next());
        await using AgentProcess agent = await StartAsync(dead, alive.EndPoint);

        await agent.Worker.CreateAcceptedAsync(Zone);

        Assert.Equal(5u, await WorkerClient.PollSerialAsync(agent.Dns, Zone));
    }

    [Fact]
    public async Task Passes_over_a_master_that_says_nothing()
    {
        ScriptedZone zone = new(Zone, 5);
        await using ScriptedMaster mute = new(_ => [new MasterStep.Stall()]);
        await using ScriptedMaster alive = new(zone);
        await using AgentProcess agent = await StartAsync(mute.EndPoint, alive.EndPoint);

        await agent.Worker.CreateAcceptedAsync(Zone);

        Assert.Equal(5u, await WorkerClient.PollSerialAsync(agent.Dns, Zone));
    }

    [Fact]
    public async Task Takes_the_newest_content()
    {
        await using ScriptedMaster late = new(new ScriptedZone(Zone, 5));
        await using ScriptedMaster ahead = new(new ScriptedZone(Zone, 6));
        await using AgentProcess agent = await StartAsync(late.EndPoint, ahead.EndPoint);

        await agent.Worker.CreateAcceptedAsync(Zone);

        Assert.Equal(6u, await WorkerClient.PollSerialAsync(agent.Dns, Zone));
    }

    [Fact]
    public async Task Passes_over_a_master_whose_transfer_breaks()
    {
        ScriptedZone zone = new(Zone, 5, hosts: 2000);
        await using ScriptedMaster broken = new(query => query.Type is DnsTestMessage.TypeAxfr or DnsTestMessage.TypeIxfr && query.IsTcp
            ? [new MasterStep.Send(zone.TransferMessages(query).First()), new MasterStep.Reset()]
            : zone.Answer(query));
        await using ScriptedMaster whole = new(zone);
        await using AgentProcess agent = await StartAsync(broken.EndPoint, whole.EndPoint);

        await agent.Worker.CreateAcceptedAsync(Zone);

        Assert.Equal(5u, await WorkerClient.PollSerialAsync(agent.Dns, Zone));
        Assert.Single(await DigTool.QueryAsync(agent.Dns, "host1999." + Zone, "A"));
    }

    [Fact]
    public async Task Fails_when_every_transfer_breaks()
    {
        ScriptedZone zone = new(Zone, 5, hosts: 2000);
        await using ScriptedMaster broken = new(query => query.Type is DnsTestMessage.TypeAxfr or DnsTestMessage.TypeIxfr && query.IsTcp
            ? [new MasterStep.Send(zone.TransferMessages(query).First()), new MasterStep.Close()]
            : zone.Answer(query));
        await using AgentProcess agent = await StartAsync(broken.EndPoint);

        DnsReply reply = await agent.Worker.CreateAsync(Zone);

        Assert.Equal(0xF002, reply.Flags);
        Assert.Null(await agent.ZoneAsync(Zone));
    }

    [Fact]
    public async Task Asks_a_name_at_all_its_addresses_and_ipv6()
    {
        ScriptedZone zone = new(Zone, 8);
        await using ScriptedMaster master = new(zone.Answer, IPAddress.IPv6Loopback);
        await using AgentProcess agent = await AgentProcess.StartedAsync($$"""
            backend-driver = embedded
            host = ["127.0.0.1", "::1"]
            masters = ["localhost:{{master.EndPoint.Port}}", "[::1]:{{master.EndPoint.Port}}"]
            allow-notify = ["127.0.0.0/8", "::1"]
            """);
        IPEndPoint ipv6 = agent.DnsEndPoints.Single(endPoint => endPoint.Address.Equals(IPAddress.IPv6Loopback));

        await new WorkerClient(ipv6).CreateAcceptedAsync(Zone);
        zone.Serial = 9;
        await new WorkerClient(ipv6, useTcp: true).NotifyAcceptedAsync(Zone);

        await WorkerClient.ServedAsync(ipv6, Zone, 9, () => agent.Output);
        Assert.Equal(9u, await WorkerClient.PollSerialAsync(agent.DnsEndPoints[0], Zone));
    }

    [Fact]
    public async Task A_stalled_zone_delays_no_other()
    {
        ScriptedZone quick = new("quick.example.", 1);
        byte[] stalledName = DnsTestMessage.EncodeName("stalled.example.");
        await using ScriptedMaster master = new(query =>
            query.Name.AsSpan().SequenceEqual(stalledName) ? [new MasterStep.Stall()] : quick.Answer(query));
        await using AgentProcess agent = await StartAsync(master.EndPoint);

        Task<DnsReply> stalled = agent.Worker.CreateAsync("stalled.example.");
        await Eventually.HoldsAsync(() => master.Queries.Count > 0, () => "the stalled zone is being asked for");
        await agent.Worker.CreateAcceptedAsync("quick.example.");

        Assert.False(stalled.IsCompleted);
        Assert.Equal(1u, await WorkerClient.PollSerialAsync(agent.Dns, "quick.example."));
        Assert.True((await stalled).IsResponse);
    }

    private static Task<AgentProcess> StartAsync(params IPEndPoint[] masters) => AgentProcess.StartedAsync($$"""
        backend-driver = embedded
        masters = [{{string.Join(", ", masters.Select(master => $"\"{master}\""))}}]
        """);
}
