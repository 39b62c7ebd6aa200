using Agent.Bench.Measure;
using Agent.Bench.Peers;

namespace Agent.Tests.Scenarios;

/// <summary>NOTIFY: answered at once, collected, and what it means for zones that nobody created.</summary>
public sealed class NotifyTests
{
    private const string Zone = "notify.example.";

    [Fact]
    public async Task For_an_unknown_zone_is_refused()
    {
        await using ScriptedMaster master = new(new ScriptedZone(Zone, 3));
        await using AgentProcess agent = await StartAsync(master, "");

        Assert.Equal(0xA105, (await agent.Worker.NotifyAsync(Zone)).Flags);

        Assert.Null(await agent.ZoneAsync(Zone));
        Assert.Empty(master.Queries);
    }

    [Fact]
    public async Task For_an_unknown_zone_creates_it_if_so_configured()
    {
        await using ScriptedMaster master = new(new ScriptedZone(Zone, 3));
        await using AgentProcess agent = await StartAsync(master, "on-unknown-notify = create");

        await agent.Worker.NotifyAcceptedAsync(Zone);

        await WorkerClient.ServedAsync(agent.Dns, Zone, 3, () => agent.Output);
    }

    [Fact]
    public async Task That_created_a_zone_outlives_a_kill_before_the_transfer()
    {
        ScriptedZone zone = new(Zone, 3);
        bool stalls = true;
        await using ScriptedMaster master = new(query => stalls ? [new MasterStep.Stall(), .. zone.Answer(query)] : zone.Answer(query));
        await using AgentProcess agent = await StartAsync(master, "on-unknown-notify = create, transfer.query-timeout = 20s");

        await agent.Worker.NotifyAcceptedAsync(Zone);
        stalls = false;
        await agent.RestartAsync(byKill: true);

        await WorkerClient.ServedAsync(agent.Dns, Zone, 3, () => agent.Output);
    }

    [Fact]
    public async Task For_an_unknown_zone_gets_silence_if_so_configured()
    {
        await using ScriptedMaster master = new(new ScriptedZone(Zone, 3));
        await using AgentProcess agent = await StartAsync(master, "on-unknown-notify = ignore");
        byte[] notify = DnsTestMessage.Request(7, WorkerClient.NotifyFlags, Zone, DnsTestMessage.TypeSoa);

        Assert.Null(await agent.Worker.ExchangeAsync(notify, TimeSpan.FromSeconds(2)));

        Assert.Null(await agent.ZoneAsync(Zone));
        Assert.Empty(master.Queries);
    }

    [Fact]
    public async Task Is_answered_before_the_transfer()
    {
        ScriptedZone zone = new(Zone, 1);
        bool stalls = false;
        await using ScriptedMaster master = new(query => stalls ? [new MasterStep.Stall(), .. zone.Answer(query)] : zone.Answer(query));
        await using AgentProcess agent = await StartAsync(master, "transfer.query-timeout = 20s");
        await agent.Worker.CreateAcceptedAsync(Zone);
        zone.Serial = 2;
        stalls = true;

        await agent.Worker.NotifyAcceptedAsync(Zone);

        Assert.Equal(1u, await WorkerClient.PollSerialAsync(agent.Dns, Zone));
        stalls = false;
        master.Release();
        await WorkerClient.ServedAsync(agent.Dns, Zone, 2, () => agent.Output);
    }

    [Fact]
    public async Task Burst_within_the_delay_is_one_pass()
    {
        ScriptedZone zone = new(Zone, 1);
        await using ScriptedMaster master = new(zone);
        await using AgentProcess agent = await StartAsync(master, "notify-delay = 4s");
        await agent.Worker.CreateAcceptedAsync(Zone);
        int passesBefore = master.CountOf(DnsTestMessage.TypeSoa);
        int transfersBefore = Transfers(master);
        zone.Serial = 2;

        for (int i = 0; i < 10; i++)
        {
            await agent.Worker.NotifyAcceptedAsync(Zone);
        }

        await WorkerClient.ServedAsync(agent.Dns, Zone, 2, () => agent.Output);
        Assert.Equal(transfersBefore + 1, Transfers(master));
        Assert.InRange(master.CountOf(DnsTestMessage.TypeSoa), passesBefore, passesBefore + 1);
    }

    [Fact]
    public async Task That_comes_during_a_transfer_makes_one_more_pass()
    {
        ScriptedZone zone = new(Zone, 1);
        bool stalls = false;
        await using ScriptedMaster master = new(query => stalls && query.IsTcp ? Stalled(query) : zone.Answer(query));
        await using AgentProcess agent = await StartAsync(master, "");
        await agent.Worker.CreateAcceptedAsync(Zone);
        zone.Serial = 2;
        stalls = true;
        int transfersBefore = Transfers(master);
        await agent.Worker.NotifyAcceptedAsync(Zone);
        await Eventually.HoldsAsync(() => Transfers(master) > transfersBefore, () => $"the transfer runs\n{agent.Output}");

        zone.Serial = 3;
        await agent.Worker.NotifyAcceptedAsync(Zone);
        await agent.Worker.NotifyAcceptedAsync(Zone);
        stalls = false;
        master.Release();

        await WorkerClient.ServedAsync(agent.Dns, Zone, 3, () => agent.Output);

        // The stream that began with serial 2 goes on with serial 2.
        IEnumerable<MasterStep> Stalled(MasterQuery query)
        {
            List<byte[]> messages = [.. zone.TransferMessages(query)];
            return [new MasterStep.Stall(), .. messages.Select(message => new MasterStep.Send(message))];
        }
    }

    [Fact]
    public async Task Delete_beats_what_is_queued()
    {
        ScriptedZone zone = new(Zone, 1);
        await using ScriptedMaster master = new(zone);
        await using AgentProcess agent = await StartAsync(master, "notify-delay = 2s");
        await agent.Worker.CreateAcceptedAsync(Zone);
        zone.Serial = 2;
        int queriesBefore = master.Queries.Count;

        await agent.Worker.NotifyAcceptedAsync(Zone);
        await agent.Worker.DeleteAcceptedAsync(Zone);

        Assert.Null(await agent.ZoneAsync(Zone));
        Assert.Equal(0u, await WorkerClient.PollSerialAsync(agent.Dns, Zone));
        Assert.Equal(0xA105, (await agent.Worker.NotifyAsync(Zone)).Flags);
        Assert.Equal(queriesBefore, master.Queries.Count);
    }

    [Fact]
    public async Task Older_content_never_replaces_newer()
    {
        ScriptedZone zone = new(Zone, 10);
        await using ScriptedMaster master = new(zone);
        await using AgentProcess agent = await StartAsync(master, "");
        await agent.Worker.CreateAcceptedAsync(Zone);
        int queriesBefore = master.CountOf(DnsTestMessage.TypeSoa);
        zone.Serial = 9;

        await agent.Worker.NotifyAcceptedAsync(Zone);

        await Eventually.HoldsAsync(
            () => master.CountOf(DnsTestMessage.TypeSoa) > queriesBefore, () => $"the master is asked\n{agent.Output}");
        zone.Serial = 11;
        await agent.Worker.NotifyAcceptedAsync(Zone);
        await WorkerClient.ServedAsync(agent.Dns, Zone, 11, () => agent.Output);
        string history = (await agent.GetAsync($"/api/v1/zones/{Zone}/history"))!.Value.GetRawText();
        Assert.DoesNotContain("\"serial\":9,", history.Replace(" ", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Is_counted_by_what_became_of_it()
    {
        await using ScriptedMaster master = new(new ScriptedZone(Zone, 3));
        await using AgentProcess agent = await StartAsync(master, "");
        await agent.Worker.NotifyAsync("other.example.");
        await agent.Worker.CreateAcceptedAsync(Zone);
        await agent.Worker.NotifyAcceptedAsync(Zone);
        await agent.Worker.NotifyAcceptedAsync(Zone);
        await using AgentProcess closed = await StartAsync(master, "allow-notify = [\"192.0.2.1\"]");
        await closed.Worker.NotifyAsync(Zone);

        MetricsPage page = await agent.MetricsAsync();
        Assert.Equal(2, page["dnsagent_notify_received_total{result=\"accepted\"}"]);
        Assert.Equal(1, page["dnsagent_notify_received_total{result=\"unknown_zone\"}"]);
        Assert.Equal(3, page.Total("dnsagent_notify_received_total"));
        page = await closed.MetricsAsync();
        Assert.Equal(1, page["dnsagent_notify_received_total{result=\"refused\"}"]);
        Assert.Equal(1, page.Total("dnsagent_notify_received_total"));
    }

    private static int Transfers(ScriptedMaster master) =>
        master.CountOf(DnsTestMessage.TypeAxfr) + master.Queries.Count(query => query.IsTcp && query.Type == DnsTestMessage.TypeIxfr);

    private static Task<AgentProcess> StartAsync(ScriptedMaster master, string settings) => AgentProcess.StartedAsync($$"""
        backend-driver = embedded
        masters = ["{{master.EndPoint}}"]
        {{settings}}
        """);
}
