using System.Net.Sockets;
using System.Net;
using System.Text.Json;
using Agent.Bench.Peers;
using static Agent.Tests.Conformance.ConformanceBench;

namespace Agent.Tests.Conformance;

/// <summary>Rows 1 to 20: CREATE.</summary>
public sealed class CreateTests(ConformanceBench bench) : IClassFixture<ConformanceBench>
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Row01_is_answered_to_the_octet_once_the_zone_is_served()
    {
        bench.Add("example.com.", 17);
        byte[] request = Convert.FromHexString("123474000001000000000000076578616d706c6503636f6d00ff02ff00");

        byte[]? answer = await bench.Agent.Worker.ExchangeAsync(request, Soon);

        Assert.Equal("1234f4000001000000000000076578616d706c6503636f6d00ff02ff00", Convert.ToHexStringLower(answer!));
        Assert.Equal(17u, await WorkerClient.PollSerialAsync(bench.Agent.Dns, "example.com."));
    }

    [Fact]
    public async Task Row02_needs_no_AA_in_the_request()
    {
        bench.Add("row02.example.");

        await bench.ExpectAsync(0xF400, Create("row02.example.", 0x7000));

        await bench.ServedAsync("row02.example.", 1);
    }

    [Fact]
    public async Task Row03_of_a_zone_that_is_there_succeeds_and_asks_the_master_again()
    {
        ScriptedZone zone = bench.Add("row03.example.");
        await bench.ExpectAsync(0xF400, Create("row03.example."));
        zone.Serial = 2;

        await bench.ExpectAsync(0xF400, Create("row03.example."));

        await bench.ServedAsync("row03.example.", 2);
    }

    [Fact]
    public async Task Row04_of_a_zone_with_serial_0_finds_it_present()
    {
        ScriptedZone zone = bench.Add("row04.example.", 0);
        await using AgentProcess agent = await StartAgentAsync($"backend-driver = fake\nmasters = [\"{bench.Master.EndPoint}\"]");
        await ExpectAsync(agent.Dns, 0xF400, Create("row04.example."));
        int transfers = TransfersAt(bench.Master, zone.Name);

        await ExpectAsync(agent.Dns, 0xF400, Create("row04.example."));

        Assert.Equal(transfers, TransfersAt(bench.Master, zone.Name));
        await agent.ZoneIsOkAsync("row04.example.", 0);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Row05_from_a_stranger_is_refused_and_causes_nothing(bool byTcp)
    {
        bench.Add("row05.example.");

        await bench.ExpectAsync(0xF005, Create("row05.example."), byTcp, Stranger);

        Assert.Empty(Asked(bench.Master, "row05.example."));
        await bench.NothingRemainsAsync("row05.example.");
    }

    [Fact]
    public async Task Row06_is_for_everybody_when_any_is_said_and_for_the_masters_when_nothing_is()
    {
        bench.Add("row06.example.");
        string masters = $"backend-driver = embedded\nmasters = [\"{bench.Master.EndPoint}\"]\n";
        await using AgentProcess open = await AgentProcess.StartedAsync(masters + "allow-notify = [any]");
        await using AgentProcess unsaid = await AgentProcess.StartedAsync(masters);

        await ExpectAsync(open.Dns, 0xF400, Create("row06.example."), source: Stranger);
        await Eventually.HoldsAsync(
            () => open.Output.Contains("contains any", StringComparison.Ordinal), () => $"a warning\n{open.Output}");
        await ExpectAsync(unsaid.Dns, 0xF005, Create("row06.example."), source: Stranger);
        await ExpectAsync(unsaid.Dns, 0xF400, Create("row06.example."), source: IPAddress.Loopback);
    }

    [Fact]
    public async Task Row07_fails_when_no_master_can_be_reached()
    {
        await using AgentProcess agent = await StartAgentAsync(
            $"masters = [\"127.0.0.1:{LoopbackPort.Next()}\", \"[::1]:{LoopbackPort.Next()}\"]");

        await ExpectAsync(agent.Dns, 0xF002, Create("row07.example."));

        Assert.Null(await agent.ZoneAsync("row07.example."));
    }

    [Fact]
    public async Task Row08_fails_when_every_master_refuses_the_transfer()
    {
        ScriptedZone zone = new("row08.example.", 4);
        bench.Script(zone.Name, query => RefusesTransfer(zone, query));
        bench.ScriptSecond(zone.Name, query => RefusesTransfer(zone, query));

        await bench.ExpectAsync(0xF002, Create(zone.Name));

        Assert.Equal((1, 1), (TransfersAt(bench.Master, zone.Name), TransfersAt(bench.Second, zone.Name)));
        await bench.NothingRemainsAsync(zone.Name);
    }

    [Fact]
    public async Task Row09_takes_the_zone_from_the_second_master_when_the_first_refuses_it()
    {
        ScriptedZone refused = new("row09.example.", 5);
        ScriptedZone given = new("row09.example.", 4);
        bench.Script(refused.Name, query => RefusesTransfer(refused, query));
        bench.ScriptSecond(given.Name, query => Whole(given, query));

        await bench.ExpectAsync(0xF400, Create(given.Name));

        Assert.Equal(4u, await WorkerClient.PollSerialAsync(bench.Agent.Dns, given.Name));
        Assert.Equal(1, TransfersAt(bench.Master, refused.Name));
    }

    [Fact]
    public async Task Row10_bears_with_a_transfer_that_pauses_and_gives_up_on_one_that_stops()
    {
        ScriptedZone pausing = new("row10.example.", 3);
        ScriptedZone stopping = new("stops.row10.example.", 3);
        bench.Script(pausing.Name, query => IsTransfer(query)
            ? [Paused(DnsSender.Frame(Assert.Single(pausing.TransferMessages(query))))]
            : Whole(pausing, query));
        bench.Script(stopping.Name, query => IsTransfer(query)
            ? [new MasterStep.Send(ScriptedZone.Response(query, 0, stopping.Soa)), new MasterStep.Stall()]
            : Whole(stopping, query));

        await Task.WhenAll(
            bench.ExpectAsync(0xF400, Create(pausing.Name)), bench.ExpectAsync(0xF002, Create(stopping.Name)));

        await bench.ServedAsync(pausing.Name, 3);
        await bench.NothingRemainsAsync(stopping.Name);

        static MasterStep Paused(byte[] frame) => new MasterStep.Drip(frame, (frame.Length / 2) + 1, TimeSpan.FromSeconds(1.2));
    }

    [Fact]
    public async Task Row11_puts_a_transfer_of_three_messages_together()
    {
        ScriptedZone zone = new("row11.example.", 6);
        byte[] first = DnsTestMessage.Record("split.row11.example.", 1, 60, [192, 0, 2, 1]);
        byte[] second = DnsTestMessage.Record("split.row11.example.", 1, 60, [192, 0, 2, 2]);
        bench.Script(zone.Name, query => IsTransfer(query)
            ? [
                new MasterStep.Send(ScriptedZone.Response(query, 0, [zone.Soa, .. zone.Body, first])),
                new MasterStep.Send(ScriptedZone.Response(query, 0, second)),
                new MasterStep.Send(ScriptedZone.Response(query, 0, zone.Soa)),
            ]
            : Whole(zone, query));

        await bench.ExpectAsync(0xF400, Create(zone.Name));

        DnsReply reply = await bench.Agent.Worker.AskAsync(0, "split.row11.example.", 1, ClassIn, Soon);
        Assert.Equal(["192.0.2.1", "192.0.2.2"], reply.Records.Take(reply.AnswerCount)
            .Select(record => new IPAddress(record.Rdata).ToString()).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Row12_publishes_nothing_of_a_transfer_that_turns_into_an_error()
    {
        ScriptedZone zone = new("row12.example.", 6);
        bench.Script(zone.Name, query => IsTransfer(query)
            ? [
                new MasterStep.Send(ScriptedZone.Response(query, 0, [zone.Soa, .. zone.Body])),
                new MasterStep.Send(ScriptedZone.Response(query, 2)),
            ]
            : Whole(zone, query));

        await bench.ExpectAsync(0xF002, Create(zone.Name));

        await bench.NothingRemainsAsync(zone.Name);
    }

    [Theory]
    [InlineData("fin.row13.example.")]
    [InlineData("rst.row13.example.")]
    public async Task Row13_publishes_nothing_of_a_transfer_without_its_end(string name)
    {
        ScriptedZone zone = new(name, 6);
        MasterStep end = name.StartsWith("rst", StringComparison.Ordinal) ? new MasterStep.Reset() : new MasterStep.Close();
        bench.Script(zone.Name, query => IsTransfer(query)
            ? [new MasterStep.Send(ScriptedZone.Response(query, 0, [zone.Soa, .. zone.Body])), end]
            : Whole(zone, query));

        await bench.ExpectAsync(0xF002, Create(zone.Name));

        await bench.NothingRemainsAsync(zone.Name);
    }

    [Fact]
    public async Task Row14_fails_when_the_zone_has_no_name_server_at_its_apex()
    {
        ScriptedZone zone = new("row14.example.", 6);
        bench.Script(zone.Name, query => WholeWithoutNameServers(zone, query));

        await bench.ExpectAsync(0xF002, Create(zone.Name));

        Assert.Null(await bench.Agent.ZoneAsync(zone.Name));
        Assert.Equal(0u, await WorkerClient.PollSerialAsync(bench.Agent.Dns, zone.Name));
    }

    [Fact]
    public async Task Row14_keeps_the_old_content_of_a_zone_that_loses_its_name_servers()
    {
        ScriptedZone zone = new("row14b.example.", 6);
        bench.Script(zone.Name, zone.Answer);
        await bench.ExpectAsync(0xF400, Create(zone.Name));
        zone.Serial = 7;
        bench.Script(zone.Name, query => WholeWithoutNameServers(zone, query));

        await bench.ExpectAsync(0xA500, Notify(zone.Name));

        await Eventually.HoldsAsync(
            async () => (await bench.Agent.ZoneAsync(zone.Name))!.Value.GetProperty("state").GetString() == "blocked",
            () => $"the zone is blocked\n{bench.Agent.Output}");
        JsonElement shown = (await bench.Agent.ZoneAsync(zone.Name))!.Value;
        Assert.Equal("guard-apex", shown.GetProperty("reason").GetProperty("code").GetString());
        Assert.Equal(6u, await WorkerClient.PollSerialAsync(bench.Agent.Dns, zone.Name));
    }

    [Fact]
    public async Task Row15_fails_without_AA_when_the_server_refuses_the_zone()
    {
        bench.Add("row15.example.");
        using TemporaryFolder folder = new("row15");
        await using AgentProcess agent = await StartAgentAsync(FailingTarget.Settings(bench.Master, folder, "apply"));

        await ExpectAsync(agent.Dns, 0xF002, Create("row15.example."));

        await Eventually.HoldsAsync(
            async () => await agent.ZoneAsync("row15.example.") is null, () => $"nothing remains wanted\n{agent.Output}");
        Assert.Empty(Directory.GetFiles(folder.Combine("zones")));
    }

    [Fact]
    public async Task Row16_sent_again_while_it_runs_joins_the_first()
    {
        ScriptedZone zone = new("row16.example.", 6);
        bench.Script(zone.Name, query => IsTransfer(query) ? [new MasterStep.Stall(), .. Whole(zone, query)] : Whole(zone, query));
        Task first = bench.ExpectAsync(0xF400, Create(zone.Name));
        await Eventually.HoldsAsync(() => TransfersAt(bench.Master, zone.Name) == 1, () => "the transfer runs");

        Task second = bench.ExpectAsync(0xF400, Create(zone.Name));
        await CreateAskedAsync(zone.Name, 2);
        bench.Master.Release();
        await Task.WhenAll(first, second);

        Assert.Equal(1, TransfersAt(bench.Master, zone.Name));
    }

    [Fact]
    public async Task Row17_with_a_NOTIFY_right_behind_it_both_are_answered()
    {
        ScriptedZone zone = new("row17.example.", 6);
        bench.Script(zone.Name, query => IsTransfer(query) ? [new MasterStep.Stall(), .. Whole(zone, query)] : Whole(zone, query));
        Task create = bench.ExpectAsync(0xF400, Create(zone.Name));
        await Eventually.HoldsAsync(() => TransfersAt(bench.Master, zone.Name) == 1, () => "the transfer runs");

        await bench.ExpectAsync(0xA500, Notify(zone.Name));
        Assert.False(create.IsCompleted);
        bench.Master.Release();
        await create;

        Assert.Equal(1, TransfersAt(bench.Master, zone.Name));
    }

    [Fact]
    public async Task Row18_by_TCP_has_the_same_answer_and_leaves_the_connection_open()
    {
        bench.Add("row18.example.");
        using TcpClient client = new();
        using CancellationTokenSource late = new(Soon);
        await client.ConnectAsync(bench.Agent.Dns, late.Token);
        NetworkStream stream = client.GetStream();

        foreach (byte[] request in (byte[][])[Create("row18.example."), Notify("row18.example."), Delete("row18.example.")])
        {
            await stream.WriteAsync(DnsSender.Frame(request), late.Token);
            byte[]? answer = await DnsSender.ReadFramedAsync(stream, late.Token);
            Assert.Equal(
                Convert.ToHexStringLower(WithFlags(request, (ushort)(0x8000 | (request[2] << 8) | 0x0400))),
                Convert.ToHexStringLower(answer!));
        }
    }

    [Fact]
    public async Task Row19_requests_pipelined_in_one_connection_are_all_answered()
    {
        bench.Add("row19.example.");
        byte[] create = Create("row19.example.");
        byte[] status = DnsTestMessage.Request(0x4321, 0x1000, "row19.example.", TypeSoa);
        using TcpClient client = new();
        using CancellationTokenSource late = new(Soon);
        await client.ConnectAsync(bench.Agent.Dns, late.Token);
        NetworkStream stream = client.GetStream();

        await stream.WriteAsync((byte[])[.. DnsSender.Frame(create), .. DnsSender.Frame(status)], late.Token);
        string[] answers =
        [
            Convert.ToHexStringLower((await DnsSender.ReadFramedAsync(stream, late.Token))!),
            Convert.ToHexStringLower((await DnsSender.ReadFramedAsync(stream, late.Token))!),
        ];

        Assert.Contains(Convert.ToHexStringLower(WithFlags(create, 0xF400)), answers);
        Assert.Contains(Convert.ToHexStringLower(WithFlags(status, 0x9004)), answers);
    }

    [Fact]
    public async Task Row20_with_EDNS_is_answered_with_EDNS()
    {
        bench.Add("row20.example.");
        byte[] create = Create("row20.example.");

        byte[]? plain = await bench.Agent.Worker.ExchangeAsync(DnsTestMessage.WithOpt(create, dnssecOk: true), Soon);
        byte[]? tooNew = await bench.Agent.Worker.ExchangeAsync(DnsTestMessage.WithOpt(create, version: 5), Soon);

        string expected = Convert.ToHexStringLower(DnsTestMessage.WithOpt(WithFlags(create, 0xF400), 1232, dnssecOk: true));
        Assert.Equal(expected, Convert.ToHexStringLower(plain!));
        DnsReply badVersion = new(tooNew!, bench.Agent.Dns);
        Assert.Equal((0xF000, 16, 0u), (badVersion.Flags, badVersion.ResponseCode, (badVersion.Opt!.Ttl >> 16) & 0xFF));
    }

    private static IEnumerable<MasterStep> RefusesTransfer(ScriptedZone zone, MasterQuery query) =>
        IsTransfer(query) ? [new MasterStep.Send(ScriptedZone.Response(query, 5))] : Whole(zone, query);

    /// <summary>Waits until so many CREATEs of the zone have reached its owner.</summary>
    private Task CreateAskedAsync(string zone, int count) => Eventually.HoldsAsync(
        async () => await HistoryAsync(zone) is { } history
            && history.Split("create-asked", StringSplitOptions.None).Length - 1 >= count,
        () => $"{count} CREATEs noted for {zone}\n{bench.Agent.Output}");

    private async Task<string?> HistoryAsync(string zone) =>
        (await bench.Agent.GetAsync($"/api/v1/zones/{zone}/history"))?.GetRawText();
}
