using Agent.Actors.Transfers;
using Agent.Dns.Wire;
using Agent.Host.Configuration.Hocon;
using Agent.Host.Transfers;

namespace Agent.Host.Configuration;

/// <summary>
/// What a running agent could take by itself, and rests on something that waits for a restart: it waits too. Half of an edit that belongs
/// together would refuse every transfer, or leave nobody told of changes.
/// </summary>
internal sealed class HeldBack
{
    private readonly AgentOptions _atStart;
    private readonly AgentOptions _current;
    private readonly HashSet<string> _keys;
    private readonly HashSet<string> _profiles;

    /// <param name="atStart">What sockets, targets and bounds are of.</param>
    /// <param name="current">What is configured now.</param>
    /// <param name="roster">The masters that zones have after the reload.</param>
    public HeldBack(AgentOptions atStart, AgentOptions current, MasterRoster roster)
    {
        (_atStart, _current) = (atStart, current);
        HasOtherTargets = !Names(atStart).SequenceEqual(Names(current));
        HasOtherDoor = atStart.TlsListen is null != current.TlsListen is null;
        var known = current.Keys.Keys.Select(DomainName.Parse).ToHashSet();
        IEnumerable<string?> ofMasters = roster.All.SelectMany(one => new[] { one.KeyName, one.NextKeyName });
        _keys = [.. Present(ofMasters, atStart.AlsoNotify.Select(one => one.KeyName))
            .Where(name => atStart.Keys.ContainsKey(name) && !known.Contains(DomainName.Parse(name)))];
        _profiles = [.. Present(roster.All.Select(one => one.Tls), atStart.AlsoNotify.Select(one => one.Tls))
            .Where(name => atStart.Tls.ContainsKey(name) && !current.Tls.ContainsKey(name))];
    }

    /// <summary>Where zones belong may rest on targets that are not there before a restart.</summary>
    public bool HasOtherTargets { get; }

    /// <summary>TLS is served from the restart on, or until then.</summary>
    public bool HasOtherDoor { get; }

    /// <summary>The keys as they are now, and those of the start that are still named by what is kept.</summary>
    public IReadOnlyDictionary<string, KeyOptions> Keys => With(_current.Keys, _atStart.Keys, _keys);

    /// <summary>The same of TLS profiles.</summary>
    public IReadOnlyDictionary<string, TlsProfile> Tls => With(_current.Tls, _atStart.Tls, _profiles);

    /// <summary>Why a key waits that would be applied by itself; null where it does not.</summary>
    public string? ReasonOf(string path)
    {
        if (HasOtherTargets && NamesTargets(path)) return ConfigurationChange.Targets;
        if (HasOtherDoor && (IsBelow(path, "tls-listen") || IsBelow(path, "transfer-transport"))) return ConfigurationChange.Sockets;
        return _keys.Any(name => IsBelow(path, "keys", name)) || _profiles.Any(name => IsBelow(path, "tls", name))
            ? "it is still named by what is kept until then"
            : null;
    }

    private static bool NamesTargets(string path) =>
        IsBelow(path, "rollout") || (IsBelow(path, "zones") && path.EndsWith(".targets", StringComparison.Ordinal));

    private static bool IsBelow(string path, params ReadOnlySpan<string> section) =>
        ConfigurationKeys.IsSameOrBelow(path, HoconPath.Render([KeySpelling.Root, .. section]));

    private static IEnumerable<string> Names(AgentOptions options) => options.Targets.Select(target => target.Name).Order();

    private static IEnumerable<string> Present(IEnumerable<string?> ofMasters, IEnumerable<string?> ofReceivers) =>
        ofMasters.Concat(ofReceivers).OfType<string>();

    private static Dictionary<string, T> With<T>(
        IReadOnlyDictionary<string, T> current, IReadOnlyDictionary<string, T> atStart, IEnumerable<string> kept)
    {
        var all = new Dictionary<string, T>(current);
        foreach (string name in kept) all.Add(name, atStart[name]);
        return all;
    }
}
