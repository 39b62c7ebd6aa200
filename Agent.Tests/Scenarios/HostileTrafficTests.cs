using System.Net.Sockets;
using Agent.Tests.Listeners;
using Agent.Bench.Peers;

namespace Agent.Tests.Scenarios;

/// <summary>Garbage, floods and clients that dawdle, over real sockets: the agent goes on answering and keeps nothing of them.</summary>
[Trait("Category", "Long")]
public sealed class HostileTrafficTests
{
    private const string Zone = "steady.example.";
    private const int Datagrams = 42_000;
    private const int DatagramsAtATime = 200;
    private const int Streams = 1_000;
    private const int Connections = 400;
    private const int ClientsThatNeverRead = 20;
    private const long GrowthBytesMax = 96L * 1024 * 1024;

    [Fact]
    public async Task Damaged_messages_by_UDP_and_TCP_leave_nothing_behind()
    {
        await using ScriptedMaster master = new(new ScriptedZone(Zone, 3));
        await using AgentProcess agent = await StartAsync(master);
        Random random = new(20_262);
        Assert.True(Datagrams / 2 > HostileMessages.Combinations);
        await SendAsync(agent, random, 0);
        long memory = ProcessSample.ResidentBytesOf(agent);
        int descriptors = ProcessSample.DescriptorsOf(agent);

        await SendAsync(agent, random, HostileMessages.Combinations);

        await StillServesAsync(agent);
        Assert.InRange(ProcessSample.ResidentBytesOf(agent) - memory, long.MinValue, GrowthBytesMax);
        await DescriptorsAreAtMostAsync(agent, descriptors + 5);
    }

    [Fact]
    public async Task A_flood_of_connections_ends_with_the_oldest_closed_and_all_given_back()
    {
        await using ScriptedMaster master = new(new ScriptedZone(Zone, 3));
        await using AgentProcess agent = await StartAsync(master, "tcp-connections-per-client = 50");
        await StillServesAsync(agent);
        int descriptors = ProcessSample.DescriptorsOf(agent);
        List<TcpClient> clients = [];
        for (int i = 0; i < Connections; i++)
        {
            TcpClient client = new();
            clients.Add(client);
            await client.ConnectAsync(agent.Dns);
        }

        await StillServesAsync(agent);
        await DescriptorsAreAtMostAsync(agent, descriptors + 60);
        clients.ForEach(client => client.Dispose());
        await DescriptorsAreAtMostAsync(agent, descriptors + 5);
    }

    /// <summary>What waits for a reader who does not come is bounded, and the connection ends: its writer sees it break.</summary>
    [Fact]
    public async Task Clients_that_ask_and_never_read_are_cut_off()
    {
        await using ScriptedMaster master = new(new ScriptedZone(Zone, 3));
        await using AgentProcess agent = await StartAsync(master, "tcp-idle-timeout = 1s");
        await StillServesAsync(agent);
        int descriptors = ProcessSample.DescriptorsOf(agent);
        long memory = ProcessSample.ResidentBytesOf(agent);

        await Task.WhenAll(Enumerable.Range(0, ClientsThatNeverRead).Select(_ => AskForeverAsync(agent)));

        await StillServesAsync(agent);
        Assert.InRange(ProcessSample.ResidentBytesOf(agent) - memory, long.MinValue, GrowthBytesMax);
        await DescriptorsAreAtMostAsync(agent, descriptors + 5);
    }

    [Theory]
    [InlineData(new byte[0])]
    [InlineData(new byte[] { 1 })]
    [InlineData(new byte[] { 0, 100, 1, 2, 3 })]
    [InlineData(new byte[] { 0xFF, 0xFF, 0x12, 0x34, 0x74, 0 })]
    public async Task A_client_that_stops_in_the_middle_is_closed(byte[] octets)
    {
        await using ScriptedMaster master = new(new ScriptedZone(Zone, 3));
        await using AgentProcess agent = await StartAsync(master, "tcp-idle-timeout = 500ms");
        using TcpClient client = new();
        await client.ConnectAsync(agent.Dns);
        await client.GetStream().WriteAsync(octets);
        using CancellationTokenSource late = new(Eventually.Deadline);

        Assert.Equal(0, await client.GetStream().ReadAsync(new byte[1], late.Token));

        await StillServesAsync(agent);
    }

    [Fact]
    public async Task A_message_that_comes_octet_by_octet_is_answered_and_disturbs_nobody()
    {
        await using ScriptedMaster master = new(new ScriptedZone(Zone, 3));
        await using AgentProcess agent = await StartAsync(master);
        using TcpClient client = new() { NoDelay = true };
        await client.ConnectAsync(agent.Dns);
        using PeriodicTimer pace = new(TimeSpan.FromMilliseconds(20));
        foreach (byte octet in DnsSender.Frame(DnsTestMessage.Request(9, 0x0100, Zone, DnsTestMessage.TypeSoa)))
        {
            await client.GetStream().WriteAsync(new[] { octet });
            await pace.WaitForNextTickAsync();
        }

        await StillServesAsync(agent);
        using CancellationTokenSource late = new(Eventually.Deadline);
        byte[]? answer = await DnsSender.ReadFramedAsync(client.GetStream(), late.Token);
        Assert.Equal(9, new DnsReply(answer!, agent.Dns).Id);
    }

    private static async Task AskForeverAsync(AgentProcess agent)
    {
        using TcpClient client = new() { ReceiveBufferSize = 4096 };
        await client.ConnectAsync(agent.Dns);
        byte[] query = DnsSender.Frame(DnsTestMessage.Request(1, 0, Zone, DnsTestMessage.TypeSoa));
        byte[] queries = [.. Enumerable.Repeat(query, 500).SelectMany(octets => octets)];
        using CancellationTokenSource late = new(Eventually.Deadline);
        IOException broken = await Assert.ThrowsAsync<IOException>(async () =>
        {
            while (true)
                await client.GetStream().WriteAsync(queries, late.Token);
        });
        Assert.IsType<SocketException>(broken.InnerException);
    }

    /// <summary>So many rounds, the first of which decides whether each combination comes whole or damaged.</summary>
    private static async Task SendAsync(AgentProcess agent, Random random, int first)
    {
        using UdpClient udp = new();
        udp.Connect(agent.Dns);
        for (int round = 0; round < Datagrams / 2; round++)
        {
            await udp.SendAsync(HostileMessages.Next(random, first + round).Octets);
            // One good question after each batch is the proof that those before it were read, and keeps the queues from overflowing.
            if (round % DatagramsAtATime == 0)
                Assert.Equal(3u, await WorkerClient.PollSerialAsync(agent.Dns, Zone));
        }

        for (int round = 0; round < Streams / 2; round++)
        {
            using TcpClient tcp = new();
            await tcp.ConnectAsync(agent.Dns);
            byte[] message = HostileMessages.Next(random, HostileMessages.Combinations + round).Octets;
            await tcp.GetStream().WriteAsync(random.Next(2) == 0 ? DnsSender.Frame(message) : message);
            if (random.Next(2) == 0)
                tcp.Client.LingerState = new LingerOption(true, 0);
        }
    }

    private static async Task<AgentProcess> StartAsync(ScriptedMaster master, string settings = "")
    {
        AgentProcess agent = await AgentProcess.StartedAsync($$"""
            masters = ["{{master.EndPoint}}"]
            backend-driver = embedded
            {{settings}}
            """);
        await agent.Worker.CreateAcceptedAsync(Zone);
        return agent;
    }

    private static async Task StillServesAsync(AgentProcess agent)
    {
        await agent.Worker.CreateAcceptedAsync(Zone);
        await agent.WorkerByTcp.NotifyAcceptedAsync(Zone);
        Assert.Equal(3u, await WorkerClient.PollSerialAsync(agent.Dns, Zone));
        Assert.True(agent.Process!.IsRunning);
    }

    private static Task DescriptorsAreAtMostAsync(AgentProcess agent, int most) => Eventually.HoldsAsync(
        () => ProcessSample.DescriptorsOf(agent) <= most, () => $"{ProcessSample.DescriptorsOf(agent)} descriptors, {most} are due");
}
