using System.Net;
using Agent.Host.Plugins;

namespace Agent.Host.Configuration;

/// <summary>Settings that are allowed and still deserve a line at every start.</summary>
internal static class ConfigurationWarnings
{
    public static List<string> Find(AgentConfiguration configuration)
    {
        AgentOptions options = configuration.Options;
        var warnings = new List<string>();
        WarnOfAccess(options, warnings);
        if (options.Roster.All.IsEmpty) warnings.Add("masters is empty: no zone can be transferred");
        if (!IPAddress.IsLoopback(options.Management.Address))
        {
            warnings.Add(
                "management.host is not loopback: the interface speaks HTTP without TLS, so its token crosses the network in the clear");
        }

        if (options.QueryDestination is { } destination && IsOurs(destination, options.Listener))
        {
            warnings.Add($"query-destination {destination} is the agent's own address: ordinary queries would go in a circle");
        }

        if (options.Anycast is { IsEnabled: true, Bird: var bird }
            && ((bird.FileIPv4.Length > 0 && bird.ViaIPv4 is null) || (bird.FileIPv6.Length > 0 && bird.ViaIPv6 is null)))
        {
            warnings.Add("anycast.bird has a file without a next hop: its routes stay when the agent is killed");
        }

        foreach (TargetOptions target in options.Targets)
        {
            if (target.Settings is PluginSettings { Plugin: { IsUsable: false } plugin })
                warnings.Add($"target {target.Name} stays away: the plugin {plugin.File} cannot be used: {plugin.Problem}");
        }

        WarnOfIdleKeys(configuration, warnings);
        if (options.Cluster.IsEnabled) WarnOfDates(options.Cluster, warnings);
        WarnOfOpenFiles(configuration.Findings.SecretFiles, warnings);
        warnings.AddRange(configuration.Findings.Warnings);
        return warnings;
    }

    private static void WarnOfAccess(AgentOptions options, List<string> warnings)
    {
        AccessOptions access = options.Access;
        (string Key, IReadOnlyList<AccessEntry> Entries)[] lists =
            [("allow-notify", access.AllowNotify), ("allow-control", access.AllowControl), ("allow-transfer", access.AllowTransfer)];
        foreach ((string key, IReadOnlyList<AccessEntry> entries) in lists)
        {
            if (entries.Any(entry => entry.Kind == AccessEntryKind.Any)) warnings.Add($"{key} contains any: every host may do this");
        }

        IReadOnlyList<AccessEntry> control = access.AllowControl.Count > 0 ? access.AllowControl : access.AllowNotify;
        bool fromElsewhere = control.Count > 0
            ? control.Any(entry => entry.Kind is not (AccessEntryKind.Key or AccessEntryKind.Certificate) && !entry.IsLoopback)
            : options.Roster.All.Any(master => !IPAddress.TryParse(master.Host, out IPAddress? address) || !IPAddress.IsLoopback(address));
        if (fromElsewhere && access.ControlTransport == ControlTransport.Any)
        {
            warnings.Add("unsigned CREATE and DELETE are accepted by UDP from other hosts, where the source address can be forged: "
                + "set control-transport = tcp, or allow only key:NAME in allow-control");
        }
    }

    private static bool IsOurs(HostEndpoint destination, ListenerOptions listener) =>
        destination.Port == listener.Port && destination.Port != 0
            && destination.Address is { } address && listener.Addresses.Contains(address);

    private static void WarnOfIdleKeys(AgentConfiguration configuration, List<string> warnings)
    {
        Dictionary<string, string> defaults =
            ConfigurationTree.Leaves(configuration.Reference).ToDictionary(leaf => leaf.Path, leaf => leaf.Text);
        foreach (ConfigurationLeaf leaf in ConfigurationTree.Leaves(configuration.Root))
        {
            if (ConfigurationKeys.IsWithoutEffect(leaf.Path) && defaults.GetValueOrDefault(leaf.Path) != leaf.Text)
            {
                warnings.Add($"{leaf.Path} is set ({leaf.Origin}) but has no effect in this version");
            }
        }
    }

    private static void WarnOfDates(ClusterOptions cluster, List<string> warnings)
    {
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        (string Key, string? File)[] files =
        [
            ("cluster.etcd.certificate-file", cluster.Etcd.Certificate?.CertificateFile),
            ("cluster.tls.certificate-file", cluster.Tls?.CertificateFile),
        ];
        foreach ((string key, string? file) in files)
        {
            if (file is not null && CertificateDates.Problem(file, now) is { } problem)
                warnings.Add($"{key}: the certificate in {file} {problem}");
        }
    }

    /// <summary>A file that several targets have from one place is told of once.</summary>
    private static void WarnOfOpenFiles(IEnumerable<SecretFile> files, List<string> warnings)
    {
        if (OperatingSystem.IsWindows()) return;
        foreach (SecretFile secret in files.Where(secret => File.Exists(secret.File)).DistinctBy(secret => (secret.Origin, secret.File)))
        {
            UnixFileMode mode = File.GetUnixFileMode(secret.File);
            if ((mode & (UnixFileMode.OtherRead | UnixFileMode.OtherWrite)) != UnixFileMode.None)
                warnings.Add($"{secret.Path}: every user of this machine can open {secret.File}");
        }
    }
}
