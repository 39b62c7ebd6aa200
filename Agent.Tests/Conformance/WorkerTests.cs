using System.Net;
using System.Net.Sockets;
using Agent.Bench.Peers;
using static Agent.Tests.Conformance.ConformanceBench;

namespace Agent.Tests.Conformance;

/// <summary>Rows 61 to 67: what the pool manager's worker makes of our answers, and of the name servers afterwards.</summary>
public sealed class WorkerTests(ConformanceBench bench) : IClassFixture<ConformanceBench>
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Row61_every_answer_belongs_to_its_request()
    {
        const int Zones = 20;
        Dictionary<int, byte[]> open = [];
        for (ushort i = 0; i < Zones; i++)
        {
            string zone = $"z{i}.row61.example.";
            bench.Add(zone);
            ushort id = (ushort)(1 + (i * 4));
            open[id] = DnsTestMessage.Request(id, 0x7400, zone, TypeCreate, ClassControl);
            open[id + 1] = DnsTestMessage.Request((ushort)(id + 1), 0x2100, zone, TypeSoa);
            open[id + 2] = DnsTestMessage.Request((ushort)(id + 2), 0x7400, "gone." + zone, TypeDelete, ClassControl);
            open[id + 3] = DnsTestMessage.Request((ushort)(id + 3), 0x2800, zone, TypeSoa);
        }

        using UdpClient client = new(new IPEndPoint(IPAddress.Loopback, 0));
        client.Connect(bench.Agent.Dns);
        using CancellationTokenSource late = new(Soon);
        foreach (byte[] request in open.Values)
        {
            await client.SendAsync(request, late.Token);
        }

        while (open.Count > 0)
        {
            DnsReply reply = new((await client.ReceiveAsync(late.Token)).Buffer, bench.Agent.Dns);
            Assert.True(open.Remove(reply.Id, out byte[]? request), $"nobody asked for {reply}");
            Assert.Equal((request[2] >> 3) & 0xF, reply.Opcode);
            Assert.Equal(request[12..], reply.Question);
        }
    }

    [Fact]
    public async Task Row62_answers_leave_from_the_address_that_was_asked()
    {
        bench.Add("row62.example.");
        await using AgentProcess agent = await StartAgentAsync($"host = \"0.0.0.0\"\nmasters = [\"{bench.Master.EndPoint}\"]");

        foreach (string address in (string[])["127.0.0.5", "127.0.0.1", "127.0.0.9"])
        {
            // The asking socket is connected: what comes from another address never arrives at it.
            IPEndPoint asked = new(IPAddress.Parse(address), agent.Dns.Port);
            await ExpectAsync(asked, 0xF400, Create("row62.example."), source: IPAddress.Loopback);
            await ExpectAsync(asked, 0xA500, Notify("row62.example."), source: IPAddress.Loopback);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Row63_success_always_carries_AA_and_failure_never(bool byTcp)
    {
        string zone = $"{(byTcp ? "tcp" : "udp")}.row63.example.";
        bench.Add(zone);
        WorkerClient worker = new(bench.Agent.Dns, byTcp);

        await worker.CreateAcceptedAsync(zone);
        await worker.CreateAcceptedAsync(zone);
        await worker.NotifyAcceptedAsync(zone);
        await worker.DeleteAcceptedAsync(zone);
        await worker.DeleteAcceptedAsync(zone);

        DnsReply failed = await worker.CreateAsync("nowhere." + zone);
        Assert.False(failed.IsAuthoritative);
        Assert.Throws<InvalidOperationException>(() => WorkerClient.EnsureAccepted(failed));
    }

    [Fact]
    public async Task Row64_CREATE_and_NOTIFY_are_answered_while_the_work_still_goes_on()
    {
        ScriptedZone zone = new("row64.example.", 2, hosts: 2000);
        await using ScriptedMaster master = new(query => IsTransfer(query) ? Halting(query) : Whole(zone, query));
        await using AgentProcess agent = await StartAgentAsync(
            $"masters = [\"{master.EndPoint}\"]\nanswer-deadline = 3s\ntransfer.idle-timeout = 60s");

        await ExpectAsync(agent.Dns, 0xF400, Create(zone.Name));
        await ExpectAsync(agent.Dns, 0xA500, Notify(zone.Name));

        Assert.Equal(0u, await WorkerClient.PollSerialAsync(agent.Dns, zone.Name));
        master.Release();
        await WorkerClient.ServedAsync(agent.Dns, zone.Name, 2, () => agent.Output);

        // Slow enough to be seen moving, then nothing until it is released.
        IEnumerable<MasterStep> Halting(MasterQuery query)
        {
            List<byte[]> messages = [.. zone.TransferMessages(query)];
            byte[] slow = DnsSender.Frame(messages[0]);
            yield return new MasterStep.Drip(slow, (slow.Length / 2) + 1, TimeSpan.FromSeconds(0.4));
            yield return new MasterStep.Send(messages[1]);
            yield return new MasterStep.Stall();
            foreach (byte[] message in messages.Skip(2))
            {
                yield return new MasterStep.Send(message);
            }
        }
    }

    [Fact]
    public async Task Row64_the_default_deadline_is_before_the_worker_s_own()
    {
        ToolResult shown = await bench.Agent.CommandAsync("config", "show", bench.Agent.ConfigurationFile);

        Assert.Matches("answer-deadline\\s*[=:]\\s*\"?25s", shown.EnsureSuccess().Output);
    }

    [Fact]
    public async Task Row65_and_row66_the_polls_after_create_update_and_delete_come_out_well()
    {
        ScriptedZone zone = bench.Add("row65.example.", 65);
        IPEndPoint[] nameServers = [bench.Agent.Dns];
        await bench.Agent.Worker.CreateAcceptedAsync(zone.Name);
        await bench.Agent.Worker.NotifyAsync(zone.Name);
        Assert.Equal(ZoneVerdict.Active, await WorkerPoll.RoundAsync(nameServers, zone.Name, 65));

        zone.Serial = 66;
        await bench.Agent.Worker.NotifyAsync(zone.Name);
        await WorkerPoll.BecomesAsync(ZoneVerdict.Active, nameServers, zone.Name, 66, () => bench.Agent.Output);

        await bench.Agent.Worker.DeleteAcceptedAsync(zone.Name);
        Assert.Equal(ZoneVerdict.Deleted, await WorkerPoll.RoundAsync(nameServers, zone.Name, null));
    }

    [Fact]
    public async Task Row67_a_zone_that_the_name_server_lost_comes_back_with_the_next_CREATE()
    {
        ScriptedZone zone = bench.Add("row67.example.", 67);
        bool isBroken = true;
        await using ScriptedMaster nameServer = new(query => isBroken
            ? [new MasterStep.Send(ScriptedZone.Response(query, 2))]
            : Whole(zone, query));
        await using AgentProcess agent = await StartAgentAsync($$"""
            backend-driver = fake
            masters = ["{{bench.Master.EndPoint}}"]
            query-destination = "{{nameServer.EndPoint}}"
            """);
        await agent.Worker.CreateAcceptedAsync(zone.Name);
        Assert.Equal(ZoneVerdict.NoZone, await WorkerPoll.RoundAsync([agent.Dns], zone.Name, 67));

        isBroken = false;
        await agent.Worker.CreateAcceptedAsync(zone.Name);
        await WorkerPoll.BecomesAsync(ZoneVerdict.Active, [agent.Dns], zone.Name, 67, () => agent.Output);
    }

    [Fact]
    public void The_stand_in_counts_as_the_worker_does()
    {
        Assert.Equal(ZoneVerdict.Active, WorkerPoll.Judge([5, 6], 5));
        Assert.Equal(ZoneVerdict.NoZone, WorkerPoll.Judge([5, 0], 5));
        Assert.Equal(ZoneVerdict.Error, WorkerPoll.Judge([5, 4], 5));
        Assert.Equal(ZoneVerdict.Error, WorkerPoll.Judge([5, null], 5));
        Assert.Equal(ZoneVerdict.Deleted, WorkerPoll.Judge([0, 0], null));
        Assert.Equal(ZoneVerdict.Error, WorkerPoll.Judge([0, 5], null));
    }
}
