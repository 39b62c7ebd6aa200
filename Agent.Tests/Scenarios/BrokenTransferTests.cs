using System.Text.Json;
using Agent.Bench.Peers;
using Agent.Tests.Architecture;

namespace Agent.Tests.Scenarios;

/// <summary>A master that breaks every rule of a transfer, and an agent that must neither fall for it nor fall over it.</summary>
[Trait("Category", "Long")]
public sealed class BrokenTransferTests(BrokenTransferBed bed) : IClassFixture<BrokenTransferBed>
{
    public static TheoryData<string> Names => [.. BrokenTransfer.All.Select(broken => broken.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public Task Create_fails_with_a_reason_and_the_next_good_transfer_is_taken(string name) =>
        bed.CreateFailsAsync(BrokenTransfer.All.Single(item => item.Name == name));

    [Theory]
    [MemberData(nameof(Names))]
    public Task A_change_that_breaks_leaves_the_old_content_until_a_good_one_comes(string name) =>
        bed.ChangeFailsAsync(BrokenTransfer.All.Single(item => item.Name == name));

    /// <summary>One malformed record, of each type that has a shape, spoils a zone; the reason names it.</summary>
    [Fact]
    public async Task A_malformed_record_of_any_type_is_refused_and_named()
    {
        foreach (BrokenTransfer broken in BrokenTransfer.Malformed)
            await bed.CreateFailsAsync(broken);
    }

    [Fact]
    public async Task A_change_with_a_malformed_record_leaves_the_old_content_until_a_good_one_comes() =>
        await bed.ChangeFailsAsync(BrokenTransfer.Malformed.Single(item => item.Name == "TXT: string beyond its end"));

    /// <summary>What is allowed, or leaves no doubt, is taken: a zone must not stand still for the habits of its master.</summary>
    [Fact]
    public async Task Odd_transfers_are_taken()
    {
        List<(string, int)> taken = [];
        foreach (OddTransfer odd in OddTransfer.All)
        {
            string zone = bed.AddZone(serial: 7);
            bed.Break(zone, new BrokenTransfer(odd.Name, "", odd.Script));
            int code = (await bed.Agent.Worker.CreateAsync(zone)).ResponseCode;
            Assert.True(code == 0, $"{odd.Name}: {code}\n{bed.Agent.Output}");
            long records = (await bed.Agent.ZoneAsync(zone))!.Value.GetProperty("records").GetInt64();
            foreach (string twice in new[] { "host2.", "twice." })
            {
                DnsReply served = await bed.Agent.Worker.AskAsync(0, twice + zone, 1, 1, WorkerClient.NotifyTimeout);
                Assert.True(served.AnswerCount <= 1, $"{odd.Name}: {served}");
            }

            taken.Add((odd.Name, (int)records));
            await bed.Agent.Worker.DeleteAcceptedAsync(zone);
        }

        Assert.Equal(OddTransfer.All.Select(odd => (odd.Name, odd.Records)), taken);
    }

    /// <summary>Serials are compared as RFC 1982 says: 3 is newer than 4294967295, and 4294967295 is older than 3.</summary>
    [Fact]
    public async Task A_serial_that_passes_the_end_of_its_numbers_is_a_newer_one_and_the_way_back_an_older()
    {
        string zone = bed.AddZone(serial: uint.MaxValue);
        await bed.Agent.Worker.CreateAcceptedAsync(zone);
        bed.Zones[zone].Serial = 3;
        await bed.Agent.Worker.NotifyAcceptedAsync(zone);
        await WorkerClient.ServedAsync(bed.Agent.Dns, zone, 3, () => bed.Agent.Output);

        bed.Zones[zone].Serial = uint.MaxValue;
        await bed.Agent.Worker.NotifyAcceptedAsync(zone);
        await Eventually.HoldsAsync(
            async () => (await bed.Agent.ZoneAsync(zone))!.Value.GetProperty("reason") is { ValueKind: JsonValueKind.Object } reason
                && reason.GetProperty("code").GetString() == "serial-went-back",
            () => $"{zone} with an older serial at its master\n{bed.Agent.Output}");
        Assert.Equal(3u, await WorkerClient.PollSerialAsync(bed.Agent.Dns, zone));
        await bed.Agent.Worker.DeleteAcceptedAsync(zone);
    }

    [Fact]
    public async Task Records_of_other_zones_are_left_out()
    {
        string zone = bed.AddZone(serial: 7);
        bed.Break(zone, new BrokenTransfer("", "", (query, content) => [new MasterStep.Send(ScriptedZone.Response(
            query, 0, [content.Soa, DnsTestMessage.Record("www.other.example.", 1, 60, [192, 0, 2, 66]), .. content.Body, content.Soa]))]));

        await bed.Agent.Worker.CreateAcceptedAsync(zone);

        Assert.Equal(7u, await WorkerClient.PollSerialAsync(bed.Agent.Dns, zone));
        DnsReply foreign = await bed.Agent.Worker.AskAsync(0, "www.other.example.", 1, 1, WorkerClient.NotifyTimeout);
        Assert.Equal(0, foreign.AnswerCount);
        await bed.Agent.Worker.DeleteAcceptedAsync(zone);
    }

    [Fact]
    public async Task The_page_tells_what_the_agent_did_in_each_case()
    {
        string page = await File.ReadAllTextAsync(Path.Combine(SourceTree.Root, "docs", "transfers.md"));
        Assert.All(
            BrokenTransfer.All.Concat(BrokenSignature.All).Select(broken => broken.Name).Concat(OddTransfer.All.Select(odd => odd.Name)),
            name => Assert.Contains($"| {name} |", page, StringComparison.Ordinal));
    }
}

/// <summary>The same under a key: the content may be good, the proof of it is not.</summary>
public sealed class BrokenSignatureTests(SignedBrokenTransferBed bed) : IClassFixture<SignedBrokenTransferBed>
{
    public static TheoryData<string> Names => [.. BrokenSignature.All.Select(broken => broken.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public Task Create_fails_with_a_reason_and_the_next_good_transfer_is_taken(string name) =>
        bed.CreateFailsAsync(BrokenSignature.All.Single(item => item.Name == name));

    [Theory]
    [MemberData(nameof(Names))]
    public Task A_change_that_breaks_leaves_the_old_content_until_a_good_one_comes(string name) =>
        bed.ChangeFailsAsync(BrokenSignature.All.Single(item => item.Name == name));

    /// <summary>The limit itself is allowed: nothing is refused that the standard permits (RFC 8945 5.3.1).</summary>
    [Fact]
    public async Task Ninety_nine_unsigned_messages_between_two_signed_ones_are_taken()
    {
        string zone = bed.AddZone(serial: 7);
        bed.Break(zone, BrokenSignature.WithUnsignedBetween(99));
        await bed.Agent.Worker.CreateAcceptedAsync(zone);
        Assert.Equal(7u, await WorkerClient.PollSerialAsync(bed.Agent.Dns, zone));
    }
}
