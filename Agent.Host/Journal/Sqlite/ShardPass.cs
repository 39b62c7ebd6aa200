using System.Collections.Immutable;
using Agent.Actors.Journal;
using Agent.Actors.Kernel;
using Agent.Actors.Reasons;

namespace Agent.Host.Journal.Sqlite;

/// <summary>Shards that are read together, and who asked for each of them.</summary>
internal sealed class ShardPass(IEnumerable<KeyValuePair<int, List<ReplyTo>>> shards)
{
    private readonly SortedDictionary<int, List<ReplyTo>> _left = new(shards.ToDictionary());

    /// <summary>Those that are not answered yet, in order.</summary>
    public int[] Left => [.. _left.Keys];

    /// <summary>How many ask for those that are left.</summary>
    public int Askers => _left.Values.Sum(askers => askers.Count);

    public void Tell(int shard, ImmutableArray<ZoneRow> rows) => Answer(shard, new ShardLoaded(shard, rows));

    public void Refuse(int shard, Reason reason) => Answer(shard, new ShardLoadFailed(shard, reason));

    private void Answer(int shard, object answer)
    {
        if (!_left.Remove(shard, out List<ReplyTo>? askers)) return;
        foreach (ReplyTo asker in askers) asker.Tell(answer);
    }
}
