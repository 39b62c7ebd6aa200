using System.Collections.Immutable;

namespace Agent.Actors.Cluster;

/// <summary>A record with the revisions of its key.</summary>
/// <param name="Record">What the key says.</param>
/// <param name="CreateRevision">When the key came to be.</param>
/// <param name="ModRevision">When it last changed.</param>
/// <param name="Lease">What it hangs on.</param>
public sealed record Held<T>(T Record, long CreateRevision, long ModRevision, long Lease)
    where T : class;

/// <summary>
/// The cluster as its store said at one revision. Immutable; each change gives the next view. Nothing in it is a promise: what it says may
/// have changed meanwhile, and only a transaction that compares can tell.
/// </summary>
public sealed record ClusterView
{
    /// <summary>Nothing is known yet.</summary>
    public static ClusterView Empty { get; } = new();

    /// <summary>Everything up to this revision of the store is in it.</summary>
    public long Revision { get; init; }

    /// <summary>What never changes; null before the first node.</summary>
    public Held<ConfigRecord>? Config { get; init; }

    /// <summary>Nodes that are there, by name.</summary>
    public ImmutableSortedDictionary<string, Held<MemberRecord>> Members { get; init; } = None<Held<MemberRecord>>();

    /// <summary>Nodes that have ever been there, by name.</summary>
    public ImmutableSortedDictionary<string, Held<NodeRecord>> Nodes { get; init; } = None<Held<NodeRecord>>();

    /// <summary>Candidates for coordinator, by key.</summary>
    public ImmutableSortedDictionary<string, Held<CandidateRecord>> Candidates { get; init; } = None<Held<CandidateRecord>>();

    /// <summary>Who shall own a shard.</summary>
    public ImmutableSortedDictionary<int, Held<AssignRecord>> Assigned { get; init; } =
        ImmutableSortedDictionary<int, Held<AssignRecord>>.Empty;

    /// <summary>Who owns a shard.</summary>
    public ImmutableSortedDictionary<int, Held<OwnerRecord>> Owners { get; init; } =
        ImmutableSortedDictionary<int, Held<OwnerRecord>>.Empty;

    /// <summary>Shards whose last owner gave them up in good order, with nothing under way.</summary>
    public ImmutableSortedDictionary<int, Held<OwnerRecord>> GivenUp { get; init; } =
        ImmutableSortedDictionary<int, Held<OwnerRecord>>.Empty;

    /// <summary>Where operators want shards.</summary>
    public ImmutableSortedDictionary<int, Held<PinRecord>> Pins { get; init; } = ImmutableSortedDictionary<int, Held<PinRecord>>.Empty;

    /// <summary>Nodes that attract anycast traffic, or have done so, by name.</summary>
    public ImmutableSortedDictionary<string, Held<AnnouncerRecord>> Announcers { get; init; } = None<Held<AnnouncerRecord>>();

    /// <summary>The secrets of DNS cookies; null before the first node has drawn one.</summary>
    public Held<CookieSecrets>? CookieSecrets { get; init; }

    /// <summary>The candidate that leads: the one whose key is the oldest.</summary>
    public Held<CandidateRecord>? Coordinator => Candidates.Values.MinBy(candidate => candidate.CreateRevision);

    /// <summary>Builds a view from all keys of the cluster.</summary>
    public static ClusterView Of(ClusterKeys keys, StoreRead read)
    {
        ArgumentNullException.ThrowIfNull(read);
        ClusterView view = Empty;
        foreach (StoreEntry entry in read.Entries) view = view.With(keys, new StoreChange(entry.Key, entry));
        return view with { Revision = read.Revision };
    }

    /// <summary>The view after some changes.</summary>
    public ClusterView With(ClusterKeys keys, StoreChanged changed)
    {
        ArgumentNullException.ThrowIfNull(changed);
        ClusterView view = this;
        foreach (StoreChange change in changed.Changes) view = view.With(keys, change);
        return view with { Revision = Math.Max(Revision, changed.Revision) };
    }

    /// <summary>The epoch of an ownership whose key came to be at <paramref name="createRevision"/>.</summary>
    public long EpochOf(long createRevision) => Config?.Record.EpochOf(createRevision) ?? createRevision;

    /// <summary>Whether this run of the node is there.</summary>
    public bool IsThere(string node, Guid instance) =>
        Members.TryGetValue(node, out Held<MemberRecord>? member) && member.Record.Instance == instance;

    private ClusterView With(ClusterKeys keys, StoreChange change) => keys.Split(change.Key) switch
    {
        ("config", "") => this with { Config = HeldOf<ConfigRecord>(change) },
        ("cookie-secrets", "") => this with { CookieSecrets = HeldOf<CookieSecrets>(change) },
        ("members", { Length: > 0 } node) => this with { Members = Put(Members, node, HeldOf<MemberRecord>(change)) },
        ("nodes", { Length: > 0 } node) => this with { Nodes = Put(Nodes, node, HeldOf<NodeRecord>(change)) },
        ("coordinator", { Length: > 0 } lease) => this with { Candidates = Put(Candidates, lease, HeldOf<CandidateRecord>(change)) },
        ("assign", var name) when ClusterKeys.ShardOf(name) is { } shard =>
            this with { Assigned = Put(Assigned, shard, HeldOf<AssignRecord>(change)) },
        ("owner", var name) when ClusterKeys.ShardOf(name) is { } shard =>
            this with { Owners = Put(Owners, shard, HeldOf<OwnerRecord>(change)) },
        ("given-up", var name) when ClusterKeys.ShardOf(name) is { } shard =>
            this with { GivenUp = Put(GivenUp, shard, HeldOf<OwnerRecord>(change)) },
        ("pins", var name) when ClusterKeys.ShardOf(name) is { } shard => this with { Pins = Put(Pins, shard, HeldOf<PinRecord>(change)) },
        ("announcers", { Length: > 0 } node) => this with { Announcers = Put(Announcers, node, HeldOf<AnnouncerRecord>(change)) },
        _ => this,
    };

    private static ImmutableSortedDictionary<TKey, T> Put<TKey, T>(ImmutableSortedDictionary<TKey, T> all, TKey key, T? held)
        where TKey : notnull
        where T : class =>
        held is null ? all.Remove(key) : all.SetItem(key, held);

    private static Held<T>? HeldOf<T>(StoreChange change)
        where T : class =>
        change.Entry is { } entry && ClusterRecords.Read<T>(entry.Value) is { } record
            ? new Held<T>(record, entry.CreateRevision, entry.ModRevision, entry.Lease)
            : null;

    // Names are compared as they are written: nothing of the machine's language may decide who is first.
    private static ImmutableSortedDictionary<string, T> None<T>() =>
        ImmutableSortedDictionary.Create<string, T>(StringComparer.Ordinal);
}
