using System.Collections.Immutable;
using Agent.Actors.Journal;
using Agent.Actors.Kernel;
using Agent.Actors.Kernel.Simulation;

namespace Agent.Tests.Simulation.Cluster;

/// <summary>What became of a batch.</summary>
/// <param name="Written">Whether all of it was written; else nothing was.</param>
/// <param name="Fenced">Claims that do not hold any more. Empty when there was no database.</param>
internal sealed record CommitVerdict(bool Written, ImmutableArray<ShardEpoch> Fenced);

/// <summary>
/// The database of a cluster as a model: one state for all nodes, transactions that hold the fences of their shards, a server that goes
/// away and fails over, and connections that break at the worst moment.
/// </summary>
internal sealed class SimClusterJournal
{
    private static readonly TimeSpan LockMax = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan FailoverMax = TimeSpan.FromSeconds(10);

    private readonly KernelRandom _random;
    private readonly SimChaos _chaos;
    private readonly List<Transaction> _open = [];
    private readonly HashSet<SimNode> _cut = [];
    private int _away;

    public SimClusterJournal(SimScheduler sim, FaultLog log, JournalFaults? faults = null)
    {
        Sim = sim;
        Log = log;
        Faults = faults ?? JournalFaults.None;
        State = new JournalState(sim);
        _random = sim.Faults.Fork();
        _chaos = new SimChaos(sim, _random.Fork());
        _chaos.Every(Faults.AwayEvery, () => GoAway("journal.away", _random.NextTimeSpan(Faults.AwayMax)));
        _chaos.Every(Faults.FailoverEvery, () => GoAway("journal.failover", _random.NextTimeSpan(FailoverMax)));
        _chaos.Every(Faults.NodeAwayEvery, CutSomeNode);
    }

    public SimScheduler Sim { get; }

    public FaultLog Log { get; }

    public JournalFaults Faults { get; private set; }

    public JournalState State { get; }

    public SimJournalClient Connect(SimNode node) => new(this, node, _random.Fork());

    /// <summary>The server ends, with all that was under way, and is there again after a while.</summary>
    public void GoAway(string kind, TimeSpan duration)
    {
        Log.Count(kind);
        _away++;
        foreach (Transaction transaction in _open.ToArray()) End(transaction, isCommitted: false);
        Sim.Schedule(duration, () => _away = Math.Max(0, _away - 1));
    }

    public void Cut(SimNode node)
    {
        Log.Count("journal.node-away", node.Name);
        _cut.Add(node);
    }

    public void Mend(SimNode node) => _cut.Remove(node);

    public bool CanReach(SimNode node) => _away == 0 && !_cut.Contains(node);

    public void Heal()
    {
        _chaos.End();
        Faults = JournalFaults.None;
        _away = 0;
        _cut.Clear();
    }

    /// <summary>
    /// Checks the fences of all shards and holds them until the commit. <paramref name="ended"/> is told when it is over; null when it was
    /// rolled back.
    /// </summary>
    internal void Execute(
        ImmutableArray<SimWrite> writes, ImmutableArray<ShardEpoch> claims, (string Node, int Life) writer, Action<CommitVerdict?> ended)
    {
        ImmutableArray<ShardEpoch> fenced = [.. claims.Where(c => !State.MayWrite(c.Shard, c.Epoch))];
        if (!fenced.IsEmpty)
        {
            ended(new CommitVerdict(false, fenced));
            return;
        }

        Transaction transaction = new(writes, writer, new CommitVerdict(true, fenced), ended);
        _open.Add(transaction);
        if (!_random.Chance(Faults.LockChance))
        {
            End(transaction, isCommitted: true);
            return;
        }

        Log.Count("journal.long-transaction", writer.Node);
        Sim.Schedule(_random.NextTimeSpan(LockMax), () => End(transaction, isCommitted: true));
    }

    /// <summary>Runs when no open transaction holds the fence of the shard; never when the server ends before.</summary>
    internal void WhenFree(int shard, Action act)
    {
        Transaction? holder = _open.Find(t => t.Writes.Any(w => w.Shard == shard));
        if (holder is null) act();
        else holder.Waiting.Add(() => WhenFree(shard, act));
    }

    private void End(Transaction transaction, bool isCommitted)
    {
        if (!_open.Remove(transaction)) return;
        if (isCommitted)
        {
            foreach (SimWrite write in transaction.Writes) State.Write(write, transaction.Writer);
        }
        else
        {
            Log.Count("journal.rolled-back", transaction.Writer.Node);
        }

        transaction.Ended(isCommitted ? transaction.Verdict : null);
        foreach (Action next in transaction.Waiting) next();
    }

    private void CutSomeNode()
    {
        SimNode node = Sim.Nodes[_random.Next(Sim.Nodes.Count)];
        if (_cut.Contains(node)) return;
        Cut(node);
        Sim.Schedule(_random.NextTimeSpan(Faults.AwayMax), () => Mend(node));
    }

    private sealed record Transaction(
        ImmutableArray<SimWrite> Writes, (string Node, int Life) Writer, CommitVerdict Verdict, Action<CommitVerdict?> Ended)
    {
        public List<Action> Waiting { get; } = [];
    }
}
