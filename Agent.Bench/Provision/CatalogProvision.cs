using System.Globalization;
using System.Net;
using Agent.Bench.Peers;

namespace Agent.Bench.Provision;

/// <summary>
/// Knot as the reader of a catalog. The agent gives it catalog and members. By its own means it transfers the zones from the master of
/// small zones: one by one as secondary zones of its own, with four processes and a commit for each; in bulk as members of a catalog
/// that another knotd serves from a file, all in one transfer.
/// </summary>
public sealed class CatalogProvision : ProvisionServer
{
    private const string Catalog = "catalog.invalid.";
    private const string HandMadeCatalog = "by-hand.invalid.";

    // Transfers wait for each other's answers, so more of them than there are cores.
    private const int Workers = 8;

    private static readonly TimeSpan BulkPatience = TimeSpan.FromMinutes(1);

    private readonly int _agentPort = LoopbackPort.Next();
    private readonly KnotServer _consumer;
    private readonly List<string> _handMade = [];
    private OwnSources? _own;

    public CatalogProvision() => _consumer = new KnotServer
    {
        HasDatabase = true,
        BackgroundWorkers = Workers,
        Reads = (Catalog, new IPEndPoint(IPAddress.Loopback, _agentPort)),
    };

    public override string Driver => "catalog";

    public override string SingleWay => "knotc, secondary zones";

    public override string BulkWay => "a catalog made by hand, one transfer";

    public override string TargetSettings => $"""driver = catalog, name = "{Catalog}", consumers = ["{EndPoint}"]""";

    public override string OtherSettings => string.Create(CultureInfo.InvariantCulture, $$"""
        port = {{_agentPort}}
        allow-transfer = ["127.0.0.0/8"]
        transfer { out-concurrent = 200, out-per-client = 100 }
        """);

    public override IPEndPoint EndPoint => _consumer.EndPoint;

    public override string Output => _consumer.Output;

    protected override ChildProcess Process => _consumer.Process!;

    public override Task StartAsync() => _consumer.StartAsync();

    // Its sources serve all zones at once, so what is ready is the serial that a look at them will find.
    public override async Task PrepareAsync(IReadOnlyList<string> zones, SmallZone content)
    {
        if (_own is null)
        {
            _own = await OwnSources.StartedAsync(content.Hosts);
            await _consumer.KnotcAsync(_own.ConsumerChanges(), BulkPatience);
        }

        _own.Members.Serial = content.Serial;
    }

    public override async Task AddSingleAsync(string zone)
    {
        (await _consumer.KnotcAsync("conf-begin")).EnsureSuccess();
        (await _consumer.KnotcAsync("conf-set", $"zone[{zone}]")).EnsureSuccess();
        (await _consumer.KnotcAsync("conf-set", $"zone[{zone}].template", OwnSources.Template)).EnsureSuccess();
        (await _consumer.KnotcAsync("conf-commit")).EnsureSuccess();
    }

    public override async Task AddBulkAsync(IReadOnlyList<string> zones)
    {
        _handMade.AddRange(zones);
        IEnumerable<string> members =
            _handMade.Select((zone, at) => string.Create(CultureInfo.InvariantCulture, $"m{at}.zones IN PTR {zone}"));
        await _own!.Maker.SetZoneAsync(
            MasterZone.Create(HandMadeCatalog, (uint)_handMade.Count, [.. members.Prepend("version IN TXT \"2\"")]));
        await RefreshAsync([HandMadeCatalog]);
    }

    public override Task ChangeSingleAsync(string zone) => RefreshAsync([zone]);

    public override Task ChangeBulkAsync(IReadOnlyList<string> zones) => RefreshAsync(zones);

    /// <summary>The zones that the consumer has, but for the catalogs.</summary>
    public override async Task<IReadOnlyList<string>> LeftAsync()
    {
        ToolResult all = (await _consumer.KnotcAsync("zone-status")).EnsureSuccess();
        IEnumerable<string> zones = all.Output.Split('\n').Where(line => line.StartsWith('['));
        return [.. zones.Where(line => !line.StartsWith($"[{Catalog}]", StringComparison.Ordinal))];
    }

    public override async Task StopAsync()
    {
        await _consumer.StopAsync();
        if (_own is not null) await _own.Maker.StopAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        await _consumer.DisposeAsync();
        if (_own is not null) await _own.DisposeAsync();
    }

    // Without waiting for each, so that knotd does them beside each other.
    private async Task RefreshAsync(IReadOnlyList<string> zones) =>
        (await Tool.RunAsync("knotc", ["-s", _consumer.Control, "zone-refresh", .. zones])).EnsureSuccess();

    /// <summary>What the consumer reads where no agent is measured.</summary>
    private sealed class OwnSources(int hosts) : IAsyncDisposable
    {
        public const string Template = "own-members";

        public KnotServer Maker { get; } = new();

        public SmallZoneMaster Members { get; } = new(hosts);

        public static async Task<OwnSources> StartedAsync(int hosts)
        {
            OwnSources sources = new(hosts);
            await sources.Maker.StartAsync();
            return sources;
        }

        /// <summary>Tells the consumer of both.</summary>
        public IEnumerable<string> ConsumerChanges() =>
        [
            "conf-begin",
            .. Remote("own-maker", Maker.EndPoint),
            .. Remote("own-master", Members.EndPoint),
            $"conf-set template[{Template}]",
            $"conf-set template[{Template}].master own-master",
            $"conf-set template[{Template}].zonefile-sync -1",
            $"conf-set zone[{HandMadeCatalog}]",
            $"conf-set zone[{HandMadeCatalog}].master own-maker",
            $"conf-set zone[{HandMadeCatalog}].catalog-role interpret",
            $"conf-set zone[{HandMadeCatalog}].catalog-template {Template}",
            "conf-commit",
        ];

        public async ValueTask DisposeAsync()
        {
            await Maker.DisposeAsync();
            await Members.DisposeAsync();
        }

        private static string[] Remote(string name, IPEndPoint address)
        {
            string port = address.Port.ToString(CultureInfo.InvariantCulture);
            return [$"conf-set remote[{name}]", $"conf-set remote[{name}].address {address.Address}@{port}"];
        }
    }
}
