using System.Buffers.Binary;
using System.Globalization;
using Agent.Bench.Peers;
using static Agent.Tests.Conformance.ConformanceBench;

namespace Agent.Tests.Conformance;

/// <summary>Rows 21 to 32: NOTIFY.</summary>
public sealed class NotifyTests(ConformanceBench bench) : IClassFixture<ConformanceBench>
{
    [Fact]
    public async Task Row21_is_answered_to_the_octet_and_the_change_arrives()
    {
        ScriptedZone zone = bench.Add("example.com.", 5);
        await bench.ExpectAsync(0xF400, Create(zone.Name));
        zone.Serial = 6;
        byte[] request = Convert.FromHexString("123421000001000000000000076578616d706c6503636f6d0000060001");

        byte[]? answer = await bench.Agent.Worker.ExchangeAsync(request, WorkerClient.NotifyTimeout);

        Assert.Equal("1234a5000001000000000000076578616d706c6503636f6d0000060001", Convert.ToHexStringLower(answer!));
        await bench.ServedAsync(zone.Name, 6);
    }

    [Fact]
    public async Task Row22_without_flags_is_accepted() => await IsAcceptedAsync("row22.example.", 0x2000, 0xA400);

    [Theory]
    [InlineData("2400", "a400")]
    [InlineData("2500", "a500")]
    public async Task Row23_with_AA_is_accepted(string flags, string expected) =>
        await IsAcceptedAsync($"a{flags}.row23.example.", Hex(flags), Hex(expected));

    [Theory]
    [InlineData("2000", "a005", false)]
    [InlineData("2100", "a105", false)]
    [InlineData("2100", "a105", true)]
    public async Task Row24_from_a_stranger_is_refused_and_causes_nothing(string flags, string expected, bool byTcp)
    {
        string name = $"a{flags}-{byTcp}.row24.example.";
        bench.Add(name);
        await bench.ExpectAsync(0xF400, Create(name));
        int asked = Asked(bench.Master, name).Count();

        await bench.ExpectAsync(Hex(expected), Notify(name, Hex(flags)), byTcp, Stranger);

        Assert.Equal(asked, Asked(bench.Master, name).Count());
    }

    [Fact]
    public async Task Row25_for_an_unknown_zone_is_refused_and_causes_nothing()
    {
        bench.Add("row25.example.");

        await bench.ExpectAsync(0xA105, Notify("row25.example."));

        Assert.Empty(Asked(bench.Master, "row25.example."));
        await bench.NothingRemainsAsync("row25.example.");
    }

    [Fact]
    public async Task Row25_for_an_unknown_zone_creates_it_where_that_is_configured()
    {
        bench.Add("created.row25.example.", 8);
        await using AgentProcess agent = await StartAgentAsync(
            $"masters = [\"{bench.Master.EndPoint}\"]\non-unknown-notify = create");

        await ExpectAsync(agent.Dns, 0xA500, Notify("created.row25.example."));

        await WorkerClient.ServedAsync(agent.Dns, "created.row25.example.", 8, () => agent.Output);
    }

    [Fact]
    public async Task Row26_succeeds_though_the_transfer_fails_and_the_old_content_stays()
    {
        ScriptedZone zone = bench.Add("row26.example.", 1);
        await bench.ExpectAsync(0xF400, Create(zone.Name));
        zone.Serial = 2;
        bench.Script(zone.Name, query => IsTransfer(query)
            ? [new MasterStep.Send(ScriptedZone.Response(query, 0, [zone.Soa, .. zone.Body])), new MasterStep.Close()]
            : Whole(zone, query));

        await bench.ExpectAsync(0xA500, Notify(zone.Name));
        await Eventually.HoldsAsync(
            async () => (await bench.Agent.ZoneAsync(zone.Name))!.Value.GetRawText().Contains("transfer-broken", StringComparison.Ordinal),
            () => $"the reason is shown\n{bench.Agent.Output}");

        Assert.Equal(1u, await WorkerClient.PollSerialAsync(bench.Agent.Dns, zone.Name));
        bench.Script(zone.Name, query => Whole(zone, query));
        await bench.ServedAsync(zone.Name, 2);
    }

    [Fact]
    public async Task Row27_with_nothing_new_at_the_master_transfers_nothing()
    {
        ScriptedZone zone = bench.Add("row27.example.", 1);
        await bench.ExpectAsync(0xF400, Create(zone.Name));
        int asked = Asked(bench.Master, zone.Name).Count();

        await bench.ExpectAsync(0xA500, Notify(zone.Name));
        await Eventually.HoldsAsync(() => Asked(bench.Master, zone.Name).Count() > asked, () => "the master is asked");
        zone.Serial = 2;
        await bench.ExpectAsync(0xA500, Notify(zone.Name));
        await bench.ServedAsync(zone.Name, 2);

        Assert.Equal(2, TransfersAt(bench.Master, zone.Name));
    }

    [Fact]
    public async Task Row28_with_an_SOA_is_answered_without_it()
    {
        ScriptedZone zone = bench.Add("row28.example.", 1);
        await bench.ExpectAsync(0xF400, Create(zone.Name));
        zone.Serial = 2;
        byte[] notify = Notify(zone.Name, 0x2400);
        byte[] withSoa = [.. notify, .. zone.Soa];
        withSoa[7] = 1;

        byte[]? answer = await bench.Agent.Worker.ExchangeAsync(withSoa, WorkerClient.NotifyTimeout);

        Assert.Equal(Convert.ToHexStringLower(WithFlags(notify, 0xA400)), Convert.ToHexStringLower(answer!));
        await bench.ServedAsync(zone.Name, 2);
    }

    [Fact]
    public async Task Row28_a_newer_serial_saves_the_question_for_it_and_a_wrong_one_does_no_harm()
    {
        ScriptedZone zone = bench.Add("hint.row28.example.", 1);
        await bench.ExpectAsync(0xF400, Create(zone.Name));
        int questions = Asked(bench.Master, zone.Name).Count(query => query.Type == DnsTestMessage.TypeSoa);
        zone.Serial = 2;
        await NotifyWithSoaAsync(zone.Soa);
        await bench.ServedAsync(zone.Name, 2);
        Assert.Equal(questions, Asked(bench.Master, zone.Name).Count(query => query.Type == DnsTestMessage.TypeSoa));

        byte[] forged = zone.Soa;
        BinaryPrimitives.WriteUInt32BigEndian(forged.AsSpan(forged.Length - 20), 9);
        await NotifyWithSoaAsync(forged);
        await Eventually.HoldsAsync(
            () => Asked(bench.Master, zone.Name).Count(query => query.Type == DnsTestMessage.TypeSoa) > questions,
            () => "the master is asked for its serial when it has nothing newer");
        zone.Serial = 3;
        await bench.ExpectAsync(0xA500, Notify(zone.Name));
        await bench.ServedAsync(zone.Name, 3);

        async Task NotifyWithSoaAsync(byte[] soa)
        {
            byte[] message = [.. Notify(zone.Name, 0x2400), .. soa];
            message[7] = 1;
            Assert.NotNull(await bench.Agent.Worker.ExchangeAsync(message, WorkerClient.NotifyTimeout));
        }
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(6, 3)]
    public async Task Row29_of_another_type_or_class_is_refused(int type, int recordClass)
    {
        string name = $"t{type}.row29.example.";
        bench.Add(name);
        await bench.ExpectAsync(0xF400, Create(name));

        await bench.ExpectAsync(0xA105, DnsTestMessage.Request(Id, 0x2100, name, (ushort)type, (ushort)recordClass));
    }

    [Fact]
    public async Task Row30_and_row31_notify_delay_collects_and_a_DELETE_ends_it()
    {
        ScriptedZone zone = bench.Add("row30.example.", 1);
        await using AgentProcess agent = await StartAgentAsync($"masters = [\"{bench.Master.EndPoint}\"]\nnotify-delay = 3s");
        await ExpectAsync(agent.Dns, 0xF400, Create(zone.Name));
        zone.Serial = 2;
        int transfers = TransfersAt(bench.Master, zone.Name);

        await ExpectAsync(agent.Dns, 0xA500, Notify(zone.Name));
        await ExpectAsync(agent.Dns, 0xA500, Notify(zone.Name));
        Assert.Equal(1u, await WorkerClient.PollSerialAsync(agent.Dns, zone.Name));
        await WorkerClient.ServedAsync(agent.Dns, zone.Name, 2, () => agent.Output);
        Assert.Equal(transfers + 1, TransfersAt(bench.Master, zone.Name));

        int asked = Asked(bench.Master, zone.Name).Count();
        await ExpectAsync(agent.Dns, 0xA500, Notify(zone.Name));
        await ExpectAsync(agent.Dns, 0xF400, Delete(zone.Name));
        await ExpectAsync(agent.Dns, 0xA105, Notify(zone.Name));
        Assert.Null(await agent.ZoneAsync(zone.Name));
        Assert.Equal(0u, await WorkerClient.PollSerialAsync(agent.Dns, zone.Name));
        Assert.Equal(asked, Asked(bench.Master, zone.Name).Count());
    }

    [Fact]
    public async Task Row32_two_with_a_slow_old_transfer_and_a_newer_serial_end_with_the_newer()
    {
        ScriptedZone zone = bench.Add("row32.example.", 1);
        await bench.ExpectAsync(0xF400, Create(zone.Name));
        zone.Serial = 2;
        bool isSlow = true;
        bench.Script(zone.Name, query =>
        {
            MasterStep[] steps = [.. Whole(zone, query)];
            return IsTransfer(query) && isSlow ? [new MasterStep.Stall(), .. steps] : steps;
        });
        await bench.ExpectAsync(0xA500, Notify(zone.Name));
        await Eventually.HoldsAsync(() => TransfersAt(bench.Master, zone.Name) == 2, () => "the slow transfer runs");

        isSlow = false;
        zone.Serial = 3;
        await bench.ExpectAsync(0xA500, Notify(zone.Name));
        bench.Master.Release();

        await bench.ServedAsync(zone.Name, 3);
        await bench.Agent.ZoneIsOkAsync(zone.Name, 3);
    }

    private async Task IsAcceptedAsync(string name, ushort flags, ushort expected)
    {
        ScriptedZone zone = bench.Add(name, 1);
        await bench.ExpectAsync(0xF400, Create(name));
        zone.Serial = 2;

        await bench.ExpectAsync(expected, Notify(name, flags));

        await bench.ServedAsync(name, 2);
    }

    private static ushort Hex(string flags) => ushort.Parse(flags, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
