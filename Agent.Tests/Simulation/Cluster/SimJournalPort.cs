using Agent.Actors.Cluster;
using Agent.Actors.Journal;
using Agent.Actors.Kernel;
using Agent.Actors.Reasons;
using Agent.Dns.Wire;

namespace Agent.Tests.Simulation.Cluster;

/// <summary>The journal's port over a node's connection to the shared database.</summary>
/// <param name="client">The connection.</param>
/// <param name="shardCount">Number of shards.</param>
internal sealed class SimJournalPort(SimJournalClient client, int shardCount) : IJournal
{
    private static readonly Reason Away = new(ReasonCode.JournalAway, "the database is away");
    private static readonly Reason Fenced = new(ReasonCode.JournalFenced, "another owner has come");

    public void Commit(JournalBatch batch, ReplyTo replyTo) => client.Commit(
        [.. batch.Entries.Select(entry => Write(batch, entry))],
        batch.Claims,
        () => replyTo.Tell(new JournalInDoubt(batch.Id, Away)),
        verdict => replyTo.Tell(
            verdict.Written ? new JournalCommitted(batch.Id)
            : verdict.Fenced.IsEmpty ? new JournalFailed(batch.Id, Away)
            : new JournalFailed(batch.Id, Fenced, null, verdict.Fenced)));

    public void TakeShard(int shard, int shardCount, long epoch, ReplyTo replyTo) => client.Take(
        shard,
        shardCount,
        epoch,
        rows => replyTo.Tell(rows is { } taken ? new ShardLoaded(shard, taken) : new ShardLoadFailed(shard, Fenced)),
        () => replyTo.Tell(new ShardLoadFailed(shard, Away)));

    public void CheckFence(long request, int shard, long epoch, ReplyTo replyTo) => client.CheckFence(
        shard,
        epoch,
        held => replyTo.Tell(new FenceChecked(request, held, held ? null : Fenced)),
        () => replyTo.Tell(new FenceChecked(request, false, Away)));

    public void ReadZone(DomainName zone, ReplyTo replyTo) => client.Read(
        zone,
        row => replyTo.Tell(new ZoneRead(zone, row)),
        () => replyTo.Tell(new ZoneReadFailed(zone, Away)));

    public void ReadOwned(DomainName catalog, ReplyTo replyTo) => client.ReadAll(
        rows => replyTo.Tell(new OwnedRead(catalog, JournalOwners.Of(rows, catalog))),
        () => replyTo.Tell(new OwnedReadFailed(catalog, Away)));

    public void ReadWanted(DomainName? after, int limit, ReplyTo replyTo) => client.ReadAll(
        rows => replyTo.Tell(JournalOwners.Wanted(rows, after, limit)), () => replyTo.Tell(new WantedReadFailed(Away)));

    public void CountGivenUp(ReplyTo replyTo) => client.ReadAll(
        rows => replyTo.Tell(JournalOwners.GivenUp(rows)), () => replyTo.Tell(new WantedReadFailed(Away)));

    public void ReadKept(DomainName zone, ReplyTo replyTo) => client.ReadKept(
        zone, content => replyTo.Tell(new KeptRead(zone, content)), () => replyTo.Tell(new KeptReadFailed(Away)));

    public void ListKept(DomainName? after, int limit, ReplyTo replyTo) => client.ListKept(
        after, limit, listed => replyTo.Tell(listed), () => replyTo.Tell(new KeptReadFailed(Away)));

    public void ReadHistory(DomainName? zone, int limit, ReplyTo replyTo) => replyTo.Tell(new HistoryRead([], null));

    public void PurgeExpired(DateTimeOffset now)
    {
    }

    private SimWrite Write(JournalBatch batch, JournalEntry entry)
    {
        int shard = ShardRegionActor.ShardOf(entry.Zone.StableHash, shardCount);
        return new SimWrite(shard, batch.Claims.First(c => c.Shard == shard).Epoch, entry);
    }
}
