using System.Collections.Immutable;
using Agent.Actors.Cluster;
using Agent.Actors.Journal;
using Agent.Actors.Kernel;
using Agent.Actors.Kernel.Simulation;
using Agent.Actors.Reasons;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Tests.Simulation;

/// <summary>The durable store as a model: a batch takes time, is written whole or not at all, and may be refused while the disk is
/// full. Each shard has a fence: what is written for it under another epoch than the last fails alone.</summary>
internal sealed class SimJournal(SimScheduler sim, int shardCount) : IJournal
{
    private static readonly Reason Fenced = new(ReasonCode.JournalFenced, "the shard has another owner");
    private static readonly Reason Full = new(ReasonCode.JournalAway, "the disk is full");

    private readonly SortedDictionary<DomainName, ZoneRow> _rows = [];
    private readonly Dictionary<DomainName, ZoneContent> _kept = [];
    private readonly Dictionary<int, long> _fence = [];
    private TimeSpan _free;

    public bool IsFull { get; set; }

    public IReadOnlyDictionary<DomainName, ZoneRow> Rows => _rows;

    public void Commit(JournalBatch batch, ReplyTo replyTo) => InTurn(() =>
    {
        if (IsFull)
        {
            replyTo.Tell(new JournalFailed(batch.Id, Full));
            return;
        }

        Assert.All(batch.Entries, e => Assert.Contains(
            batch.Claims, c => c.Shard == ShardRegionActor.ShardOf(e.Zone.StableHash, shardCount)));
        ImmutableArray<ShardEpoch> fenced = [.. batch.Claims.Where(c => !IsHeld(c))];
        if (fenced.Length > 0)
        {
            replyTo.Tell(new JournalFailed(batch.Id, Fenced, null, fenced));
            return;
        }

        foreach (JournalEntry entry in batch.Entries) Write(entry);

        // The answer is on its way while the process may already be dead: durable, and nobody knows.
        sim.Schedule(Delay(), () => replyTo.Tell(new JournalCommitted(batch.Id)));
    });

    public void TakeShard(int shard, int count, long epoch, ReplyTo replyTo) => InTurn(() =>
    {
        Assert.Equal(shardCount, count);
        if (IsFull)
        {
            replyTo.Tell(new ShardLoadFailed(shard, Full));
            return;
        }

        if (_fence.GetValueOrDefault(shard) > epoch)
        {
            replyTo.Tell(new ShardLoadFailed(shard, Fenced));
            return;
        }

        _fence[shard] = epoch;
        replyTo.Tell(new ShardLoaded(
            shard, [.. _rows.Values.Where(r => ShardRegionActor.ShardOf(r.Name.StableHash, shardCount) == shard)]));
    });

    public void CheckFence(long request, int shard, long epoch, ReplyTo replyTo) => InTurn(() =>
    {
        bool isHeld = IsHeld(new ShardEpoch(shard, epoch));
        replyTo.Tell(new FenceChecked(request, isHeld, isHeld ? null : Fenced));
    });

    public void ReadZone(DomainName zone, ReplyTo replyTo) => InTurn(() => replyTo.Tell(
        IsFull ? new ZoneReadFailed(zone, Full) : new ZoneRead(zone, _rows.GetValueOrDefault(zone))));

    public void ReadOwned(DomainName catalog, ReplyTo replyTo) => InTurn(() => replyTo.Tell(
        IsFull ? new OwnedReadFailed(catalog, Full) : new OwnedRead(catalog, JournalOwners.Of(_rows.Values, catalog))));

    public void ReadWanted(DomainName? after, int limit, ReplyTo replyTo) => InTurn(() => replyTo.Tell(
        IsFull ? new WantedReadFailed(Full) : JournalOwners.Wanted(_rows.Values, after, limit)));

    public void CountGivenUp(ReplyTo replyTo) => InTurn(() => replyTo.Tell(
        IsFull ? new WantedReadFailed(Full) : JournalOwners.GivenUp(_rows.Values)));

    public void ReadKept(DomainName zone, ReplyTo replyTo) => InTurn(() => replyTo.Tell(
        IsFull ? new KeptReadFailed(Full) : new KeptRead(zone, _kept.GetValueOrDefault(zone))));

    public void ListKept(DomainName? after, int limit, ReplyTo replyTo) => InTurn(() => replyTo.Tell(
        IsFull ? new KeptReadFailed(Full) : JournalOwners.Kept(_kept, _rows, after, limit)));

    public void ReadHistory(DomainName? zone, int limit, ReplyTo replyTo) => replyTo.Tell(new HistoryRead([], null));

    public void PurgeExpired(DateTimeOffset now)
    {
    }

    private bool IsHeld(ShardEpoch claim) => _fence.GetValueOrDefault(claim.Shard) == claim.Epoch;

    private void Write(JournalEntry entry)
    {
        switch (entry)
        {
            case PutZone put:
                // The same row comes again when the writer broke and was asked once more.
                Assert.True(
                    !_rows.TryGetValue(put.Zone, out ZoneRow? before) || put.Row.Generation > before.Generation
                    || (put.Row.Generation == before.Generation && put.Row.Wish == before.Wish
                        && put.Row.Content?.Hash == before.Content?.Hash),
                    "generations only grow");
                _rows[put.Zone] = put.Row;
                break;
            case PutProgress put when _rows.TryGetValue(put.Zone, out ZoneRow? row):
                ImmutableArray<TargetProgress> others = row.Targets.RemoveAll(t => t.Target == put.Progress.Target);
                _rows[put.Zone] = row with { Targets = others.Add(put.Progress) };
                break;
            case PutStanding put when _rows.TryGetValue(put.Zone, out ZoneRow? row):
                _rows[put.Zone] = row with { RefreshedAt = put.RefreshedAt, Reason = put.Reason, ReasonSince = put.ReasonSince };
                break;
            case ForgetZone:
                JournalOwners.Keep(_kept, _rows.GetValueOrDefault(entry.Zone));
                _rows.Remove(entry.Zone);
                break;
        }
    }

    /// <summary>Requests take their time one behind the other, as the real store's thread works them off.</summary>
    private void InTurn(Action work)
    {
        _free = (_free > sim.Now ? _free : sim.Now) + Delay();
        sim.Schedule(_free - sim.Now, work);
    }

    private TimeSpan Delay() => sim.Faults.NextTimeSpan(TimeSpan.FromMilliseconds(5));
}
