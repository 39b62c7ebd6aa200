using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Agent.Bench.Peers;
using static Agent.Tests.Conformance.ConformanceBench;

namespace Agent.Tests.Conformance;

/// <summary>Rows 38 to 50: messages that are neither CREATE nor DELETE nor NOTIFY, or hardly messages at all.</summary>
public sealed class OtherMessageTests(ConformanceBench bench) : IClassFixture<ConformanceBench>
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);

    [Theory]
    [InlineData(65282)]
    [InlineData(65283)]
    public async Task Row38_control_types_of_class_IN_are_refused(int type)
    {
        byte[] request = DnsTestMessage.Request(Id, 0x7400, "row38.example.", (ushort)type);

        await bench.ExpectAsync(0xF005, request);
        await bench.ExpectAsync(0xF005, request, byTcp: true);
    }

    [Theory]
    [InlineData(65280)]
    [InlineData(65281)]
    [InlineData(6)]
    public async Task Row39_other_types_of_the_control_class_are_refused(int type)
    {
        byte[] request = DnsTestMessage.Request(Id, 0x7400, "row39.example.", (ushort)type, ClassControl);

        await bench.ExpectAsync(0xF005, request);
        await bench.ExpectAsync(0xF005, request, byTcp: true);
    }

    [Fact]
    public async Task Row40_and_row41_queries_are_passed_on_and_transfers_are_not()
    {
        ScriptedZone zone = bench.Add("row40.example.", 40);
        await using AgentProcess agent = await StartAgentAsync(
            $"backend-driver = fake\nquery-destination = \"{bench.Master.EndPoint}\"");
        byte[] poll = DnsTestMessage.Request(Id, 0x0100, zone.Name, TypeSoa);

        byte[]? answer = await agent.Worker.ExchangeAsync(poll, Soon);

        DnsReply reply = new(answer!, agent.Dns);
        Assert.Equal((Id, 0x8500, 40u), (reply.Id, reply.Flags, reply.Serial!.Value));
        MasterQuery relayed = Assert.Single(Asked(bench.Master, zone.Name));
        Assert.Equal(0, relayed.Message[2] & 0x01);

        await ExpectAsync(agent.Dns, 0x8105, DnsTestMessage.Request(Id, 0x0100, zone.Name, DnsTestMessage.TypeAxfr), byTcp: true);
        Assert.Single(Asked(bench.Master, zone.Name));
    }

    [Fact]
    public async Task Row41_AXFR_of_a_zone_that_is_there_is_refused()
    {
        bench.Add("row41.example.");
        await bench.ExpectAsync(0xF400, Create("row41.example."));

        await bench.ExpectAsync(0x8105, DnsTestMessage.Request(Id, 0x0100, "row41.example.", DnsTestMessage.TypeAxfr), byTcp: true);
    }

    [Theory]
    [InlineData("0800", "8804")]
    [InlineData("1000", "9004")]
    [InlineData("1800", "9804")]
    [InlineData("2800", "a804")]
    [InlineData("3000", "b004")]
    [InlineData("6800", "e804")]
    [InlineData("7800", "f804")]
    public async Task Row42_other_opcodes_are_not_implemented(string flags, string expected)
    {
        byte[] request = DnsTestMessage.Request(Id, Hex(flags), "row42.example.", TypeSoa);

        await bench.ExpectAsync(Hex(expected), request);
        await bench.ExpectAsync(Hex(expected), request, byTcp: true);
    }

    [Fact]
    public async Task Row43_responses_get_silence() => await IsSilentAsync(Create("row43.example.", 0xF400));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Row44_no_question_is_a_format_error(bool byTcp) =>
        await bench.ExpectAsync(0xF001, Convert.FromHexString("123474000000000000000000"), byTcp);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Row45_two_questions_are_a_format_error_and_cause_nothing(bool byTcp)
    {
        bench.Add("row45.example.");
        byte[] create = Create("row45.example.");
        byte[] twice = [.. create, .. create[12..]];
        twice[5] = 2;

        await IsFormatErrorAsync(twice, byTcp);

        Assert.Empty(Asked(bench.Master, "row45.example."));
    }

    [Fact]
    public async Task Row46_less_than_a_header_gets_silence_and_a_broken_body_is_a_format_error()
    {
        bench.Add("row46.example.");
        byte[] create = Create("row46.example.");

        await IsSilentAsync(create[..11]);
        foreach (bool byTcp in (bool[])[false, true])
        {
            await IsFormatErrorAsync([.. create, 0], byTcp);
            await IsFormatErrorAsync(create[..^5], byTcp);
            await IsFormatErrorAsync([.. create[..12], .. "garbage of no particular shape"u8], byTcp);
        }

        Assert.Empty(Asked(bench.Master, "row46.example."));
    }

    [Fact]
    public async Task Row47_signed_with_a_key_that_is_not_ours_is_not_authorized()
    {
        bench.Add("row47.example.");
        byte[] rdata =
        [
            .. DnsTestMessage.EncodeName("hmac-sha256."), 0, 0, 0x68, 0, 0, 0, 1, 44, 0, 32, .. new byte[32], 0x12, 0x34, 0, 0, 0, 0,
        ];
        byte[] signed = [.. Create("row47.example."), .. DnsTestMessage.Record("nokey.", 250, 0, rdata, 255)];
        signed[11] = 1;

        byte[]? answer = await bench.Agent.Worker.ExchangeAsync(signed, Soon);

        DnsReply reply = new(answer!, bench.Agent.Dns);
        Assert.Equal(0xF009, reply.Flags);
        byte[] error = Assert.Single(reply.Records, record => record.Type == 250).Rdata[^4..^2];
        Assert.Equal("0011", Convert.ToHexString(error));
        Assert.Empty(Asked(bench.Master, "row47.example."));
    }

    [Fact]
    public async Task Row47b_an_IPv4_client_is_one_also_on_a_socket_of_both_families()
    {
        bench.Add("row47b.example.");
        await using AgentProcess agent = await StartAgentAsync($"host = \"::\"\nmasters = [\"{bench.Master.EndPoint}\"]");
        IPEndPoint byIPv4 = new(IPAddress.Loopback, agent.Dns.Port);

        await ExpectAsync(byIPv4, 0xF400, Create("row47b.example."));
        await ExpectAsync(byIPv4, 0xF005, Create("row47b.example."), source: Stranger);
    }

    [Fact]
    public async Task Row48_a_datagram_beyond_the_receive_buffer_changes_nothing()
    {
        bench.Add("row48.example.");
        byte[] create = DnsTestMessage.WithOpt(Create("row48.example."));
        byte[] padded = [.. create[..^2], 0x1F, 0, .. new byte[8193 - create.Length]];

        byte[]? answer = await bench.Agent.Worker.ExchangeAsync(padded, Soon);

        Assert.Equal("1234f001", Convert.ToHexStringLower(answer.AsSpan(0, 4)));
        Assert.Empty(Asked(bench.Master, "row48.example."));
    }

    [Theory]
    [InlineData("")]
    [InlineData("00")]
    [InlineData("0064123474000001")]
    public async Task Row49_and_row50_a_connection_without_a_whole_request_is_closed(string octets)
    {
        await using AgentProcess agent = await StartAgentAsync("tcp-idle-timeout = 1s");
        using TcpClient client = new();
        using CancellationTokenSource late = new(Soon);
        await client.ConnectAsync(agent.Dns, late.Token);
        NetworkStream stream = client.GetStream();
        await stream.WriteAsync(Convert.FromHexString(octets), late.Token);

        Assert.Equal(0, await stream.ReadAsync(new byte[64], late.Token));
    }

    /// <summary>The answer to what is sent after it comes first: it got none.</summary>
    private async Task IsSilentAsync(byte[] message)
    {
        using UdpClient client = new(new IPEndPoint(IPAddress.Loopback, 0));
        client.Connect(bench.Agent.Dns);
        using CancellationTokenSource late = new(Soon);

        await client.SendAsync(message, late.Token);
        await client.SendAsync(DnsTestMessage.Request(0x4321, 0x1000, "after.example.", TypeSoa), late.Token);

        byte[] first = (await client.ReceiveAsync(late.Token)).Buffer;
        Assert.Equal("43219004", Convert.ToHexStringLower(first.AsSpan(0, 4)));
    }

    private async Task IsFormatErrorAsync(byte[] message, bool byTcp)
    {
        byte[]? answer = await new WorkerClient(bench.Agent.Dns, byTcp).ExchangeAsync(message, Soon);

        Assert.NotNull(answer);
        Assert.Equal("1234f001", Convert.ToHexStringLower(answer.AsSpan(0, 4)));
    }

    private static ushort Hex(string flags) => ushort.Parse(flags, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
