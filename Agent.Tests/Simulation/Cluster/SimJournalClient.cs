using System.Collections.Immutable;
using Agent.Actors.Journal;
using Agent.Actors.Kernel;
using Agent.Actors.Kernel.Simulation;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Tests.Simulation.Cluster;

/// <summary>
/// A node's connection to <see cref="SimClusterJournal"/>: one request after the other, each answered once. Knows no port; the adapters
/// stand on it.
/// </summary>
internal sealed class SimJournalClient(SimClusterJournal journal, SimNode node, KernelRandom random)
    : SimPort(journal.Sim, node, random)
{
    private static readonly TimeSpan SlowMax = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LateMax = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan RetryMax = TimeSpan.FromSeconds(1);
    private static readonly CommitVerdict Nothing = new(false, []);

    private readonly Queue<Action> _waiting = new();
    private readonly (string Node, int Life) _self = (node.Name, node.Lives);
    private bool _busy;

    /// <summary>Requests that wait behind the one under way.</summary>
    public int Waiting => _waiting.Count;

    /// <summary>Faults of this node alone; null for those of the database.</summary>
    public JournalFaults? OwnFaults { get; set; }

    private JournalFaults Faults => OwnFaults ?? journal.Faults;

    /// <summary>Writes all of it when the fences of all shards allow it. <paramref name="inDoubt"/> may be told once before
    /// <paramref name="ended"/>.</summary>
    public void Commit(ImmutableArray<SimWrite> writes, Action inDoubt, Action<CommitVerdict> ended) =>
        Commit(writes, [.. writes.Select(w => new ShardEpoch(w.Shard, w.Epoch)).Distinct()], inDoubt, ended);

    /// <summary>As before, with claims that may say more than the writes: of one shard two, of which one at most holds.</summary>
    public void Commit(
        ImmutableArray<SimWrite> writes, ImmutableArray<ShardEpoch> claims, Action inDoubt, Action<CommitVerdict> ended) =>
        InTurn(() => Send(new Batch(writes, claims), inDoubt, ended));

    /// <summary>Raises the epoch of a shard and reads its rows; null rows when another epoch is in the way.</summary>
    public void Take(int shard, int shardCount, long epoch, Action<ImmutableArray<ZoneRow>?> taken, Action failed) => Ask(
        done => journal.WhenFree(shard, () => done(
            () => journal.State.Take(shard, epoch) ? journal.State.RowsOf(shard, shardCount) : null)),
        taken,
        failed);

    /// <summary>Reads the rows of a shard, whoever owns it.</summary>
    public void Load(int shard, int shardCount, Action<ImmutableArray<ZoneRow>> loaded, Action failed) =>
        Ask(done => done(() => journal.State.RowsOf(shard, shardCount)), loaded, failed);

    /// <summary>Reads the rows of all shards.</summary>
    public void ReadAll(Action<ImmutableArray<ZoneRow>> read, Action failed) =>
        Ask(done => done(() => ImmutableArray.CreateRange(journal.State.Rows.Values)), read, failed);

    public void Read(DomainName zone, Action<ZoneRow?> read, Action failed) =>
        Ask(done => done(() => journal.State.Rows.GetValueOrDefault(zone)), read, failed);

    /// <summary>Reads what is kept of a deleted zone; null for nothing.</summary>
    public void ReadKept(DomainName zone, Action<ZoneContent?> read, Action failed) =>
        Ask(done => done(() => journal.State.Kept.GetValueOrDefault(zone)), read, failed);

    /// <summary>Reads which deleted zones content is kept of.</summary>
    public void ListKept(DomainName? after, int limit, Action<KeptListed> read, Action failed) =>
        Ask(done => done(() => JournalOwners.Kept(journal.State.Kept, journal.State.Rows, after, limit)), read, failed);

    /// <summary>Whether a shard may be written under the epoch now.</summary>
    public void CheckFence(int shard, long epoch, Action<bool> checkedFence, Action failed)
    {
        // Over a connection of its own: it does not wait behind a batch.
        if (TryCall()) Ask(done => done(() => journal.State.MayWrite(shard, epoch)), checkedFence, failed, Reach);
    }

    private void InTurn(Action request)
    {
        if (!TryCall()) return;
        _waiting.Enqueue(request);
        if (!_busy) Next();
    }

    private void Next() => _busy = _waiting.TryDequeue(out Action? request) && Start(request);

    private static bool Start(Action request)
    {
        request();
        return true;
    }

    private void Finish(TimeSpan way, Action answer) => Reach(way, () =>
    {
        answer();
        Next();
    });

    private TimeSpan Way()
    {
        if (!Random.Chance(Faults.SlowChance)) return Random.NextTimeSpan(Faults.Way);
        journal.Log.Count("journal.slow", Node.Name);
        return Random.NextTimeSpan(SlowMax);
    }

    private bool IsRefused()
    {
        bool isRefused = !journal.CanReach(Node) || Random.Chance(Faults.RefusedChance);
        if (isRefused) journal.Log.Count("journal.refused", Node.Name);
        return isRefused;
    }

    /// <summary>A request that changes nothing that a second try would not: when the connection breaks it has failed.</summary>
    private void Ask<T>(Action<Action<Func<T>>> serve, Action<T> answered, Action failed) =>
        InTurn(() => Ask(serve, answered, failed, Finish));

    private void Ask<T>(Action<Action<Func<T>>> serve, Action<T> answered, Action failed, Action<TimeSpan, Action> finish)
    {
        if (IsRefused() || Random.Chance(Faults.RequestLostChance))
        {
            finish(Node.PausedFor + Way(), failed);
            return;
        }

        bool isOver = false;
        Leave(Way(), () => serve(read =>
        {
            if (isOver) return;
            isOver = true;
            T answer = read();
            bool isLost = !journal.CanReach(Node) || Random.Chance(Faults.AnswerLostChance);
            if (isLost) journal.Log.Count("journal.answer-lost", Node.Name);
            finish(Way(), isLost ? failed : () => answered(answer));
        }));
    }

    private void Send(Batch batch, Action inDoubt, Action<CommitVerdict> ended)
    {
        if (IsRefused())
        {
            Finish(Node.PausedFor + Way(), () => ended(Nothing));
        }
        else if (Random.Chance(Faults.RequestLostChance))
        {
            journal.Log.Count("journal.request-lost", Node.Name);
            Doubt(new Fate { Verdict = Nothing }, inDoubt, ended);
        }
        else if (Random.Chance(Faults.LateChance))
        {
            journal.Log.Count("journal.late-effect", Node.Name);
            Fate fate = new();
            Doubt(fate, inDoubt, ended);
            Leave(Random.NextTimeSpan(LateMax), () => Execute(batch, fate));
        }
        else
        {
            Leave(Way(), () => Arrive(batch, inDoubt, ended));
        }
    }

    private void Arrive(Batch batch, Action inDoubt, Action<CommitVerdict> ended)
    {
        Fate fate = new();
        bool isBroken = !journal.CanReach(Node);
        fate.Known = () =>
        {
            isBroken |= fate.IsRolledBack || !journal.CanReach(Node);
            if (isBroken || Random.Chance(Faults.AnswerLostChance))
            {
                journal.Log.Count("journal.answer-lost", Node.Name);
                Doubt(fate, inDoubt, ended);
            }
            else
            {
                Finish(Way(), () => ended(fate.Verdict!));
            }
        };
        if (!isBroken) Execute(batch, fate);
        else fate.Settle(Nothing);
    }

    private void Execute(Batch batch, Fate fate)
    {
        if (!journal.CanReach(Node)) fate.Settle(Nothing);
        else journal.Execute(batch.Writes, batch.Claims, _self, verdict =>
        {
            fate.IsRolledBack = verdict is null;
            fate.Settle(verdict ?? Nothing);
        });
    }

    /// <summary>The connection broke. When there is one again, the database is asked what became of the batch; nothing goes on
    /// before.</summary>
    private void Doubt(Fate fate, Action inDoubt, Action<CommitVerdict> ended)
    {
        journal.Log.Count("journal.in-doubt", Node.Name);
        Reach(Node.PausedFor + Way(), () =>
        {
            inDoubt();
            Seek(fate, ended);
        });
    }

    private void Seek(Fate fate, Action<CommitVerdict> ended) => Node.Schedule(Random.NextTimeSpan(RetryMax), () =>
    {
        if (IsDead) return;
        if (fate.Verdict is { } verdict && journal.CanReach(Node)) Finish(Way(), () => ended(verdict));
        else Seek(fate, ended);
    });

    private sealed record Batch(ImmutableArray<SimWrite> Writes, ImmutableArray<ShardEpoch> Claims);

    /// <summary>What the database knows of a batch, and its client perhaps not.</summary>
    private sealed class Fate
    {
        public CommitVerdict? Verdict { get; set; }

        public bool IsRolledBack { get; set; }

        public Action? Known { get; set; }

        public void Settle(CommitVerdict verdict)
        {
            Verdict = verdict;
            Known?.Invoke();
        }
    }
}
