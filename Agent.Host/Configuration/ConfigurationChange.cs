using Agent.Actors.Transfers;
using Agent.Host.Configuration.Hocon;

namespace Agent.Host.Configuration;

/// <summary>A key whose value differs between two configurations.</summary>
/// <param name="Old">As text, or null where the key was absent; hidden for secrets.</param>
/// <param name="RestartReason">Why a running agent cannot take the value; null: it can.</param>
public sealed record ChangedKey(string Path, string? Old, string? New, string? RestartReason)
{
    public override string ToString() =>
        $"{Path}: {Old ?? "(absent)"} -> {New ?? "(absent)"}" + (RestartReason is null ? "" : $" (needs a restart: {RestartReason})");
}

/// <summary>
/// What a reload would change. Keys that a running agent can take are applied; the others keep their old value until a restart and are
/// named with the reason.
/// </summary>
public sealed class ConfigurationChange
{
    internal const string Sockets = "sockets are bound at start";
    internal const string Targets = "targets are built at start";
    private const string Journal = "the journal is opened at start";
    private const string Bounds = "bounds are taken at start";

    /// <summary>
    /// Every key, or a section of them, and why it needs a restart; null: it can be applied live. The longest match counts.
    /// </summary>
    private static readonly Dictionary<string, string?> Rules = new()
    {
        ["agent"] = "the key is not known to reloading",
        ["agent.name"] = "the node is known by its name",
        ["agent.host"] = Sockets,
        ["agent.port"] = Sockets,
        ["agent.workers"] = Sockets,
        ["agent.tcp-backlog"] = Sockets,
        ["agent.tcp-idle-timeout"] = Sockets,
        ["agent.tcp-connections-per-client"] = Sockets,
        ["agent.tcp-connections"] = Sockets,
        ["agent.tcp-total-timeout"] = Sockets,
        ["agent.tcp-pipelined"] = Sockets,
        ["agent.tls-listen"] = Sockets,
        ["agent.tls-listen.certificate-file"] = null,
        ["agent.tls-listen.key-file"] = null,
        ["agent.tls-listen.ca-file"] = null,
        ["agent.tls-listen.alpn"] = null,
        ["agent.masters"] = null,
        ["agent.zones"] = null,
        ["agent.master-sets"] = null,
        ["agent.catalogs"] = "catalogs are taken up and given up at start",
        ["agent.allow-notify"] = null,
        ["agent.allow-control"] = null,
        ["agent.control-transport"] = null,
        ["agent.allow-transfer"] = null,
        ["agent.transfer-transport"] = null,
        ["agent.allow-query"] = null,
        ["agent.also-notify"] = Bounds,
        ["agent.on-unknown-notify"] = null,
        ["agent.notify-delay"] = null,
        ["agent.transfer-source"] = Bounds,
        ["agent.answer-deadline"] = null,
        ["agent.quorum"] = null,
        ["agent.rollout"] = null,
        ["agent.undelete-window"] = null,
        ["agent.data-dir"] = Journal,
        ["agent.backend-driver"] = Targets,
        ["agent.plugins"] = Targets,
        ["agent.backends"] = Targets,
        ["agent.targets"] = Targets,
        ["agent.target-rules"] = Targets,
        ["agent.query-destination"] = Sockets,
        ["agent.query-timeout"] = Sockets,
        ["agent.keys"] = null,
        ["agent.tls"] = null,
        ["agent.journal"] = Journal,
        ["agent.management"] = Sockets,
        ["agent.cluster"] = "membership is decided at start",
        ["agent.anycast"] = "what is announced is decided at start",
        ["agent.transfer"] = Bounds,
        ["agent.transfer.retry-minimum"] = null,
        ["agent.transfer.retry-maximum"] = null,
        ["agent.transfer.refresh-minimum"] = null,
        ["agent.transfer.refresh-maximum"] = null,
        ["agent.transfer.expire-minimum"] = null,
        ["agent.transfer.expire-maximum"] = null,
        ["agent.guard"] = null,
        ["agent.orphan"] = null,
        ["agent.orphan.removal-percent"] = Bounds,
        ["agent.orphan.removal-minimum"] = Bounds,
        ["agent.sweep"] = Bounds,
        ["agent.cookies"] = null,
        ["agent.cookies.enabled"] = Sockets,
        ["agent.cookies.rotate-every"] = "the pace is set at start",
        ["agent.limits"] = Bounds,
        ["agent.limits.waiting-requests"] = null,
        ["agent.limits.notify-create-passes"] = null,
        ["agent.limits.passivate-after"] = null,
        ["agent.logging"] = null,
        ["agent.logging.format"] = "the log is opened at start",
    };

    private ConfigurationChange(IReadOnlyList<ChangedKey> keys, AgentOptions applied)
    {
        Keys = keys;
        Applied = applied;
    }

    /// <summary>First the live ones, each group in the order of the new configuration.</summary>
    public IReadOnlyList<ChangedKey> Keys { get; }

    public IEnumerable<ChangedKey> Live => Keys.Where(key => key.RestartReason is null);

    public IEnumerable<ChangedKey> NeedingRestart => Keys.Where(key => key.RestartReason is not null);

    /// <summary>What the agent runs with after the reload: the new values of live keys, the old ones of the rest.</summary>
    public AgentOptions Applied { get; }

    public static ConfigurationChange Compare(AgentConfiguration old, AgentConfiguration current) => Compare(old, old, current);

    /// <summary>After earlier reloads: live keys are compared with the last configuration, the others with the one of the start.</summary>
    public static ConfigurationChange Compare(AgentConfiguration atStart, AgentConfiguration last, AgentConfiguration current)
    {
        IReadOnlyList<string> catalogs = CatalogReload.LivePaths(atStart, current);
        MasterRoster roster = CatalogReload.Roster(atStart.Options, current.Options);
        var held = new HeldBack(atStart.Options, current.Options, roster);
        List<ChangedKey> sinceStart = Differences(atStart, current, catalogs, held);
        List<ChangedKey> sinceLast = ReferenceEquals(atStart, last) ? sinceStart : Differences(last, current, catalogs, held);
        return new ConfigurationChange(
            [.. sinceLast.Where(key => key.RestartReason is null), .. sinceStart.Where(key => key.RestartReason is not null)],
            Apply(atStart.Options, current.Options, roster, held));
    }

    private static List<ChangedKey> Differences(
        AgentConfiguration old, AgentConfiguration current, IReadOnlyList<string> catalogs, HeldBack held)
    {
        var before = ConfigurationTree.Leaves(old.Root).ToDictionary(leaf => leaf.Path);
        var changed = new List<ChangedKey>();
        foreach (ConfigurationLeaf leaf in ConfigurationTree.Leaves(current.Root))
        {
            before.Remove(leaf.Path, out ConfigurationLeaf? was);
            if (was?.Text != leaf.Text && !(was is null && IsEmptyObject(leaf))) changed.Add(Changed(leaf.Path, was, leaf));
        }

        changed.AddRange(before.Values.Where(leaf => !IsEmptyObject(leaf)).Select(leaf => Changed(leaf.Path, leaf, null)));
        AddChangedSecrets(old.Options, current.Options, changed);
        return changed.ConvertAll(key =>
            catalogs.Any(catalog => ConfigurationKeys.IsSameOrBelow(key.Path, catalog)) ? key with { RestartReason = null }
            : key with { RestartReason = key.RestartReason ?? held.ReasonOf(key.Path) });
    }

    private static AgentOptions Apply(AgentOptions old, AgentOptions current, MasterRoster roster, HeldBack held) => current with
    {
        NodeName = old.NodeName,
        Catalogs = CatalogReload.Policies(old, current),
        Roster = roster,
        Keys = held.Keys,
        Tls = held.Tls,
        Zones = current.Zones with
        {
            Catalogs = old.Zones.Catalogs,
            Placement = held.HasOtherTargets ? old.Zones.Placement : current.Zones.Placement,
            Rollout = held.HasOtherTargets ? old.Zones.Rollout : current.Zones.Rollout,
        },
        Access = current.Access with
        {
            TransferTransport = held.HasOtherDoor ? old.Access.TransferTransport : current.Access.TransferTransport,
        },
        Listener = old.Listener,
        TlsListen = TlsListenOptions.Reloaded(old.TlsListen, current.TlsListen),
        DataDirectory = old.DataDirectory,
        Targets = old.Targets,
        QueryDestination = old.QueryDestination,
        TransferSource = old.TransferSource,
        Transfer = old.Transfer,
        AlsoNotify = old.AlsoNotify,
        QueryTimeout = old.QueryTimeout,
        Cookies = current.Cookies with { IsEnabled = old.Cookies.IsEnabled, RotateEvery = old.Cookies.RotateEvery },
        Limits = old.Limits,
        Journal = old.Journal,
        Management = old.Management,
        Cluster = old.Cluster,
        Anycast = old.Anycast,
        Logging = current.Logging with { Format = old.Logging.Format },
    };

    internal static string? RestartReasonOf(string path) => Rules[RuleOf(path)];

    internal static string RuleOf(string path) =>
        Rules.Keys.Where(rule => ConfigurationKeys.IsSameOrBelow(path, rule)).MaxBy(rule => rule.Length) ?? KeySpelling.Root;

    private static bool IsEmptyObject(ConfigurationLeaf leaf) => leaf.Value is HoconObject;

    private static ChangedKey Changed(string path, ConfigurationLeaf? old, ConfigurationLeaf? current) =>
        new(path, Shown(old), Shown(current), RestartReasonOf(path));

    private static string? Shown(ConfigurationLeaf? leaf) =>
        leaf is null ? null : ConfigurationKeys.IsSecret(leaf.Key) ? "(hidden)" : AddressPassword.Hide(leaf.Text);

    /// <summary>A secret in a file can change while the configuration's text stays the same.</summary>
    private static void AddChangedSecrets(AgentOptions old, AgentOptions current, List<ChangedKey> changed)
    {
        foreach ((string name, KeyOptions key) in current.Keys)
        {
            if (!old.Keys.TryGetValue(name, out KeyOptions? was)) continue;
            AddIfUnlisted($"agent.keys.{HoconPath.RenderKey(name)}", was.Secret, key.Secret);
        }

        foreach (TargetOptions target in current.Targets)
        {
            TargetOptions? was = old.Targets.FirstOrDefault(other => other.Name == target.Name);
            bool isSingle = target.Name == target.Driver;
            string path = isSingle ? $"agent.backends.{target.Driver}" : $"agent.targets.{HoconPath.RenderKey(target.Name)}";
            if (was?.Settings is Bind9Settings before && target.Settings is Bind9Settings after)
            {
                AddIfUnlisted(path, before.KeySecret, after.KeySecret);
            }

            if (was?.Settings is PowerDnsApiSettings known && target.Settings is PowerDnsApiSettings now)
            {
                AddIfUnlisted(path, known.ApiKey, now.ApiKey);
            }
        }

        AddUnlessSame("agent.cookies.secret-file", old.Cookies.Secrets.SequenceEqual(current.Cookies.Secrets));

        void AddIfUnlisted(string path, Secret? before, Secret? after) => AddUnlessSame(path, Equals(before, after));

        void AddUnlessSame(string path, bool isSame)
        {
            if (isSame || changed.Exists(change => ConfigurationKeys.IsSameOrBelow(change.Path, path))) return;
            changed.Add(new ChangedKey(path, "(hidden)", "(hidden)", RestartReasonOf(path)));
        }
    }
}
