using System.Net;
using Agent.Actors.Transfers;
using Agent.Dns.Tsig;
using Agent.Dns.Wire;
using Agent.Dns.Zones;
using Agent.Host.Transfers;
using Agent.Tests.Journal;
using Agent.Bench.Peers;
using Microsoft.Extensions.Logging.Abstractions;

namespace Agent.Tests.Transfers;

/// <summary>A master client with a spool of its own, asked through its port.</summary>
public sealed class MasterClientFixture : IAsyncDisposable
{
    public static readonly TransferLimits Generous = new(
        TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(60), MinimumBytesPerSecond: 0, MaxRecords: 0, MaxBytes: 0);

    private readonly TemporaryFolder _folder = new("spool");
    private long _id;

    public MasterClientFixture(
        MasterClientOptions? options = null,
        Func<string, CancellationToken, Task<IPAddress[]>>? lookup = null,
        TsigKeyring? keys = null,
        Func<string, Stream>? createFile = null)
    {
        // A kept connection stays good however slow the machine is, unless a test says otherwise.
        options ??= new MasterClientOptions { ConnectionReuse = TimeSpan.FromMinutes(1) };
        var spool = createFile is null ? new SpoolDirectory(_folder.FullPath) : new SpoolDirectory(_folder.FullPath, createFile);
        Keyring = new TransferKeyring(keys ?? TsigKeyring.Empty, TimeProvider.System);
        Client = new MasterClient(
            options,
            spool,
            Keyring,
            Recent,
            TimeProvider.System,
            NullLogger<MasterClient>.Instance,
            lookup ?? System.Net.Dns.GetHostAddressesAsync);
    }

    public MasterClient Client { get; }

    public RecentDifferences Recent { get; } = new(1 << 20);

    public TransferKeyring Keyring { get; }

    public ReplyProbe Probe { get; } = new();

    public string[] SpoolFiles => Directory.GetFiles(_folder.FullPath);

    /// <summary>The TLS profile that masters are asked under; null: in the clear.</summary>
    public string? Tls { get; init; }

    /// <summary>The second key of masters.</summary>
    public string? NextKey { get; init; }

    /// <summary>What new contents would replace.</summary>
    public ZoneContent? Served { get; init; }

    /// <summary>Transfers ask for the life of the zone.</summary>
    public bool AsksExpire { get; init; }

    public MasterAddress At(IPEndPoint endPoint, string? key = null) =>
        new(new Master("m1", endPoint.Address.ToString(), endPoint.Port, key) { Tls = Tls, NextKeyName = NextKey }, endPoint);

    /// <summary>Asks for a transfer and returns at once; the number of the request.</summary>
    public long Begin(IPEndPoint endPoint, string zone, TransferLimits? limits = null, string? key = null, ZoneContent? held = null)
    {
        Client.Transfer(
            new TransferZone(++_id, DomainName.Parse(zone), At(endPoint, key), limits ?? Generous)
            {
                Held = held,
                Served = Served,
                AsksExpire = AsksExpire,
            },
            Probe.ReplyTo);
        return _id;
    }

    public TransferCompleted Transfer(
        IPEndPoint endPoint, string zone, TransferLimits? limits = null, string? key = null, ZoneContent? held = null)
    {
        long id = Begin(endPoint, zone, limits, key, held);
        object final = ExpectFinal();
        Assert.Equal(id, Assert.IsType<TransferCompleted>(final).Id);
        return (TransferCompleted)final;
    }

    public TransferFailed TransferFails(
        IPEndPoint endPoint, string zone, TransferLimits? limits = null, string? key = null, ZoneContent? held = null)
    {
        long id = Begin(endPoint, zone, limits, key, held);
        object final = ExpectFinal();
        Assert.Equal(id, Assert.IsType<TransferFailed>(final).Id);
        Assert.Empty(SpoolFiles);
        return (TransferFailed)final;
    }

    /// <summary>The end of the transfer under way; signs of life before it are passed over.</summary>
    public object ExpectFinal()
    {
        object answer;
        do
            answer = Probe.ExpectLast<object>();
        while (answer is TransferMoving);
        return answer;
    }

    public SoaAnswered Ask(IPEndPoint endPoint, string zone, TimeSpan? timeout = null, string? key = null, bool byTcp = false)
    {
        var question = new AskSoa(++_id, DomainName.Parse(zone), At(endPoint, key), timeout ?? TimeSpan.FromSeconds(40)) { ByTcp = byTcp };
        Client.AskSoa(question, Probe.ReplyTo);
        SoaAnswered answer = Probe.Expect<SoaAnswered>();
        Assert.Equal(_id, answer.Id);
        return answer;
    }

    public MasterResolved Resolve(string host, int port = 5354)
    {
        Client.Resolve(new ResolveMaster(++_id, new Master("m1", host, port, null)), Probe.ReplyTo);
        MasterResolved resolved = Probe.Expect<MasterResolved>();
        Assert.Equal(_id, resolved.Id);
        return resolved;
    }

    /// <summary>The bytes that a scripted zone must come to: its records back to back, as it writes them uncompressed.</summary>
    public static byte[] Expected(ScriptedZone zone) => [.. zone.Soa, .. zone.Body.SelectMany(record => record)];

    /// <summary>The whole transfer, octet group by octet group.</summary>
    public static IEnumerable<MasterStep> Dripping(ScriptedZone zone, MasterQuery query, int pieceBytes, TimeSpan pause) =>
        zone.TransferMessages(query).Select(message => new MasterStep.Drip(DnsSender.Frame(message), pieceBytes, pause));

    public async ValueTask DisposeAsync()
    {
        await Client.DisposeAsync();
        Assert.Equal(0, Probe.Waiting);
        _folder.Dispose();
    }
}
