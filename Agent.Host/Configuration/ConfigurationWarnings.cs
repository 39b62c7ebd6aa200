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
            string open = string.Join(", ", entries.Where(entry => entry.IsEverybody));
            if (open.Length > 0) warnings.Add($"{key} contains {open}: every host may do this");
        }

        if (access is { TransferTransport: TransferTransport.Tls, AllowTransfer.Count: > 0 } && options.TlsListen is null)
            warnings.Add("transfer-transport = tls refuses every transfer while tls-listen.enabled is false");
        if (options.Cookies is { IsEnabled: false, IsRequired: true })
            warnings.Add("cookies.required does nothing while cookies.enabled is false");

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
