using Agent.Actors.Cluster;
using Agent.Actors.Journal;
using Agent.Actors.Kernel;
using Agent.Actors.Reasons;
using Agent.Dns.Wire;

namespace Agent.Tests.Simulation.Cluster;

/// <summary>The journal's port over a node's connection to the shared database. The epochs come from whoever knows them.</summary>
/// <param name="client">The connection.</param>
/// <param name="shardCount">Number of shards.</param>
/// <param name="epochOf">The epoch under which this node believes to own a shard.</param>
internal sealed class SimJournalPort(SimJournalClient client, int shardCount, Func<int, long> epochOf) : IJournal
{
    private static readonly Reason Away = new(ReasonCode.JournalAway, "the database is away");
    private static readonly Reason Fenced = new(ReasonCode.JournalFenced, "another owner has come");

    public void Commit(JournalBatch batch, ReplyTo replyTo) => client.Commit(
        [.. batch.Entries.Select(Write)],
        () => replyTo.Tell(new JournalInDoubt(batch.Id, Away)),
        verdict => replyTo.Tell(
            verdict.Written ? new JournalCommitted(batch.Id)
            : new JournalFailed(batch.Id, verdict.Fenced.IsEmpty ? Away : Fenced)));

    public void LoadShard(int shard, int shardCount, ReplyTo replyTo) => client.Load(
        shard,
        shardCount,
        rows => replyTo.Tell(new ShardLoaded(shard, rows)),
        () => replyTo.Tell(new ShardLoadFailed(shard, Away)));

    public void ReadZone(DomainName zone, ReplyTo replyTo) => client.Read(
        zone,
        row => replyTo.Tell(new ZoneRead(zone, row)),
        () => replyTo.Tell(new ZoneReadFailed(zone, Away)));

    public void ReadHistory(DomainName? zone, int limit, ReplyTo replyTo) => replyTo.Tell(new HistoryRead([], null));

    public void PurgeExpired(DateTimeOffset now)
    {
    }

    private SimWrite Write(JournalEntry entry)
    {
        int shard = ShardRegionActor.ShardOf(entry.Zone.StableHash, shardCount);
        return new SimWrite(shard, epochOf(shard), entry);
    }
}
