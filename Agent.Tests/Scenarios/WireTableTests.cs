using System.Net;
using System.Net.Sockets;
using Agent.Bench.Peers;

namespace Agent.Tests.Scenarios;

/// <summary>What the agent answers to each kind of message, to the bit, over both transports.</summary>
[Trait("Category", "Long")]
public sealed class WireTableTests
{
    private const string Zone = "table.example.";
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);

    /// <summary>Flags of the request, type, class, flags of the answer; the zone is there.</summary>
    public static TheoryData<int, int, int, int> Requests => new()
    {
        { 0x7400, 65282, 65280, 0xF400 },
        { 0x7000, 65282, 65280, 0xF400 },
        { 0x7400, 65283, 65280, 0xF400 },
        { 0x7400, 65280, 65280, 0xF005 },
        { 0x7400, 65281, 65280, 0xF005 },
        { 0x7400, 6, 65280, 0xF005 },
        { 0x7400, 65282, 1, 0xF005 },
        { 0x7400, 65283, 1, 0xF005 },
        { 0x2000, 6, 1, 0xA400 },
        { 0x2100, 6, 1, 0xA500 },
        { 0x2400, 6, 1, 0xA400 },
        { 0x2500, 6, 1, 0xA500 },
        { 0x2800, 6, 1, 0xA804 },
        { 0x0800, 6, 1, 0x8804 },
        { 0x1000, 6, 1, 0x9004 },
        { 0x1800, 6, 1, 0x9804 },
        { 0x7800, 6, 1, 0xF804 },
    };

    [Theory]
    [MemberData(nameof(Requests))]
    public async Task Requests_of_one_question_are_answered_to_the_bit(int flags, int type, int recordClass, int expected)
    {
        foreach (bool byTcp in (bool[])[false, true])
        {
            await using ScriptedMaster master = new(new ScriptedZone(Zone, 1));
            await using AgentProcess agent = await StartAsync(master);
            await agent.Worker.CreateAcceptedAsync(Zone);

            WorkerClient worker = new(agent.Dns, byTcp);
            DnsReply reply = await worker.AskAsync((ushort)flags, "Table.Example.", (ushort)type, (ushort)recordClass, Soon);

            Assert.Equal(expected.ToString("x4"), reply.Flags.ToString("x4"));
            Assert.Empty(reply.Records);
        }
    }

    [Fact]
    public async Task Strangers_are_refused()
    {
        await using ScriptedMaster master = new(new ScriptedZone(Zone, 1));
        await using AgentProcess agent = await StartAsync(master, "allow-notify = [\"127.0.0.1\"]");
        await agent.Worker.CreateAcceptedAsync(Zone);
        IPAddress stranger = IPAddress.Parse("127.0.0.2");

        foreach (bool byTcp in (bool[])[false, true])
        {
            WorkerClient worker = new(agent.Dns, byTcp);
            Assert.Equal("f005", await FlagsAsync(worker, 0x7400, 65282, 65280));
            Assert.Equal("f005", await FlagsAsync(worker, 0x7400, 65283, 65280));
            Assert.Equal("a105", await FlagsAsync(worker, 0x2100, 6, 1));
            Assert.Equal("a005", await FlagsAsync(worker, 0x2000, 6, 1));
            Assert.Equal("f005", await FlagsAsync(worker, 0x7400, 65280, 65280));
        }

        Assert.Equal(1u, await WorkerClient.PollSerialAsync(agent.Dns, Zone));

        async Task<string> FlagsAsync(WorkerClient worker, ushort flags, ushort type, ushort recordClass)
        {
            byte[]? answer = await worker.ExchangeAsync(DnsTestMessage.Request(7, flags, Zone, type, recordClass), Soon, stranger);
            Assert.NotNull(answer);
            return new DnsReply(answer, agent.Dns).Flags.ToString("x4");
        }
    }

    [Fact]
    public async Task Strangers_are_told_why_when_they_can_read_it()
    {
        await using ScriptedMaster master = new(new ScriptedZone(Zone, 1));
        await using AgentProcess agent = await StartAsync(master, "allow-notify = [\"192.0.2.1\"]");

        byte[]? answer = await agent.Worker.ExchangeAsync(
            DnsTestMessage.WithOpt(DnsTestMessage.Request(7, 0x7400, Zone, 65282, 65280)), Soon);

        Assert.NotNull(answer);
        DnsReply reply = new(answer, agent.Dns);
        Assert.Equal(5, reply.ResponseCode);
        Assert.Equal((ushort)1232, reply.Opt?.Class);
        Assert.NotNull(reply.ExtendedError);
    }

    /// <summary>A CREATE changed in one place, and the response code.</summary>
    public static TheoryData<string, string> BrokenMessages => new()
    {
        { "0007740000010000000000000574" + "61626c65" + "076578616d706c6500ff02ff0000", "trailing octet" },
        { "000774000000000000000000", "no question" },
        { "0007740000020000000000000574" + "61626c65" + "076578616d706c6500ff02ff00c00cff02ff00", "two questions" },
        { "0007740000010000000000000574" + "61626c65" + "0765", "cut in the name" },
        { "000774000001000000000000c00cff02ff00", "a name that points to itself" },
        { "0007740000010001000000000574" + "61626c65" + "076578616d706c6500ff02ff00", "fewer records than counted" },
    };

    [Theory]
    [MemberData(nameof(BrokenMessages))]
    public async Task Broken_bodies_are_format_errors(string hex, string what)
    {
        await using ScriptedMaster master = new(new ScriptedZone(Zone, 1));
        await using AgentProcess agent = await StartAsync(master);

        foreach (bool byTcp in (bool[])[false, true])
        {
            byte[]? answer = await new WorkerClient(agent.Dns, byTcp).ExchangeAsync(Convert.FromHexString(hex), Soon);

            Assert.True(answer is not null, what);
            Assert.Equal("0007f001", Convert.ToHexStringLower(answer.AsSpan(0, 4)));
        }

        Assert.Empty(master.Queries);
    }

    [Theory]
    [InlineData("0007f4000001000000000000057461626c65076578616d706c6500ff02ff00")]
    [InlineData("00077400000100000000")]
    [InlineData("ff")]
    public async Task Responses_and_fragments_get_silence(string hex)
    {
        await using ScriptedMaster master = new(new ScriptedZone(Zone, 1));
        await using AgentProcess agent = await StartAsync(master);
        using UdpClient client = new(new IPEndPoint(IPAddress.Loopback, 0));
        client.Connect(agent.Dns);

        // The answer to the second message comes first: the first one got none.
        await client.SendAsync(Convert.FromHexString(hex));
        await client.SendAsync(DnsTestMessage.Request(99, 0x2800, Zone, 6));

        using CancellationTokenSource late = new(Soon);
        Assert.Equal(99, new DnsReply((await client.ReceiveAsync(late.Token)).Buffer, agent.Dns).Id);
    }

    [Fact]
    public async Task Edns_is_answered_in_kind()
    {
        await using ScriptedMaster master = new(new ScriptedZone(Zone, 1));
        await using AgentProcess agent = await StartAsync(master);
        byte[] create = DnsTestMessage.Request(7, 0x7400, Zone, 65282, 65280);

        DnsReply plain = new((await agent.Worker.ExchangeAsync(DnsTestMessage.WithOpt(create, dnssecOk: true), Soon))!, agent.Dns);
        DnsReply tooNew = new((await agent.Worker.ExchangeAsync(DnsTestMessage.WithOpt(create, version: 5), Soon))!, agent.Dns);

        Assert.Equal((0xF400, 0, 1232), (plain.Flags, plain.ResponseCode, plain.Opt!.Class));
        Assert.Equal(16, tooNew.ResponseCode);
    }

    [Fact]
    public async Task An_unknown_key_is_not_authorized()
    {
        await using ScriptedMaster master = new(new ScriptedZone(Zone, 1));
        await using AgentProcess agent = await StartAsync(master);
        byte[] rdata =
        [
            .. DnsTestMessage.EncodeName("hmac-sha256."), 0, 0, 0x68, 0, 0, 0, 1, 44, 0, 32, .. new byte[32], 0, 7, 0, 0, 0, 0,
        ];
        byte[] message = [.. DnsTestMessage.Request(7, 0x7400, Zone, 65282, 65280), .. DnsTestMessage.Record("nokey.", 250, 0, rdata, 255)];
        message[11] = 1;

        byte[]? answer = await agent.Worker.ExchangeAsync(message, Soon);

        Assert.NotNull(answer);
        DnsReply reply = new(answer, agent.Dns);
        Assert.Equal(9, reply.ResponseCode);
        Assert.Contains(reply.Records, record => record.Type == 250);
        Assert.Null(await agent.ZoneAsync(Zone));
    }

    [Fact]
    public async Task Control_by_udp_can_be_forbidden()
    {
        await using ScriptedMaster master = new(new ScriptedZone(Zone, 1));
        await using AgentProcess agent = await StartAsync(master, "control-transport = tcp");

        Assert.Equal(0xF005, (await agent.Worker.CreateAsync(Zone)).Flags);
        Assert.Equal(0xF400, (await agent.WorkerByTcp.CreateAsync(Zone)).Flags);
        Assert.Equal(0xF005, (await agent.Worker.DeleteAsync(Zone)).Flags);
        Assert.Equal(0xA500, (await agent.Worker.NotifyAsync(Zone)).Flags);
    }

    [Fact]
    public async Task Transfers_out_are_for_those_allowed()
    {
        await using ScriptedMaster master = new(new ScriptedZone(Zone, 1, hosts: 500));
        await using AgentProcess agent = await StartAsync(master, "allow-transfer = [\"127.0.0.1\"]");
        await agent.Worker.CreateAcceptedAsync(Zone);
        byte[] request = DnsTestMessage.Request(7, 0, Zone, DnsTestMessage.TypeAxfr);

        byte[]? refused = await DnsSender.AskByTcpAsync(agent.Dns, request, Soon, IPAddress.Parse("127.0.0.2"));
        byte[]? allowed = await DnsSender.AskByTcpAsync(agent.Dns, request, Soon);

        Assert.Equal(5, new DnsReply(refused!, agent.Dns).ResponseCode);
        Assert.Equal(0, new DnsReply(allowed!, agent.Dns).ResponseCode);
        Assert.NotEmpty(new DnsReply(allowed!, agent.Dns).Records);
    }

    private static Task<AgentProcess> StartAsync(ScriptedMaster master, string settings = "") => AgentProcess.StartedAsync($$"""
        backend-driver = embedded
        masters = ["{{master.EndPoint}}"]
        {{settings}}
        """);
}
