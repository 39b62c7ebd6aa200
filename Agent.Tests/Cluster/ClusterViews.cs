using System.Collections.Immutable;
using Agent.Actors.Cluster;

namespace Agent.Tests.Cluster;

/// <summary>Puts views together as a store would give them, and carries out on them what the machines and the plan want written.</summary>
internal sealed class ClusterViews(int shards)
{
    public static readonly ClusterKeys Keys = new("test");

    private long _revision = 1;

    public ClusterView View { get; private set; } = ClusterView.Empty with
    {
        Revision = 1,
        Config = new Held<ConfigRecord>(new ConfigRecord(shards, ConfigRecord.OurHash, ConfigRecord.OurFormat, 0), 1, 1, 0),
    };

    public static Guid InstanceOf(string node, int run = 1) => new(node[^1], (short)run, 0, new byte[8]);

    public ClusterViews Join(string node, int run = 1, MemberState state = MemberState.Up) => Write(
        Keys.Member(node), new MemberRecord(node, InstanceOf(node, run), InstanceOf(node), $"{node}:8055", state, "1", 1));

    public ClusterViews Leave(string node) => Write<MemberRecord>(Keys.Member(node), null);

    public ClusterViews Assign(int shard, string node, int run = 1) => Write(
        Keys.Assign(shard), new AssignRecord(node, InstanceOf(node, run), "for a test"));

    public ClusterViews Own(int shard, string node, int run = 1) => Write(Keys.Owner(shard), new OwnerRecord(node, InstanceOf(node, run)));

    public ClusterViews Disown(int shard) => Write<OwnerRecord>(Keys.Owner(shard), null);

    public ClusterViews Pin(int shard, string node) => Write(Keys.Pin(shard), new PinRecord(node));

    /// <summary>Does what a plan says, and lets the nodes follow at once.</summary>
    public void Follow(IEnumerable<ShardMove> moves)
    {
        foreach (ShardMove move in moves)
        {
            Write(Keys.Assign(move.Shard), new AssignRecord(move.Node, move.Instance, move.Why));
            if (View.Owners.ContainsKey(move.Shard)) Disown(move.Shard);
            Write(Keys.Owner(move.Shard), new OwnerRecord(move.Node, move.Instance));
        }

        foreach ((int shard, Held<AssignRecord> assigned) in View.Assigned)
        {
            if (!View.Owners.ContainsKey(shard) && View.IsThere(assigned.Record.Node, assigned.Record.Instance))
                Write(Keys.Owner(shard), new OwnerRecord(assigned.Record.Node, assigned.Record.Instance));
        }
    }

    public ClusterViews Write<T>(string key, T? record)
        where T : class
    {
        _revision++;
        long created = CreatedAt(key) ?? _revision;
        StoreEntry? entry = record is null ? null : new StoreEntry(key, ClusterRecords.Write(record), created, _revision, 0);
        View = View.With(Keys, new StoreChanged(1, _revision, [new StoreChange(key, entry)]));
        _created[key] = entry is null ? null : created;
        return this;
    }

    private readonly Dictionary<string, long?> _created = [];

    private long? CreatedAt(string key) => _created.GetValueOrDefault(key);
}
