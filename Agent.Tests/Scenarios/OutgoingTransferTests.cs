using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Agent.Bench.Peers;

namespace Agent.Tests.Scenarios;

/// <summary>Zones handed out: by dig, over one connection with other questions, to those who are slow, and while they change.</summary>
[Trait("Category", "Long")]
public sealed class OutgoingTransferTests
{
    private const string Zone = "out.example.";
    private const ushort TypeA = 1;
    private const int Noise = 60_000;
    private const int Records = Noise + 10 + 4;

    [Fact]
    public async Task Dig_gets_differences_a_whole_zone_or_the_SOA_by_what_it_has()
    {
        ScriptedZone zone = new(Zone, 5, hosts: 40);
        await using ScriptedMaster master = new(zone);
        await using AgentProcess agent = await StartAsync(master, """allow-transfer = ["127.0.0.1"]""");
        await agent.Worker.CreateAcceptedAsync(Zone);
        for (uint serial = 6; serial <= 8; serial++)
        {
            (zone.Serial, zone.Hosts) = (serial, zone.Hosts + 1);
            await agent.Worker.NotifyAcceptedAsync(Zone);
            await agent.ZoneIsOkAsync(Zone, serial);
        }

        string[] differences = await IxfrAsync(agent, 6);
        string[] whole = await IxfrAsync(agent, 2);

        Assert.Equal([8u, 6u, 7u, 7u, 8u, 8u], Serials(differences));
        Assert.Equal(8, differences.Length);
        Assert.Contains(differences, line => line.StartsWith($"host41.{Zone}", StringComparison.Ordinal));
        Assert.Equal([8u, 8u], Serials(whole));
        Assert.Equal(2 + 2 + 43, whole.Length);
        Assert.Equal([8u], Serials(await IxfrAsync(agent, 8)));
        Assert.Equal([8u], Serials(await IxfrAsync(agent, 9)));
        Assert.Equal([8u], Serials(await IxfrAsync(agent, 6, "+notcp")));

        // The history is durable.
        await agent.RestartAsync(byKill: true);
        await agent.ZoneIsOkAsync(Zone, 8);
        Assert.Equal([8u, 5u, 6u, 6u, 7u, 7u, 8u, 8u], Serials(await IxfrAsync(agent, 5)));
    }

    [Theory]
    [InlineData("""allow-transfer = ["192.0.2.0/24"]""", false)]
    [InlineData("""allow-transfer = ["key:k1"]""", false)]
    [InlineData("""allow-transfer = ["127.0.0.0/30"]""", true)]
    public async Task Who_may_not_is_told_so_with_an_extended_error(string setting, bool isAllowed)
    {
        await using ScriptedMaster master = new(new ScriptedZone(Zone, 5));
        await using AgentProcess agent = await StartAsync(master, setting);
        await agent.Worker.CreateAcceptedAsync(Zone);

        Assert.Equal(isAllowed, await DigTool.CanTransferAsync(agent.Dns, Zone));
        byte[] request = DnsTestMessage.WithOpt(DnsTestMessage.Request(7, 0, Zone, DnsTestMessage.TypeAxfr));
        DnsReply reply = new((await DnsSender.AskByTcpAsync(agent.Dns, request, TimeSpan.FromSeconds(30)))!, agent.Dns);

        Assert.Equal(isAllowed ? (0, null) : (5, 18), (reply.ResponseCode, reply.ExtendedError));
    }

    [Fact]
    public async Task Transfers_and_questions_share_a_connection()
    {
        ScriptedZone zone = new(Zone, 5, hosts: 2000);
        await using ScriptedMaster master = new(zone);
        await using AgentProcess agent = await StartAsync(master, """allow-transfer = ["127.0.0.1"]""");
        await agent.Worker.CreateAcceptedAsync(Zone);
        using TcpClient client = new();
        await client.ConnectAsync(agent.Dns);
        NetworkStream stream = client.GetStream();
        byte[] all =
        [
            .. DnsSender.Frame(DnsTestMessage.Request(1, 0, "host1." + Zone, TypeA)),
            .. DnsSender.Frame(DnsTestMessage.Request(2, 0, Zone, DnsTestMessage.TypeAxfr)),
            .. DnsSender.Frame(DnsTestMessage.Request(3, 0, "host2." + Zone, TypeA)),
            .. DnsSender.Frame(DnsTestMessage.Request(4, 0, Zone, DnsTestMessage.TypeAxfr)),
            .. DnsSender.Frame(DnsTestMessage.Request(5, 0, Zone, DnsTestMessage.TypeSoa)),
        ];
        await stream.WriteAsync(all);

        Dictionary<ushort, int> records = [];
        using CancellationTokenSource late = new(TimeSpan.FromSeconds(30));
        while (records.GetValueOrDefault((ushort)2) < 2004 || records.GetValueOrDefault((ushort)4) < 2004 || records.Count < 5)
        {
            byte[] message = await DnsSender.ReadFramedAsync(stream, late.Token) ?? throw new IOException("closed");
            DnsReply reply = new(message, agent.Dns);
            Assert.Equal(0, reply.ResponseCode);
            records[reply.Id] = records.GetValueOrDefault(reply.Id) + reply.AnswerCount;
        }

        Assert.Equal(new Dictionary<ushort, int> { [1] = 1, [2] = 2004, [3] = 1, [4] = 2004, [5] = 1 }, records);
    }

    [Fact]
    public async Task Who_is_slow_costs_no_other_client_anything_and_gets_the_version_that_it_began_with()
    {
        ScriptedZone zone = new(Zone, 5, hosts: 10) { NoiseRecords = Noise };
        await using ScriptedMaster master = new(zone);
        await using AgentProcess agent = await StartAsync(
            master, """allow-transfer = ["127.0.0.0/8"], tcp-idle-timeout = 3s, transfer { out-concurrent = 6, out-per-client = 4 }""");
        await agent.Worker.CreateAcceptedAsync(Zone);
        List<TcpClient> slow = [];
        try
        {
            for (int i = 0; i < 4; i++)
            {
                slow.Add(await BeginAsync(agent, "127.0.0.2"));
                await NextAsync(slow[^1], agent);
            }

            // The fifth of one client finds no place; another client does.
            using TcpClient fifth = await BeginAsync(agent, "127.0.0.2");
            Assert.Equal(2, (await NextAsync(fifth, agent)).ResponseCode);
            using TcpClient reader = await BeginAsync(agent, "127.0.0.3");
            DnsReply message = await NextAsync(reader, agent);
            int records = message.AnswerCount;
            zone.Serial = 6;
            await agent.Worker.NotifyAcceptedAsync(Zone);
            await WorkerClient.ServedAsync(agent.Dns, Zone, 6, () => agent.Output);

            for (; records < Records; records += message.AnswerCount) message = await NextAsync(reader, agent);

            Assert.Equal(Records, records);
            byte[] closing = message.Records[message.AnswerCount - 1].Rdata;
            Assert.Equal(5u, BinaryPrimitives.ReadUInt32BigEndian(closing.AsSpan(closing.Length - 20)));
            // Those who read nothing are cut off after the idle time, and their places are free again.
            await Eventually.HoldsAsync(
                async () => await DigTool.RunAsync(agent.Dns, "-b", "127.0.0.2", "+noall", "+answer", "+onesoa", Zone, "AXFR") is { } output
                    && output.Contains("host1.", StringComparison.Ordinal),
                () => $"a place for the slow one\n{agent.Output}");
        }
        finally
        {
            slow.ForEach(client => client.Dispose());
        }
    }

    private static Task<AgentProcess> StartAsync(ScriptedMaster master, string settings) => AgentProcess.StartedAsync($$"""
        masters = ["{{master.EndPoint}}"]
        backend-driver = embedded
        keys { k1 { secret = "c2VjcmV0IG9mIGF0IGxlYXN0IDMyIG9jdGV0cyEhISE=" } }
        {{settings}}
        """);

    /// <summary>A connection from that address on which the zone was asked for.</summary>
    private static async Task<TcpClient> BeginAsync(AgentProcess agent, string source)
    {
        TcpClient client = new(new IPEndPoint(IPAddress.Parse(source), 0));
        await client.ConnectAsync(agent.Dns);
        await client.GetStream().WriteAsync(DnsSender.Frame(DnsTestMessage.Request(1, 0, Zone, DnsTestMessage.TypeAxfr)));
        return client;
    }

    private static async Task<DnsReply> NextAsync(TcpClient client, AgentProcess agent)
    {
        using CancellationTokenSource late = new(TimeSpan.FromSeconds(30));
        byte[] message = await DnsSender.ReadFramedAsync(client.GetStream(), late.Token)
            ?? throw new IOException($"the connection is closed\n{agent.Output}");
        return new DnsReply(message, agent.Dns);
    }

    private static async Task<string[]> IxfrAsync(AgentProcess agent, uint serial, params string[] options)
    {
        string output = await DigTool.RunAsync(agent.Dns, [.. options, "+noall", "+answer", Zone, $"IXFR={serial}"]);
        return [.. output.Split('\n').Where(line => line.Length > 0 && !line.StartsWith(';'))];
    }

    private static IEnumerable<uint> Serials(IEnumerable<string> lines) => lines
        .Select(line => line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
        .Where(parts => parts[3] == "SOA").Select(parts => uint.Parse(parts[6], System.Globalization.CultureInfo.InvariantCulture));
}
