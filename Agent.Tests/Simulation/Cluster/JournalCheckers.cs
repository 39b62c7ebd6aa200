using Agent.Actors.Journal;
using Agent.Dns.Wire;

namespace Agent.Tests.Simulation.Cluster;

/// <summary>Looks at each entry that was written, once.</summary>
internal abstract class JournalChecker(JournalState journal) : IClusterChecker
{
    private int _seen;

    public abstract string Name { get; }

    public void AfterStep()
    {
        while (_seen < journal.Commits.Count) Look(journal.Commits[_seen++]);
    }

    public void AtEnd() => AfterStep();

    protected abstract void Look(SimCommit commit);

    protected static void Check(bool isSo, SimCommit commit, string otherwise)
    {
        if (!isSo) Assert.Fail($"{commit.Write.Entry.Zone} in {commit}: {otherwise}");
    }
}

/// <summary>Whatever was written under an epoch of a shard, one run of one node wrote it.</summary>
internal sealed class OneWriterChecker(JournalState journal) : JournalChecker(journal)
{
    private readonly Dictionary<(int Shard, long Epoch), (string Node, int Life)> _writers = [];

    public override string Name => "one writer per shard and epoch";

    protected override void Look(SimCommit commit)
    {
        (int, long) ownership = (commit.Write.Shard, commit.Write.Epoch);
        if (_writers.TryAdd(ownership, commit.Writer)) return;
        Check(_writers[ownership] == commit.Writer, commit, $"{_writers[ownership]} has written under this epoch before");
    }
}

/// <summary>Epochs of a shard never decrease, and every write that took effect carried the highest one.</summary>
internal sealed class EpochChecker(JournalState journal) : JournalChecker(journal)
{
    private readonly Dictionary<int, long> _highest = [];

    public override string Name => "epochs never decrease";

    protected override void Look(SimCommit commit)
    {
        int shard = commit.Write.Shard;
        long epoch = commit.Write.Epoch;
        Check(epoch >= _highest.GetValueOrDefault(shard), commit, $"epoch {_highest.GetValueOrDefault(shard)} has written before");
        Check(epoch == commit.Fence, commit, "the shard was taken under another epoch");
        _highest[shard] = epoch;
    }
}

/// <summary>The rows of a zone count their generations without a gap; the same one may come again, unchanged.</summary>
internal sealed class GenerationChecker(JournalState journal) : JournalChecker(journal)
{
    private readonly SortedDictionary<DomainName, ZoneRow> _last = [];

    public override string Name => "generations have no gap";

    protected override void Look(SimCommit commit)
    {
        if (commit.Write.Entry is ForgetZone) _last.Remove(commit.Write.Entry.Zone);
        if (commit.Write.Entry is not PutZone { Row: { } row }) return;
        ZoneRow? before = _last.GetValueOrDefault(row.Name);
        bool isAgain = before is not null && row.Generation == before.Generation && row.Wish == before.Wish
            && row.Content?.Serial == before.Content?.Serial;
        Check(
            isAgain || row.Generation == (before?.Generation ?? 0) + 1,
            commit,
            $"generation {row.Generation} behind {before?.Generation ?? 0}");
        _last[row.Name] = row;
    }
}
