using System.Collections.Immutable;
using Agent.Actors.Kernel;
using Agent.Actors.Reasons;
using Agent.Dns.Wire;

namespace Agent.Actors.Journal;

/// <summary>
/// The port to the durable store. Every request is answered by exactly one message to <c>replyTo</c>, also on failure; the
/// adapter never throws at the caller. Requests are carried out in the order in which they were made: what is read behind a commit
/// shows it. Only the <see cref="JournalActor"/> commits, one batch at a time; after it broke, its last batch may still be under way.
/// </summary>
public interface IJournal
{
    /// <summary>
    /// Makes a batch durable; answered by <see cref="JournalCommitted"/> or <see cref="JournalFailed"/>. While it is not known which of the
    /// two it will be (the connection broke in the middle), <see cref="JournalInDoubt"/> may come before it, once.
    /// </summary>
    void Commit(JournalBatch batch, ReplyTo replyTo);

    /// <summary>
    /// Reads all rows whose shard (stable hash of the name modulo <paramref name="shardCount"/>) is <paramref name="shard"/>;
    /// answered by <see cref="ShardLoaded"/> or <see cref="ShardLoadFailed"/>.
    /// </summary>
    void LoadShard(int shard, int shardCount, ReplyTo replyTo);

    /// <summary>Reads the row of one zone; answered by <see cref="ZoneRead"/> or <see cref="ZoneReadFailed"/>.</summary>
    void ReadZone(DomainName zone, ReplyTo replyTo);

    /// <summary>Reads the newest history lines of a zone, newest first; answered by <see cref="HistoryRead"/>.</summary>
    void ReadHistory(DomainName? zone, int limit, ReplyTo replyTo);

    /// <summary>Drops contents kept for undeletion whose time is over; answered by nothing.</summary>
    void PurgeExpired(DateTimeOffset now);
}

/// <summary>Entries that become durable together.</summary>
/// <param name="Id">Number of the batch, unique within the process.</param>
/// <param name="Entries">The entries, in order.</param>
public sealed record JournalBatch(long Id, ImmutableArray<JournalEntry> Entries);

/// <summary>The batch is durable.</summary>
/// <param name="Id">Number of the batch.</param>
/// <param name="DiskWait">The part of the time that was spent waiting for the disk.</param>
public sealed record JournalCommitted(long Id, TimeSpan DiskWait = default);

/// <summary>
/// The store went away while the batch was under way: it may be written or not, and nobody can say before the store is back. The answer
/// proper follows then; until it does nothing else can be written.
/// </summary>
public sealed record JournalInDoubt(long Id, Reason Reason);

/// <summary>Nothing of the batch was written.</summary>
/// <param name="Id">Number of the batch.</param>
/// <param name="Reason">Why. <see cref="ReasonCode.JournalFenced"/> is final: another owner has come, and no batch will ever be taken
/// again.</param>
/// <param name="Culprit">The zone whose content cannot be kept: the rest of the batch may be written without it. Null when nothing can
/// be written.</param>
public sealed record JournalFailed(long Id, Reason Reason, DomainName? Culprit = null);

/// <summary>The rows of a shard.</summary>
public sealed record ShardLoaded(int Shard, ImmutableArray<ZoneRow> Rows);

/// <summary>The rows of a shard could not be read.</summary>
public sealed record ShardLoadFailed(int Shard, Reason Reason);

/// <summary>The row of a zone; null when there is none.</summary>
public sealed record ZoneRead(DomainName Zone, ZoneRow? Row);

/// <summary>The row of a zone could not be read.</summary>
public sealed record ZoneReadFailed(DomainName Zone, Reason Reason);

/// <summary>History lines, newest first; <see cref="Failure"/> says why there are none when the store could not be read.</summary>
public sealed record HistoryRead(ImmutableArray<ZoneEvent> Events, Reason? Failure);
