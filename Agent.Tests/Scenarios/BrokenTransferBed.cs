using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using Agent.Bench.Peers;

namespace Agent.Tests.Scenarios;

/// <summary>One agent and one master for all cases: what one of them leaves behind would show in the others.</summary>
public class BrokenTransferBed : IAsyncLifetime
{
    public const string Neighbour = "neighbour.example.";

    private const int ReasonWithTextBytes = 6;

    private readonly ConcurrentDictionary<string, BrokenTransfer> _broken = new(StringComparer.Ordinal);
    private ScriptedMaster? _master;
    private int _zones;

    internal ScriptedZones Zones { get; } = new();

    public AgentProcess Agent { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        Zones.Set(new ScriptedZone(Neighbour, 1));
        _master = new ScriptedMaster(Answer);
        Agent = await AgentProcess.StartedAsync($$"""
            {{MasterSettings(_master)}}
            backend-driver = embedded
            {{TransferSettings}}
            """);
        await Agent.Worker.CreateAcceptedAsync(Neighbour);
    }

    public async Task DisposeAsync()
    {
        await Agent.DisposeAsync();
        await _master!.DisposeAsync();
    }

    public string AddZone(uint serial)
    {
        ScriptedZone zone = new($"z{Interlocked.Increment(ref _zones)}.broken.example.", serial);
        Zones.Set(zone);
        return zone.Name;
    }

    internal void Break(string zone, BrokenTransfer broken) => _broken[Key(zone)] = broken;

    /// <summary>CREATE of a zone whose transfer breaks: SERVFAIL with a reason, nothing kept, and the next one succeeds.</summary>
    internal async Task CreateFailsAsync(BrokenTransfer broken)
    {
        string zone = AddZone(serial: 7);
        Break(zone, broken);

        (DnsReply reply, string reason) = await CreateAsync(zone);

        Assert.Equal((2, false), (reply.ResponseCode, reply.IsAuthoritative));
        Assert.True(reason.Contains(broken.Reason, StringComparison.OrdinalIgnoreCase) && reason.Length > 0, $"{broken.Name}: {reason}");
        Assert.Null(await Agent.ZoneAsync(zone));
        Assert.Equal(0u, await WorkerClient.PollSerialAsync(Agent.Dns, zone));
        Assert.Equal(1u, await WorkerClient.PollSerialAsync(Agent.Dns, Neighbour));

        Repair(zone);
        await Agent.Worker.CreateAcceptedAsync(zone);
        Assert.Equal(7u, await WorkerClient.PollSerialAsync(Agent.Dns, zone));
        await Agent.Worker.DeleteAcceptedAsync(zone);
    }

    /// <summary>NOTIFY of a zone that is there and whose transfer breaks: the old content is served until a good one comes.</summary>
    internal async Task ChangeFailsAsync(BrokenTransfer broken)
    {
        string zone = AddZone(serial: 7);
        await Agent.Worker.CreateAcceptedAsync(zone);
        Break(zone, broken);
        Zones[zone].Serial = 8;

        await Agent.Worker.NotifyAcceptedAsync(zone);

        // This process is the master too: its answer may come so late that the first try says so, and the next one what is broken.
        string told = "";
        await Eventually.HoldsAsync(
            async () => (told = await ReasonAsync(zone)).Contains(broken.Reason, StringComparison.OrdinalIgnoreCase),
            () => $"{zone} with the reason {broken.Reason}, not {told}\n{Agent.Output}");
        Assert.Equal(7u, await WorkerClient.PollSerialAsync(Agent.Dns, zone));
        Repair(zone);
        await WorkerClient.ServedAsync(Agent.Dns, zone, 8, () => Agent.Output);
        await Agent.Worker.DeleteAcceptedAsync(zone);
    }

    private async Task<string> ReasonAsync(string zone)
    {
        JsonElement reason = (await Agent.ZoneAsync(zone))!.Value.GetProperty("reason");
        return reason.ValueKind == JsonValueKind.Object
            ? $"{reason.GetProperty("code").GetString()}: {reason.GetProperty("text").GetString()}"
            : "";
    }

    protected virtual string TransferSettings => BrokenTransfer.Settings;

    protected virtual string MasterSettings(ScriptedMaster master) => $"masters = [\"{master.EndPoint}\"]";

    /// <summary>What the master says when nothing is broken.</summary>
    protected virtual IEnumerable<MasterStep> GoodAnswer(MasterQuery query) => Zones.Answer(query);

    private static string Key(string zone) => Convert.ToHexString(DnsTestMessage.EncodeName(zone));

    private void Repair(string zone) => _broken.TryRemove(Key(zone), out _);

    private IEnumerable<MasterStep> Answer(MasterQuery query) =>
        query.Type is DnsTestMessage.TypeAxfr or DnsTestMessage.TypeIxfr
            && _broken.TryGetValue(Convert.ToHexString(query.Name), out BrokenTransfer? broken)
            ? broken.Script(query, Zones.Find(query.Name)!)
            : GoodAnswer(query);

    private async Task<(DnsReply Reply, string Reason)> CreateAsync(string zone)
    {
        byte[] request = DnsTestMessage.WithOpt(
            DnsTestMessage.Request(77, WorkerClient.ControlFlags, zone, WorkerClient.TypeCreate, WorkerClient.ClassControl));
        byte[]? answer = await Agent.Worker.ExchangeAsync(request, WorkerClient.ControlTimeout);
        Assert.NotNull(answer);
        DnsReply reply = new(answer, Agent.Dns);
        return (reply, Encoding.UTF8.GetString(reply.Opt!.Rdata.AsSpan(ReasonWithTextBytes)));
    }
}

/// <summary>The same with a key between master and agent.</summary>
public sealed class SignedBrokenTransferBed : BrokenTransferBed
{
    protected override string MasterSettings(ScriptedMaster master) => $$"""
        masters = [{ address = "{{master.EndPoint}}", key = "k1" }]
        keys { k1 { algorithm = hmac-sha256, secret = "{{Convert.ToBase64String(TsigForgery.RightSecret)}}" } }
        """;

    protected override IEnumerable<MasterStep> GoodAnswer(MasterQuery query)
    {
        TsigForger forger = new(query);
        return [.. base.GoodAnswer(query).Select(step => new MasterStep.Send(forger.Sign(((MasterStep.Send)step).Message)))];
    }
}
