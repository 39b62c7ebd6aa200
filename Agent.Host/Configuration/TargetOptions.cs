using Agent.Actors.Backends;
using Agent.Actors.Transfers;
using Agent.Backends.Bind9;
using Agent.Backends.DynamicUpdate;
using Agent.Backends.Nsd;
using Agent.Backends.Knot;
using Agent.Backends.ZoneFiles;
using Agent.Dns.Tsig;

namespace Agent.Host.Configuration;

public enum TargetScope
{
    /// <summary>Only the agent beside it reaches the server; every node has its own.</summary>
    Node,

    /// <summary>Every node reaches the server; one at a time works on it.</summary>
    Farm,
}

/// <summary>One DNS server that is to serve the zones.</summary>
/// <param name="Name">The user's name for it, or the driver's where there is only one target.</param>
/// <param name="Server">Where that server answers DNS; null when nothing can be asked.</param>
/// <param name="OnExpire">What becomes of an expired zone there.</param>
public sealed record TargetOptions(
    string Name, string Driver, TargetScope Scope, HostEndpoint? Server, OnExpire OnExpire, TargetSettings Settings)
{
    /// <summary>What proves a change there, and what is done about differences.</summary>
    public TargetRules Rules { get; init; } = new();
}

/// <summary>The settings that belong to one driver alone.</summary>
public abstract record TargetSettings
{
    /// <summary>The driver uses what led to a content, which must be kept for it.</summary>
    public virtual bool TakesDifferences => false;

    /// <summary>Where the zones' files are; null where there are none, or nobody knows.</summary>
    internal virtual TargetFolder? Files => null;

    /// <summary>From whom the server transfers its zones itself; null where it is given their content.</summary>
    public SecondarySettings? Secondary { get; init; }
}

public sealed record EmbeddedSettings : TargetSettings;

public sealed record FakeSettings : TargetSettings;

/// <param name="Directory">A full path.</param>
/// <param name="Command">Program and arguments; empty: none.</param>
public sealed record ZoneFilesSettings(string Directory, IReadOnlyList<string> Command, TimeSpan CommandTimeout) : TargetSettings
{
    internal override TargetFolder Files => new("directory", Directory);

    public ZoneFilesOptions ToOptions(HostEndpoint? server) => new(Directory)
    {
        Command = Command,
        CommandTimeout = CommandTimeout,
        Server = server?.ToEndPoint(),
    };
}

/// <param name="KeyFile">A full path, or null when <paramref name="KeySecret"/> is given.</param>
/// <param name="KeyName">What the given secret's key is called, or which key of the file is meant; null: the only one there.</param>
/// <param name="View">Null: the default view.</param>
/// <param name="ZoneDirectory">A full path; it need not exist yet where it is the data directory's own.</param>
/// <param name="ZoneOptions">Statements to add to each zone, each ended by a semicolon.</param>
/// <param name="Statistics">Where named shows its zones; null when it does not.</param>
public sealed record Bind9Settings(
    HostEndpoint Control,
    string? KeyFile,
    string? KeyName,
    string KeyAlgorithm,
    Secret? KeySecret,
    string? View,
    string ZoneDirectory,
    string ZoneOptions,
    Uri? Statistics) : TargetSettings
{
    internal override TargetFolder Files => new(TargetFolders.Key, ZoneDirectory) { Writer = Secondary is null ? null : Control.Host };

    /// <summary>Zones that are configured otherwise there than the others.</summary>
    public IReadOnlyList<(ZonePattern Zones, string Template)> Templates { get; init; } = [];

    public Bind9Options ToOptions(HostEndpoint? server) => new(ZoneDirectory)
    {
        Host = Control.Host,
        Port = Control.Port,
        KeyFile = KeyFile,
        KeyName = KeyName,
        KeyAlgorithm = KeyAlgorithm,
        KeySecret = KeySecret is null ? null : Convert.ToBase64String(KeySecret.Reveal()),
        View = View,
        ZoneOptions = ZoneOptions,
        Templates = Templates,
        Statistics = Statistics,
        Secondary = Secondary?.ToSource(),
        Server = server?.ToEndPoint(),
    };
}

/// <param name="ControlPath">Where nsd's control socket is; null when it is a port.</param>
/// <param name="ControlHost">Where its control port is; null when it is a socket.</param>
/// <param name="Certificates">Full paths: nsd's certificate, ours, and the key of ours; empty ones for a socket.</param>
/// <param name="Pattern">The zones' pattern in nsd.conf.</param>
/// <param name="ZoneDirectory">A full path.</param>
public sealed record NsdSettings(
    string? ControlPath,
    HostEndpoint? ControlHost,
    IReadOnlyList<string> Certificates,
    string Pattern,
    string ZoneDirectory) : TargetSettings
{
    internal override TargetFolder Files => new(TargetFolders.Key, ZoneDirectory) { Writer = Secondary is null ? null : ControlHost?.Host };

    /// <summary>Zones that are configured otherwise there than the others.</summary>
    public IReadOnlyList<(ZonePattern Zones, string Template)> Templates { get; init; } = [];

    public NsdOptions ToOptions(HostEndpoint? server) => new(
        ControlPath is null
            ? new NsdControlPlace.Tls(ControlHost!.Host, ControlHost.Port, Certificates[0], Certificates[1], Certificates[2])
            : new NsdControlPlace.LocalSocket(ControlPath),
        Pattern,
        ZoneDirectory)
    {
        IsSecondary = Secondary is not null,
        Templates = Templates,
        Server = server?.ToEndPoint(),
    };
}

/// <param name="Control">Full path of the control socket.</param>
/// <param name="Template">Null: the server's default template.</param>
/// <param name="ZoneDirectory">A full path; it need not exist yet where it is the data directory's own.</param>
public sealed record KnotSettings(string Control, string? Template, string ZoneDirectory) : TargetSettings
{
    internal override TargetFolder Files => new(TargetFolders.Key, ZoneDirectory);

    /// <summary>Zones that are configured otherwise there than the others.</summary>
    public IReadOnlyList<(ZonePattern Zones, string Template)> Templates { get; init; } = [];

    public KnotOptions ToOptions(HostEndpoint server) => new(ZoneDirectory)
    {
        Control = Control,
        Template = Template,
        Secondary = Secondary?.ToSource(),
        Templates = Templates,
        Server = server.ToEndPoint(),
    };
}

/// <param name="Key">Signs updates and transfers.</param>
public sealed record DynamicUpdateSettings(KeyOptions Key) : TargetSettings
{
    public override bool TakesDifferences => true;

    /// <param name="server">Where the server answers.</param>
    /// <param name="current">The key of that name as it stands after reloads; null when it was taken out.</param>
    /// <param name="spoolDirectory">Where a server's zone lies while it is compared.</param>
    public DynamicUpdateOptions ToOptions(HostEndpoint server, Func<string, TsigKey?> current, string spoolDirectory)
    {
        TsigKey atStart = Key.ToTsigKey();
        return new DynamicUpdateOptions(server.ToEndPoint(), () => current(Key.Name) ?? atStart, spoolDirectory);
    }
}
