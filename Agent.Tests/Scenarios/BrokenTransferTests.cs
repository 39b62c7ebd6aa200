using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using Agent.Tests.Architecture;
using Agent.Bench.Peers;

namespace Agent.Tests.Scenarios;

/// <summary>A master that breaks every rule of a transfer, and an agent that must neither fall for it nor fall over it.</summary>
public sealed class BrokenTransferTests(BrokenTransferTests.Bed bed) : IClassFixture<BrokenTransferTests.Bed>
{
    private const int ReasonWithTextBytes = 6;

    public static TheoryData<string> Names => [.. BrokenTransfer.All.Select(broken => broken.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Create_fails_with_a_reason_and_the_next_good_transfer_is_taken(string name)
    {
        BrokenTransfer broken = BrokenTransfer.All.Single(item => item.Name == name);
        string zone = bed.AddZone(serial: 7);
        bed.Break(zone, broken);

        (DnsReply reply, string reason) = await CreateAsync(zone);

        Assert.Equal((2, false), (reply.ResponseCode, reply.IsAuthoritative));
        Assert.Contains(broken.Reason, reason, StringComparison.OrdinalIgnoreCase);
        Assert.True(reason.Length > 0, "no reason");
        Assert.Null(await bed.Agent.ZoneAsync(zone));
        Assert.Equal(0u, await WorkerClient.PollSerialAsync(bed.Agent.Dns, zone));
        Assert.Equal(1u, await WorkerClient.PollSerialAsync(bed.Agent.Dns, Bed.Neighbour));

        bed.Repair(zone);
        await bed.Agent.Worker.CreateAcceptedAsync(zone);
        Assert.Equal(7u, await WorkerClient.PollSerialAsync(bed.Agent.Dns, zone));
        await bed.Agent.Worker.DeleteAcceptedAsync(zone);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_change_that_breaks_leaves_the_old_content_until_a_good_one_comes(string name)
    {
        BrokenTransfer broken = BrokenTransfer.All.Single(item => item.Name == name);
        string zone = bed.AddZone(serial: 7);
        await bed.Agent.Worker.CreateAcceptedAsync(zone);
        bed.Break(zone, broken);
        bed.Zones[zone].Serial = 8;

        await bed.Agent.Worker.NotifyAcceptedAsync(zone);

        await Eventually.HoldsAsync(
            async () => (await bed.Agent.ZoneAsync(zone))!.Value.GetProperty("reason").ValueKind == JsonValueKind.Object,
            () => $"{zone} with a reason\n{bed.Agent.Output}");
        Assert.Equal(7u, await WorkerClient.PollSerialAsync(bed.Agent.Dns, zone));
        bed.Repair(zone);
        await WorkerClient.ServedAsync(bed.Agent.Dns, zone, 8, () => bed.Agent.Output);
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
        string page = await File.ReadAllTextAsync(Path.Combine(SourceTree.Root, "docs", "hostile-input.md"));
        Assert.All(BrokenTransfer.All, broken => Assert.Contains($"| {broken.Name} |", page, StringComparison.Ordinal));
    }

    private async Task<(DnsReply Reply, string Reason)> CreateAsync(string zone)
    {
        byte[] request = DnsTestMessage.WithOpt(
            DnsTestMessage.Request(77, WorkerClient.ControlFlags, zone, WorkerClient.TypeCreate, WorkerClient.ClassControl));
        byte[]? answer = await bed.Agent.Worker.ExchangeAsync(request, WorkerClient.ControlTimeout);
        Assert.NotNull(answer);
        DnsReply reply = new(answer, bed.Agent.Dns);
        return (reply, Encoding.UTF8.GetString(reply.Opt!.Rdata.AsSpan(ReasonWithTextBytes)));
    }

    /// <summary>One agent and one master for all cases: what one of them leaves behind would show in the others.</summary>
    public sealed class Bed : IAsyncLifetime
    {
        public const string Neighbour = "neighbour.example.";

        private readonly ConcurrentDictionary<string, BrokenTransfer> _broken = new(StringComparer.Ordinal);
        private ScriptedMaster? _master;
        private int _zones;

        internal ScriptedZones Zones { get; } = new();

        public AgentProcess Agent { get; private set; } = null!;

        public string AddZone(uint serial)
        {
            ScriptedZone zone = new($"z{Interlocked.Increment(ref _zones)}.broken.example.", serial);
            Zones.Set(zone);
            return zone.Name;
        }

        internal void Break(string zone, BrokenTransfer broken) => _broken[Convert.ToHexString(DnsTestMessage.EncodeName(zone))] = broken;

        internal void Repair(string zone) => _broken.TryRemove(Convert.ToHexString(DnsTestMessage.EncodeName(zone)), out _);

        public async Task InitializeAsync()
        {
            Zones.Set(new ScriptedZone(Neighbour, 1));
            _master = new ScriptedMaster(Answer);
            Agent = await AgentProcess.StartedAsync($$"""
                masters = ["{{_master.EndPoint}}"]
                backend-driver = embedded
                {{BrokenTransfer.Settings}}
                """);
            await Agent.Worker.CreateAcceptedAsync(Neighbour);
        }

        public async Task DisposeAsync()
        {
            await Agent.DisposeAsync();
            await _master!.DisposeAsync();
        }

        private IEnumerable<MasterStep> Answer(MasterQuery query) =>
            query.Type == DnsTestMessage.TypeAxfr && _broken.TryGetValue(Convert.ToHexString(query.Name), out BrokenTransfer? broken)
                ? broken.Script(query, Zones.Find(query.Name)!)
                : Zones.Answer(query);
    }
}
