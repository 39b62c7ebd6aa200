using System.Net;
using System.Net.Sockets;
using Agent.Bench.Measure;
using Agent.Bench.Peers;

namespace Agent.Tests.Scenarios;

/// <summary>What is allowed when nothing is configured, and how much of what is not is answered, with whole agents.</summary>
public sealed class AccessTests
{
    private const string Zone = "access.example.";
    private const int Burst = 200;
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(5);

    [Fact]
    public async Task With_nothing_configured_masters_command_nobody_transfers_and_only_the_token_writes()
    {
        await using ScriptedMaster master = new(new ScriptedZone(Zone, 1));
        await using AgentProcess agent = await AgentProcess.StartedAsync($$"""
            masters = ["{{master.EndPoint}}"]
            backend-driver = embedded
            """);
        await agent.Worker.CreateAcceptedAsync(Zone);
        await agent.Worker.NotifyAcceptedAsync(Zone);
        byte[][] commands =
        [
            DnsTestMessage.Request(7, WorkerClient.ControlFlags, Zone, WorkerClient.TypeCreate, WorkerClient.ClassControl),
            DnsTestMessage.Request(7, WorkerClient.ControlFlags, Zone, WorkerClient.TypeDelete, WorkerClient.ClassControl),
            DnsTestMessage.Request(7, WorkerClient.NotifyFlags, Zone, DnsTestMessage.TypeSoa),
        ];
        IPAddress stranger = IPAddress.Parse("127.0.0.2");
        foreach (byte[] command in commands)
        {
            byte[]? byUdp = await DnsSender.AskByUdpAsync(agent.Dns, command, Soon, stranger);
            byte[]? byTcp = await DnsSender.AskByTcpAsync(agent.Dns, command, Soon, stranger);
            Assert.Equal([5, 5], new[] { byUdp, byTcp }.Select(answer => new DnsReply(answer!, agent.Dns).ResponseCode));
        }

        byte[]? transfer = await DnsSender.AskByTcpAsync(agent.Dns, DnsTestMessage.Request(7, 0, Zone, DnsTestMessage.TypeAxfr), Soon);
        Assert.Equal(5, new DnsReply(transfer!, agent.Dns).ResponseCode);
        Assert.Equal(1u, await WorkerClient.PollSerialAsync(agent.Dns, Zone));

        Assert.Equal(HttpStatusCode.OK, await agent.GetStatusAsync($"/api/v1/zones/{Zone}"));
        Assert.Equal(IPAddress.Loopback, agent.Management.Address);
        (HttpMethod Method, string Path)[] writes =
        [
            (HttpMethod.Delete, $"/api/v1/zones/{Zone}"), (HttpMethod.Post, $"/api/v1/zones/{Zone}/refresh"),
            (HttpMethod.Post, "/api/v1/orphans/sweep"), (HttpMethod.Post, $"/api/v1/orphans/adopt?zone={Zone}"),
            (HttpMethod.Post, "/api/v1/orphans/remove?count=0"),
        ];
        foreach ((HttpMethod method, string path) in writes)
            Assert.Equal(HttpStatusCode.Unauthorized, await agent.SendAsync(method, path, withToken: false));
        Assert.Equal(HttpStatusCode.Accepted, await agent.SendAsync(HttpMethod.Post, "/api/v1/orphans/sweep"));
        Assert.Equal(HttpStatusCode.OK, await agent.SendAsync(HttpMethod.Post, "/api/v1/orphans/remove?count=0"));
        Assert.Equal(HttpStatusCode.NoContent, await agent.SendAsync(HttpMethod.Delete, $"/api/v1/zones/{Zone}"));
    }

    /// <summary>Loopback is exempt, so the clients have addresses of their own in a network of their own.</summary>
    [Fact]
    public async Task Errors_and_NOTIFYs_are_answered_at_a_rate_for_each_prefix()
    {
        using NetworkNamespace network = await NetworkNamespace.CreatedAsync($"rate{Environment.ProcessId}");
        foreach (string address in (string[])["192.0.2.1", "192.0.2.200", "198.51.100.1", "203.0.113.1"])
            await network.IpAsync("address", "add", $"{address}/32", "dev", "lo");
        await using AgentProcess agent = new("""
            masters = ["192.0.2.99"]
            allow-notify = ["192.0.2.1", "198.51.100.1"]
            backend-driver = embedded
            limits { errors-per-second = 1, notifies-per-second = 1 }
            """)
        {
            Network = network,
        };
        await agent.StartAsync();

        byte[] update = DnsTestMessage.Request(7, 0x2800, Zone, DnsTestMessage.TypeSoa);
        byte[] query = DnsTestMessage.Request(7, 0, Zone, DnsTestMessage.TypeSoa);
        Assert.InRange(Answers("203.0.113.1", query).Count(IsRefused), 1, Burst / 2);
        Assert.InRange(Answers("192.0.2.1", update).Count, 1, Burst / 2);
        Assert.InRange(Answers("192.0.2.200", query).Count, 0, Burst / 2);
        Assert.InRange(Answers("198.51.100.1", update).Count, 1, Burst / 2);

        // Who may send NOTIFY hears of each zone that it is not here.
        Assert.InRange(Answers("198.51.100.1", query).Count(IsRefused), Burst * 3 / 4, Burst);
        MetricsPage metrics = await agent.MetricsAsync();
        Assert.InRange(metrics["dnsagent_intake_shed_total{reason=\"error_rate\"}"], Burst * 2, Burst * 4);

        // Those beyond the rate are errors too, of which hardly any is answered; so they are seen where they are counted.
        byte[] notify = DnsTestMessage.Request(7, WorkerClient.NotifyFlags, Zone, DnsTestMessage.TypeSoa);
        Answers("192.0.2.1", notify);
        Answers("198.51.100.1", notify);
        metrics = await agent.MetricsAsync();
        Assert.InRange(metrics["dnsagent_intake_shed_total{reason=\"notify_rate\"}"], Burst, (2 * Burst) - 2);

        bool IsRefused(byte[] answer) => new DnsReply(answer, agent.Dns).ResponseCode == 5;

        List<byte[]> Answers(string source, byte[] message)
        {
            using Socket socket = network.Inside(() =>
            {
                var made = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = 500 };
                made.Bind(new IPEndPoint(IPAddress.Parse(source), 0));
                return made;
            });
            socket.Connect(agent.Dns);
            for (int i = 0; i < Burst; i++) socket.Send(message);
            List<byte[]> answers = [];
            byte[] room = new byte[1500];
            try
            {
                while (true) answers.Add(room[..socket.Receive(room)]);
            }
            catch (SocketException silence) when (silence.SocketErrorCode == SocketError.TimedOut)
            {
                return answers;
            }
        }
    }
}
