using Agent.Actors.Kernel;
using Agent.Actors.Reasons;

namespace Agent.Host.Journal.Sqlite;

/// <summary>
/// Shards whose rows somebody wants and nobody reads yet, bounded in number. They are given out by their numbers, so that few that nobody
/// asked for lie between those of a pass.
/// </summary>
internal sealed class WantedShards(int capacity)
{
    private readonly object _gate = new();
    private readonly SortedDictionary<int, List<ReplyTo>> _waiting = [];
    private int _askers;
    private int _passes;
    private bool _isClosed;

    /// <summary>False when as many wait as may. For one thread, the same that waits for all to be read.</summary>
    public bool TryAdd(int shard, ReplyTo asker)
    {
        lock (_gate)
        {
            if (_isClosed || _askers >= capacity) return false;
            if (!_waiting.TryGetValue(shard, out List<ReplyTo>? askers)) _waiting.Add(shard, askers = []);
            askers.Add(asker);
            _askers++;
            JournalMetrics.Waiting.Add(1);
            Monitor.Pulse(_gate);
            return true;
        }
    }

    /// <summary>Sleeps until something waits. False when nothing will any more.</summary>
    public bool Wait()
    {
        lock (_gate)
        {
            while (_waiting.Count == 0 && !_isClosed) Monitor.Wait(_gate);
            return _waiting.Count > 0;
        }
    }

    /// <summary>What is to be read next; null when nothing waits now. Whoever takes a pass says when it is over.</summary>
    /// <param name="shardsMax">How many shards at most.</param>
    public ShardPass? TakeNow(int shardsMax)
    {
        lock (_gate)
        {
            if (_waiting.Count == 0) return null;
            var pass = new ShardPass(_waiting.Take(shardsMax));
            foreach (int shard in pass.Left) _waiting.Remove(shard);
            _askers -= pass.Askers;
            JournalMetrics.Waiting.Add(-pass.Askers);
            _passes++;
            return pass;
        }
    }

    /// <summary>A pass has ended.</summary>
    public void PassOver()
    {
        lock (_gate)
        {
            _passes--;
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Sleeps until nothing waits and nothing is read.</summary>
    public void WaitUntilAllAreRead()
    {
        lock (_gate)
        {
            while (_waiting.Count > 0 || _passes > 0) Monitor.Wait(_gate);
        }
    }

    /// <summary>Takes nothing in any more, and refuses what waits.</summary>
    public void Close(Reason reason)
    {
        lock (_gate)
        {
            _isClosed = true;
            Monitor.PulseAll(_gate);
        }

        if (TakeNow(int.MaxValue) is not { } rest) return;
        foreach (int shard in rest.Left) rest.Refuse(shard, reason);
        PassOver();
    }
}
