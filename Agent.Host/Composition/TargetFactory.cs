using Agent.Actors.Backends;
using Agent.Backends.Bind9;
using Agent.Backends.Contents;
using Agent.Backends.DynamicUpdate;
using Agent.Backends.Embedded;
using Agent.Backends.Exec;
using Agent.Backends.Fake;
using Agent.Backends.Gdnsd;
using Agent.Backends.Nsd;
using Agent.Backends.Knot;
using Agent.Backends.PowerDnsApi;
using Agent.Backends.PowerDnsSql;
using Agent.Backends.Shared;
using Agent.Backends.Tinydns;
using Agent.Backends.ZoneFiles;
using Agent.Dns.Tsig;
using Agent.Host.Configuration;
using Agent.Host.Journal;
using Agent.Host.Plugins;
using Agent.Host.Transfers;

namespace Agent.Host.Composition;

/// <summary>Makes the driver of a target from its settings.</summary>
internal static class TargetFactory
{
    /// <exception cref="StartException">A setting can never work; the message says which.</exception>
    public static IZoneBackend Create(
        TargetOptions target,
        DataDirectory data,
        EmbeddedZoneTable zones,
        TransferKeyring keys,
        TimeProvider clock,
        ILoggerFactory loggers)
    {
        try
        {
            if (OfSettings(target, clock) is { } backend)
            {
                if (target.Settings is Bind9Settings { ZoneDirectory: var namedZones }) MakeOwnFolder(namedZones, data.Path);
                if (target.Settings is KnotSettings { ZoneDirectory: var knotZones }) MakeOwnFolder(knotZones, data.Path);
                return backend;
            }

            return target.Settings switch
            {
                EmbeddedSettings => new EmbeddedBackend(zones, clock),
                FakeSettings => new FakeBackend(loggers.CreateLogger<FakeBackend>(), clock),
                DynamicUpdateSettings update =>
                    new DynamicUpdateBackend(update.ToOptions(target.Server!, keys.Find, data.SpoolPath), clock),
                PluginSettings plugin =>
                    plugin.Create(target, data.SpoolPath, clock, loggers.CreateLogger($"driver.{target.Driver}")),
                ExecSettings exec => new ExecBackend(exec.ToOptions(target.Server, data.SpoolPath), clock),
                _ => throw new StartException($"target {target.Name}: the driver '{target.Driver}' is not part of this version"),
            };
        }
        catch (Exception problem) when (problem is ArgumentException or BackendOptionsException)
        {
            throw new StartException($"target {target.Name}: {problem.Message}", problem);
        }
    }

    /// <summary>A setting that can never work, found before the start; null when the driver has nothing against its settings.</summary>
    public static BackendOptionsException? ObjectionTo(TargetOptions target)
    {
        try
        {
            // It touches and connects to nothing before its first order, so that there is nothing to be closed.
            _ = OfSettings(target, TimeProvider.System);
            return null;
        }
        catch (BackendOptionsException objection)
        {
            return objection;
        }
    }

    /// <summary>
    /// Compares what the target serves; null where nothing can be asked, or it is we ourselves who answer. Of a view neither: which one
    /// answers us, named alone decides.
    /// </summary>
    public static IContentCheck? CreateCheck(
        TargetOptions target, string spoolPath, TransferKeyring keys, TimeProvider clock) => target switch
    {
        { Settings: EmbeddedSettings or FakeSettings or Bind9Settings { View: not null } } => null,
        { Server: { } server } => new ContentChecker(server.ToEndPoint(), () => KeyOf(target, keys), spoolPath, clock),
        { Settings: ZoneFilesSettings files } => new ZoneFileCheck(files.Directory, spoolPath, clock),
        _ => null,
    };

    /// <summary>The key that the server is asked with for a transfer, as it stands after reloads; null for none.</summary>
    public static TsigKey? KeyOf(TargetOptions target, TransferKeyring keys) =>
        target.Settings is DynamicUpdateSettings update ? keys.Find(update.Key.Name) ?? update.Key.ToTsigKey() : null;

    /// <summary>A folder below our data folder is ours to make; one that the operator named may be a mount that is missing.</summary>
    private static void MakeOwnFolder(string zoneDirectory, string dataDirectory)
    {
        string own = Path.GetFullPath(dataDirectory) + Path.DirectorySeparatorChar;
        string folder = Path.GetFullPath(zoneDirectory);
        if (folder.StartsWith(own, StringComparison.Ordinal)) Directory.CreateDirectory(folder);
    }

    /// <summary>The driver of a target that needs nothing of ours but its settings; null for others.</summary>
    private static IZoneBackend? OfSettings(TargetOptions target, TimeProvider clock) => target.Settings switch
    {
        ZoneFilesSettings files => new ZoneFilesBackend(files.ToOptions(target.Server), clock),
        NsdSettings nsd => new NsdBackend(nsd.ToOptions(target.Server), clock),
        Bind9Settings bind => new Bind9Backend(bind.ToOptions(target.Server), clock),
        KnotSettings knot => new KnotBackend(knot.ToOptions(target.Server!), clock),
        GdnsdSettings gdnsd => new GdnsdBackend(gdnsd.ToOptions(target.Server!), clock),
        TinydnsSettings tinydns => new TinydnsBackend(tinydns.ToOptions(target.Server!), clock),
        PowerDnsApiSettings pdns => new PowerDnsApiBackend(pdns.ToOptions(target.Server!), clock),
        PowerDnsSqlSettings pdns => new PowerDnsSqlBackend(pdns.ToOptions(target.Server!), clock),
        _ => null,
    };
}
