using System.Net;
using Agent.Actors.Backends;
using Agent.Backends.Bind9;
using Agent.Backends.Knot;
using Agent.Backends.Nsd;
using Agent.Backends.PowerDnsApi;
using Agent.Backends.Shared;
using Agent.Bench.Peers;
using Agent.Dns.Wire;
using Agent.Tests.Backends.Knot;
using Agent.Tests.Backends.Nsd;
using Agent.Tests.Backends.PowerDnsApi;
using Agent.Tests.Scenarios;

namespace Agent.Tests.Backends.Secondaries;

/// <summary>A server that transfers its zones from a scripted primary, and its driver.</summary>
internal sealed class SecondaryBed : IAsyncDisposable
{
    private readonly Func<bool, IZoneBackend> _create;
    private readonly List<IZoneBackend> _drivers = [];
    private readonly ScriptedMaster _primary;

    private SecondaryBed(DnsServer server, ScriptedZones zones, ScriptedMaster primary, Func<bool, IZoneBackend> create)
    {
        Server = server;
        AtPrimary = zones;
        _primary = primary;
        _create = create;
        Driver = Again(isSecondary: true);
    }

    public DnsServer Server { get; }

    /// <summary>What the primary has; in data style it is not asked.</summary>
    public ScriptedZones AtPrimary { get; }

    /// <summary>The driver in secondary style.</summary>
    public BackendCaller Driver { get; }

    /// <summary>Files that belong to zones; none where the server keeps them elsewhere.</summary>
    public Func<IEnumerable<string>> Files { get; private init; } = () => [];

    public static Task<SecondaryBed> StartAsync(string driver) => driver switch
    {
        "bind9" => Bind9Async(),
        "knot" => KnotAsync(),
        "nsd" => NsdAsync(),
        "powerdns-api" => PowerDnsAsync(),
        _ => throw new ArgumentOutOfRangeException(nameof(driver), driver, "has no bed"),
    };

    /// <summary>A driver that knows nothing of what others did.</summary>
    public BackendCaller Again(bool isSecondary)
    {
        IZoneBackend created = _create(isSecondary);
        _drivers.Add(created);
        return new BackendCaller(created);
    }

    /// <summary>Brings a version to the primary, and has the driver bring it to the server.</summary>
    public async Task<ScriptedZone> BringAsync(DomainName zone, uint serial, int hosts = 1)
    {
        ScriptedZone content = new(zone.ToString(), serial, hosts);
        AtPrimary.Set(content);
        await DoneAsync(Driver.ApplyAsync(zone, SmallZone.Create(zone, serial, hosts)));
        await ServedAsync(zone, serial);
        return content;
    }

    public async Task DoneAsync(Task<OrderFinished> order)
    {
        OrderFinished answer = await order;
        Assert.True(answer.Outcome == OrderOutcome.Done, $"{answer.Reason}\n{Server.Output}");
    }

    public Task ServedAsync(DomainName zone, uint serial) => SeenAsync(zone, Observation.Present, serial);

    public Task GoneAsync(DomainName zone) => SeenAsync(zone, Observation.Absent, 0);

    /// <summary>Everything that the server has of the zone, without the closing SOA.</summary>
    public Task<IReadOnlyList<string>> ContentAsync(DomainName zone) => DigTool.TransferAsync(Server.EndPoint, zone.ToString());

    public Task<IReadOnlyList<string>> PrimaryContentAsync(DomainName zone) => DigTool.TransferAsync(_primary.EndPoint, zone.ToString());

    public async ValueTask DisposeAsync()
    {
        foreach (IZoneBackend driver in _drivers)
            await driver.DisposeAsync();
        await Server.DisposeAsync();
        await _primary.DisposeAsync();
    }

    private async Task SeenAsync(DomainName zone, Observation observation, uint serial)
    {
        ZoneObserved? last = null;
        await Eventually.HoldsAsync(
            async () => (last = await Driver.ObserveAsync(zone)).Observation == observation && last.Serial == serial,
            () => $"{zone} {observation} {serial}, seen {last}\n{Server.Output}");
    }

    private static async Task<SecondaryBed> Bind9Async()
    {
        ScriptedZones zones = new();
        ScriptedMaster primary = new(zones.Answer);
        // What named's caution would make of two hundred zones that come at once.
        BindServer server = new() { ExtraOptions = "transfers-per-ns 50; transfers-in 50; serial-query-rate 1000;" };
        await server.StartAsync();
        return new SecondaryBed(server, zones, primary, isSecondary => new Bind9Backend(
            new Bind9Options(server.ZoneFolder)
            {
                Port = server.ControlPort,
                KeyFile = server.ControlKeyFile,
                Server = server.EndPoint,
                Secondary = isSecondary ? From(primary.EndPoint) : null,
            },
            TimeProvider.System))
        {
            Files = () => Directory.GetFiles(server.ZoneFolder, "*.zone*"),
        };
    }

    private static async Task<SecondaryBed> KnotAsync()
    {
        ScriptedZones zones = new();
        ScriptedMaster primary = new(zones.Answer);
        KnotServer server = new() { HasDatabase = true };
        await server.StartAsync();
        return new SecondaryBed(server, zones, primary, isSecondary => new KnotBackend(
            KnotTarget.OptionsOf(server) with { Secondary = isSecondary ? From(primary.EndPoint) : null }, TimeProvider.System))
        {
            Files = () => Directory.GetFiles(server.ZoneFolder),
        };
    }

    private static async Task<SecondaryBed> NsdAsync()
    {
        ScriptedZones zones = new();
        ScriptedMaster primary = new(zones.Answer);
        NsdServer server = new() { PatternPrimary = primary.EndPoint };
        await server.StartAsync();
        return new SecondaryBed(server, zones, primary, isSecondary => new NsdBackend(
            NsdTarget.OptionsOf(server, isSecondary ? NsdServer.SecondaryPattern : NsdServer.TargetPattern) with
            {
                IsSecondary = isSecondary,
            },
            TimeProvider.System))
        {
            Files = () => Directory.Exists(server.ZoneFolder) ? Directory.GetFiles(server.ZoneFolder) : [],
        };
    }

    private static async Task<SecondaryBed> PowerDnsAsync()
    {
        ScriptedZones zones = new();
        ScriptedMaster primary = new(zones.Answer);
        PowerDnsTarget server = new() { IsSecondary = true };
        await server.StartAsync();
        return new SecondaryBed(server, zones, primary, isSecondary => new PowerDnsApiBackend(
            ApiTarget.OptionsOf(server) with { Secondary = isSecondary ? From(primary.EndPoint) : null }, TimeProvider.System));
    }

    private static TransferSource From(IPEndPoint primary) => new([primary], KeyName: null);
}
