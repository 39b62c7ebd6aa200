using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using Agent.Bench.Peers;

namespace Agent.Tests.Conformance;

/// <summary>
/// The set-up of the conformance table: an agent that answers for its zones by itself, two scripted masters, and 127.0.0.1 as the only
/// address that may send control messages. The rows of one class share it, each with a zone name of its own.
/// </summary>
public sealed class ConformanceBench : IAsyncLifetime
{
    public const ushort Id = 0x1234;
    public const ushort ClassControl = WorkerClient.ClassControl;
    public const ushort ClassIn = DnsTestMessage.ClassIn;
    public const ushort TypeCreate = WorkerClient.TypeCreate;
    public const ushort TypeDelete = WorkerClient.TypeDelete;
    public const ushort TypeSoa = DnsTestMessage.TypeSoa;

    public static readonly IPAddress Stranger = IPAddress.Parse("127.0.0.2");

    private readonly ConcurrentDictionary<string, Func<MasterQuery, IEnumerable<MasterStep>>> _scripts = new();
    private readonly ConcurrentDictionary<string, Func<MasterQuery, IEnumerable<MasterStep>>> _secondScripts = new();

    public ConformanceBench()
    {
        Master = new ScriptedMaster(query => Play(_scripts, query));
        Second = new ScriptedMaster(query => Play(_secondScripts, query));
        Agent = new AgentProcess($$"""
            backend-driver = embedded
            masters = ["{{Master.EndPoint}}", "{{Second.EndPoint}}"]
            allow-notify = ["127.0.0.1"]
            transfer { idle-timeout = 4s, query-timeout = 20s }
            """);
    }

    /// <summary>A master that has what the rows add; REFUSED for other names.</summary>
    public ScriptedMaster Master { get; }

    /// <summary>The same for the rows with two masters.</summary>
    public ScriptedMaster Second { get; }

    public AgentProcess Agent { get; }

    public Task InitializeAsync() => Agent.StartAsync();

    public async Task DisposeAsync()
    {
        await Agent.DisposeAsync();
        await Master.DisposeAsync();
        await Second.DisposeAsync();
    }

    /// <summary>An agent of a row's own, which answers for its zones by itself unless the settings say otherwise.</summary>
    public static Task<AgentProcess> StartAgentAsync(string settings) =>
        AgentProcess.StartedAsync("backend-driver = embedded\nallow-notify = [\"127.0.0.1\"]\n" + settings);

    /// <summary>A zone at the first master.</summary>
    public ScriptedZone Add(string name, uint serial = 1, int hosts = 3)
    {
        ScriptedZone zone = new(name, serial, hosts);
        Script(name, query => Whole(zone, query));
        return zone;
    }

    public void Script(string name, Func<MasterQuery, IEnumerable<MasterStep>> script) =>
        _scripts[Key(DnsTestMessage.EncodeName(name))] = script;

    public void ScriptSecond(string name, Func<MasterQuery, IEnumerable<MasterStep>> script) =>
        _secondScripts[Key(DnsTestMessage.EncodeName(name))] = script;

    /// <summary>What a master that behaves does, in whatever case it is asked.</summary>
    public static IEnumerable<MasterStep> Whole(ScriptedZone zone, MasterQuery query) => IsTransfer(query)
        ? zone.TransferMessages(query).Select(message => new MasterStep.Send(message))
        : [new MasterStep.Send(ScriptedZone.Response(query, 0, zone.Soa))];

    /// <summary>The same without the NS records of the apex.</summary>
    public static IEnumerable<MasterStep> WholeWithoutNameServers(ScriptedZone zone, MasterQuery query) => IsTransfer(query)
        ? [new MasterStep.Send(ScriptedZone.Response(query, 0, [zone.Soa, .. zone.Body.Skip(1), zone.Soa]))]
        : Whole(zone, query);

    public static bool IsTransfer(MasterQuery query) =>
        query.IsTcp && query.Type is DnsTestMessage.TypeAxfr or DnsTestMessage.TypeIxfr;

    public static int TransfersAt(ScriptedMaster master, string name) => Asked(master, name).Count(IsTransfer);

    /// <summary>What a master was asked for one zone.</summary>
    public static IEnumerable<MasterQuery> Asked(ScriptedMaster master, string name) =>
        master.Queries.Where(query => Key(query.Name) == Key(DnsTestMessage.EncodeName(name)));

    public static byte[] Create(string zone, ushort flags = 0x7400) => DnsTestMessage.Request(Id, flags, zone, TypeCreate, ClassControl);

    public static byte[] Delete(string zone) => DnsTestMessage.Request(Id, 0x7400, zone, TypeDelete, ClassControl);

    public static byte[] Notify(string zone, ushort flags = 0x2100) => DnsTestMessage.Request(Id, flags, zone, TypeSoa);

    /// <summary>Asks the shared agent and expects the request back with these flags and nothing else changed.</summary>
    public Task ExpectAsync(ushort flags, byte[] request, bool byTcp = false, IPAddress? source = null) =>
        ExpectAsync(Agent.Dns, flags, request, byTcp, source);

    /// <summary>The same for any agent.</summary>
    public static async Task ExpectAsync(IPEndPoint agent, ushort flags, byte[] request, bool byTcp = false, IPAddress? source = null)
    {
        byte[]? answer = await new WorkerClient(agent, byTcp).ExchangeAsync(request, WorkerClient.ControlTimeout, source);

        Assert.NotNull(answer);
        Assert.Equal(Convert.ToHexStringLower(WithFlags(request, flags)), Convert.ToHexStringLower(answer));
    }

    /// <summary>The message with other flags: all that an answer without records changes.</summary>
    public static byte[] WithFlags(byte[] message, ushort flags)
    {
        byte[] changed = [.. message];
        BinaryPrimitives.WriteUInt16BigEndian(changed.AsSpan(2), flags);
        return changed;
    }

    public Task ServedAsync(string zone, uint serial) => WorkerClient.ServedAsync(Agent.Dns, zone, serial, () => Agent.Output);

    /// <summary>Neither wanted nor served.</summary>
    public async Task NothingRemainsAsync(string zone)
    {
        await Eventually.HoldsAsync(async () => await Agent.ZoneAsync(zone) is null, () => $"{zone} is not wanted\n{Agent.Output}");
        Assert.Equal(0u, await WorkerClient.PollSerialAsync(Agent.Dns, zone));
    }

    private static IEnumerable<MasterStep> Play(
        ConcurrentDictionary<string, Func<MasterQuery, IEnumerable<MasterStep>>> scripts, MasterQuery query) =>
        scripts.TryGetValue(Key(query.Name), out Func<MasterQuery, IEnumerable<MasterStep>>? script)
            ? script(query)
            : [new MasterStep.Send(ScriptedZone.Response(query, 5))];

    private static string Key(byte[] wireName) => System.Text.Encoding.Latin1.GetString(wireName).ToLowerInvariant();
}
