using System.Globalization;

namespace Agent.Actors.Cluster;

/// <summary>The names of a cluster's keys in the store. Shards are written with four digits, so that names sort as numbers do.</summary>
/// <param name="cluster">Name of the cluster.</param>
public sealed class ClusterKeys(string cluster)
{
    /// <summary>What every key of the cluster begins with.</summary>
    public string Prefix { get; } = $"/agent/{cluster}/v1/";

    /// <summary>What never changes while the cluster lives: <see cref="ConfigRecord"/>.</summary>
    public string Config => Prefix + "config";

    /// <summary>A node that is there, on its lease: <see cref="MemberRecord"/>.</summary>
    public string Member(string node) => $"{Prefix}members/{node}";

    /// <summary>A node that has ever been there, and its servers: <see cref="NodeRecord"/>.</summary>
    public string Node(string node) => $"{Prefix}nodes/{node}";

    /// <summary>A candidate for coordinator, on its lease; the oldest one leads: <see cref="CandidateRecord"/>.</summary>
    public string Candidate(long lease) => $"{Prefix}coordinator/{lease.ToString("x16", CultureInfo.InvariantCulture)}";

    /// <summary>Which node shall own a shard: <see cref="AssignRecord"/>.</summary>
    public string Assign(int shard) => $"{Prefix}assign/{Digits(shard)}";

    /// <summary>Which node owns a shard, on its lease: <see cref="OwnerRecord"/>.</summary>
    public string Owner(int shard) => $"{Prefix}owner/{Digits(shard)}";

    /// <summary>The last owner of a shard, which gave it up in good order; gone with the next claim: <see cref="OwnerRecord"/>.</summary>
    public string GivenUp(int shard) => $"{Prefix}given-up/{Digits(shard)}";

    /// <summary>Where an operator wants a shard: <see cref="PinRecord"/>.</summary>
    public string Pin(int shard) => $"{Prefix}pins/{Digits(shard)}";

    /// <summary>A node that attracts anycast traffic, on its lease: <see cref="AnnouncerRecord"/>.</summary>
    public string Announcer(string node) => $"{Prefix}announcers/{node}";

    /// <summary>The secrets of DNS cookies: <see cref="Cluster.CookieSecrets"/>.</summary>
    public string CookieSecrets => Prefix + "cookie-secrets";

    /// <summary>The family and the name of a key; null when it is none of ours.</summary>
    public (string Family, string Name)? Split(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (!key.StartsWith(Prefix, StringComparison.Ordinal)) return null;
        string rest = key[Prefix.Length..];
        int slash = rest.IndexOf('/', StringComparison.Ordinal);
        return slash < 0 ? (rest, "") : (rest[..slash], rest[(slash + 1)..]);
    }

    /// <summary>The shard that a name stands for; null when it is no such name.</summary>
    public static int? ShardOf(string name) =>
        name is { Length: 4 } && int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out int shard) ? shard : null;

    private static string Digits(int shard) => shard.ToString("D4", CultureInfo.InvariantCulture);
}
