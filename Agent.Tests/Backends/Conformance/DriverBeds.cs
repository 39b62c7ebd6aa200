using Agent.Actors.Backends;
using Agent.Actors.Kernel;
using Agent.Backends.Bind9;
using Agent.Backends.Catalog;
using Agent.Backends.DynamicUpdate;
using Agent.Backends.Embedded;
using Agent.Backends.Exec;
using Agent.Backends.Fake;
using Agent.Backends.Gdnsd;
using Agent.Backends.Knot;
using Agent.Backends.Nsd;
using Agent.Backends.PowerDnsApi;
using Agent.Backends.PowerDnsSql;
using Agent.Backends.Tinydns;
using Agent.Backends.ZoneFiles;
using Agent.Bench.Peers;
using Agent.Dns.Tsig;
using Agent.Dns.Wire;
using Agent.Dns.Zones;
using Agent.Host.Configuration;
using Agent.Host.Plugins;
using Agent.Tests.Backends.Catalog;
using Agent.Tests.Backends.DynamicUpdate;
using Agent.Tests.Backends.Exec;
using Agent.Tests.Backends.Knot;
using Agent.Tests.Backends.Nsd;
using Agent.Tests.Backends.PowerDnsApi;
using Agent.Tests.Backends.PowerDnsSql;
using Agent.Tests.Configuration;
using Agent.Tests.Plugins;
using Microsoft.Extensions.Logging.Abstractions;

namespace Agent.Tests.Backends.Conformance;

/// <summary>Each driver with a server of its own.</summary>
internal static class DriverBeds
{
    private static readonly string[] NotForPowerDns =
        ["RRSIG", "NSEC", "NSEC3", "NSEC3PARAM", "DNSKEY", "CDS", "CDNSKEY", "TYPE65401"];

    public static Task<DriverBed> StartAsync(string driver) => driver switch
    {
        "embedded" => Task.FromResult(Embedded()),
        "fake" => Task.FromResult(Fake()),
        "zone-files" => Task.FromResult(ZoneFiles()),
        "bind9" => Bind9Async(),
        "nsd" => NsdAsync(),
        "knot" => KnotAsync(),
        "gdnsd" => GdnsdAsync(),
        "tinydns" => TinydnsAsync(),
        "powerdns-api" => PowerDnsApiAsync(),
        "powerdns-sql" => PowerDnsSqlAsync(),
        "dynamic-update" => DynamicUpdateAsync(),
        "catalog" => Task.FromResult(CatalogOfConsumer()),
        "exec" => ExecAsync(),
        PluginBed.Sample => Task.FromResult(Sample()),
        _ => throw new ArgumentOutOfRangeException(nameof(driver), driver, "has no bed"),
    };

    private static DriverBed Embedded()
    {
        EmbeddedZoneTable table = new();
        return new DriverBed(() => new EmbeddedBackend(table, TimeProvider.System))
        {
            Reader = zone =>
            {
                Assert.True(table.TryGet(zone, out ZoneImage? image));
                ZoneContentBuilder builder = ZoneContentBuilder.InMemory(ZoneContentLimits.None);
                Assert.Equal(ZoneContentError.None, image.WriteTo(builder));
                Assert.True(builder.TryBuild(out MemoryZoneContent? content));
                return content;
            },
        };
    }

    /// <summary>It remembers in the object itself, so that "another process" is the same.</summary>
    private static DriverBed Fake()
    {
        FakeBackend fake = new(NullLogger.Instance, TimeProvider.System);
        return new DriverBed(() => new KeptBackend(fake), fake);
    }

    private static DriverBed ZoneFiles()
    {
        TemporaryFolder folder = new("files");
        return new DriverBed(() => new ZoneFilesBackend(new ZoneFilesOptions(folder.FullPath), TimeProvider.System), folder)
        {
            Reader = zone => ReadFile(zone, folder.Combine(zone.ToString().TrimEnd('.') + ".zone"), linesBefore: 0),
        };
    }

    private static DriverBed CatalogOfConsumer()
    {
        CatalogFollower follower = new();
        TemporaryFolder folder = new("produced");
        CatalogOptions options = new(DomainName.Parse("catalog.conformance.example."), [new(follower.EndPoint)], folder.FullPath)
        {
            ReadWanted = _ => follower.WantedAsync(),
        };
        return new DriverBed(() => follower.Feed(new CatalogBackend(options, TimeProvider.System)), follower, folder)
        {
            Reader = follower.Read,
        };
    }

    private static DriverBed Sample()
    {
        PluginBed plugins = PluginBed.WithSample();
        TemporaryFolder folder = new("lists");
        TargetOptions target = ConfigurationText.Load($$"""
            agent { plugins = "{{plugins.FullPath}}", targets.t { driver = record-folder, folder = "{{folder.FullPath}}" } }
            """).Options.Targets[0];
        return new DriverBed(Create, folder, plugins)
        {
            Reader = zone => ReadFile(zone, folder.Combine(zone.ToString().TrimEnd('.') + ".records"), linesBefore: 1),
        };

        IZoneBackend Create() =>
            ((PluginSettings)target.Settings).Create(target, folder.FullPath, TimeProvider.System, NullLogger.Instance);
    }

    private static async Task<DriverBed> Bind9Async()
    {
        BindServer server = new();
        await server.StartAsync();
        Bind9Options options = new(server.ZoneFolder)
        {
            Port = server.ControlPort,
            KeyFile = server.ControlKeyFile,
            Server = server.EndPoint,
        };
        return new DriverBed(() => new Bind9Backend(options, TimeProvider.System), server) { Server = server.EndPoint };
    }

    private static async Task<DriverBed> NsdAsync()
    {
        NsdServer server = new();
        await server.StartAsync();
        return new DriverBed(() => new NsdBackend(NsdTarget.OptionsOf(server), TimeProvider.System), server) { Server = server.EndPoint };
    }

    private static async Task<DriverBed> KnotAsync()
    {
        KnotServer server = new() { HasDatabase = true };
        await server.StartAsync();
        KnotOptions options = KnotTarget.OptionsOf(server);
        return new DriverBed(() => new KnotBackend(options, TimeProvider.System), server) { Server = server.EndPoint };
    }

    private static async Task<DriverBed> GdnsdAsync()
    {
        GdnsdServer server = new();
        await server.StartAsync();
        GdnsdOptions options = new(server.ControlPath, server.ZoneFolder, server.EndPoint);
        return new DriverBed(() => new GdnsdBackend(options, TimeProvider.System), server)
        {
            Without = ["RRSIG", "NSEC", "NSEC3", "HINFO", "DNAME", "DS", "TYPE65401"],
        };
    }

    private static async Task<DriverBed> TinydnsAsync()
    {
        TinydnsServer server = new();
        await server.StartAsync();
        return new DriverBed(() => new TinydnsBackend(new TinydnsOptions(server.Root, server.EndPoint), TimeProvider.System), server)
        {
            Without = ["RRSIG", "NSEC", "NSEC3"],
        };
    }

    private static async Task<DriverBed> PowerDnsApiAsync()
    {
        PowerDnsTarget server = new();
        await server.StartAsync();
        return new DriverBed(() => new PowerDnsApiBackend(ApiTarget.OptionsOf(server), TimeProvider.System), server)
        {
            Server = server.EndPoint,
            Without = NotForPowerDns,
        };
    }

    private static async Task<DriverBed> PowerDnsSqlAsync()
    {
        PowerDnsTarget server = new();
        await server.StartAsync();
        return new DriverBed(() => new PowerDnsSqlBackend(SqlTarget.OptionsOf(server), TimeProvider.System), server)
        {
            Server = server.EndPoint,
            Without = NotForPowerDns,
        };
    }

    private static async Task<DriverBed> ExecAsync()
    {
        NsdServer server = new();
        TemporaryFolder spool = new("exec");
        await server.StartAsync();
        ExecOptions options = new(NsdScript.Command(server), spool.FullPath)
        {
            Timeout = TimeSpan.FromSeconds(6),
            Listing = ZoneListing.Own,
        };
        return new DriverBed(() => new ExecBackend(options, TimeProvider.System), server, spool)
        {
            Server = server.EndPoint,
            Hangs = server,
        };
    }

    private static async Task<DriverBed> DynamicUpdateAsync()
    {
        const int Zones = 40;
        BindServer server = new() { Key = new TransferKey(UpdatedServers.KeyName, UpdatedServers.Secret), TakesUpdates = true };
        TemporaryFolder spool = new("update");
        for (int i = 1; i <= Zones; i++) await server.SetZoneAsync(MasterZone.Create($"z{i}.update.example.", 1));
        await server.StartAsync();
        Assert.True(TsigKey.TryCreate(UpdatedServers.KeyName, TsigAlgorithm.HmacSha256, UpdatedServers.Secret, out TsigKey? key));
        DynamicUpdateOptions options = new(server.EndPoint, () => key, spool.FullPath);
        int taken = 0;
        return new DriverBed(() => new DynamicUpdateBackend(options, TimeProvider.System), server, spool)
        {
            Server = server.EndPoint,
            Key = key,
            Without = ["NSEC", "NSEC3", "NSEC3PARAM", "RRSIG", "SIG", "DNSKEY", "ZONEMD"],
            Existing = () => $"z{Interlocked.Increment(ref taken)}.update.example.",
        };
    }

    private static MemoryZoneContent ReadFile(DomainName zone, string path, int linesBefore)
    {
        string text = string.Concat(File.ReadLines(path).Skip(linesBefore).Select(line => line + "\n"));
        Assert.True(ZoneFileReader.TryParse(text, zone, out MemoryZoneContent? content, out ZoneFileError? error), error?.ToString());
        return content!;
    }

    /// <summary>A driver that outlives each use of it.</summary>
    private sealed class KeptBackend(IZoneBackend inner) : IZoneBackend
    {
        public BackendTraits Traits => inner.Traits;

        public void Apply(ApplyZone order, ReplyTo replyTo) => inner.Apply(order, replyTo);

        public void Remove(RemoveZone order, ReplyTo replyTo) => inner.Remove(order, replyTo);

        public void Observe(ObserveZone order, ReplyTo replyTo) => inner.Observe(order, replyTo);

        public void Probe(ProbeServer order, ReplyTo replyTo) => inner.Probe(order, replyTo);

        public void List(ListServed order, ReplyTo replyTo) => inner.List(order, replyTo);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
