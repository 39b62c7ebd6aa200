using System.Collections.Immutable;
using Agent.Actors.Cluster;
using Agent.Actors.Journal;
using Agent.Actors.Kernel.Simulation;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Tests.Simulation.Cluster;

/// <summary>An entry as it is to be written: under which epoch of which shard.</summary>
internal sealed record SimWrite(int Shard, long Epoch, JournalEntry Entry);

/// <summary>An entry that was written, for whoever checks.</summary>
/// <param name="Order">Its place among all entries.</param>
/// <param name="At">When.</param>
/// <param name="Writer">Node and life of its writer.</param>
/// <param name="Write">What was asked for.</param>
/// <param name="Fence">The epoch that the shard was taken under at that instant.</param>
internal sealed record SimCommit(long Order, TimeSpan At, (string Node, int Life) Writer, SimWrite Write, long Fence);

/// <summary>What the database holds: the rows, and for each shard the epoch under which it may be written. Knows no port.</summary>
internal sealed class JournalState(SimScheduler sim)
{
    private readonly SortedDictionary<DomainName, ZoneRow> _rows = [];
    private readonly Dictionary<DomainName, ZoneContent> _kept = [];
    private readonly SortedDictionary<int, long> _fences = [];
    private readonly List<SimCommit> _commits = [];

    public IReadOnlyDictionary<DomainName, ZoneRow> Rows => _rows;

    public IReadOnlyDictionary<DomainName, ZoneContent> Kept => _kept;

    public IReadOnlyList<SimCommit> Commits => _commits;

    /// <summary>A planted defect: every epoch is taken for the right one.</summary>
    public bool HasNoFence { get; set; }

    public long FenceOf(int shard) => _fences.GetValueOrDefault(shard);

    /// <summary>Raises the epoch of a shard; asked again for the same it says yes again.</summary>
    public bool Take(int shard, long epoch)
    {
        if (FenceOf(shard) > epoch) return false;
        _fences[shard] = epoch;
        return true;
    }

    public bool MayWrite(int shard, long epoch) => HasNoFence || FenceOf(shard) == epoch;

    public ImmutableArray<ZoneRow> RowsOf(int shard, int shardCount) =>
        [.. _rows.Values.Where(r => ShardRegionActor.ShardOf(r.Name.StableHash, shardCount) == shard)];

    public void Write(SimWrite write, (string Node, int Life) writer)
    {
        _commits.Add(new SimCommit(_commits.Count, sim.Now, writer, write, FenceOf(write.Shard)));
        switch (write.Entry)
        {
            case PutZone put:
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
                JournalOwners.Keep(_kept, _rows.GetValueOrDefault(write.Entry.Zone));
                _rows.Remove(write.Entry.Zone);
                break;
        }
    }
}
