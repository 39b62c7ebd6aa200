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
    /// Takes a shard under an epoch, which waits for what its former owner still writes and shuts out whatever it would write later; then
    /// reads all rows whose shard (stable hash of the name modulo <paramref name="shardCount"/>) it is. They may show commits behind this
    /// request, and requests behind it may be answered before. Taking it again under the same epoch changes nothing. Answered by
    /// <see cref="ShardLoaded"/>, or by <see cref="ShardLoadFailed"/>, which is final when its reason is
    /// <see cref="ReasonCode.JournalFenced"/>: the shard has been taken under a later epoch.
    /// </summary>
    void TakeShard(int shard, int shardCount, long epoch, ReplyTo replyTo);

    /// <summary>The shard was given up in good order under this epoch: nothing is written for it any more, and that another takes it is no
    /// loss. Nothing comes back; a store that has nothing to forget does nothing.</summary>
    void ReleaseShard(int shard, long epoch)
    {
    }

    /// <summary>
    /// Asks whether a shard still stands under an epoch, whichever node has taken it; answered by <see cref="FenceChecked"/>. The answer is
    /// of a moment after the question, and checks that wait share one look.
    /// </summary>
    void CheckFence(long request, int shard, long epoch, ReplyTo replyTo);

    /// <summary>Reads the row of one zone; answered by <see cref="ZoneRead"/> or <see cref="ZoneReadFailed"/>.</summary>
    void ReadZone(DomainName zone, ReplyTo replyTo);

    /// <summary>Reads which wanted zones belong to a catalog, over all shards and whichever node has them; answered by
    /// <see cref="OwnedRead"/> or <see cref="OwnedReadFailed"/>.</summary>
    void ReadOwned(DomainName catalog, ReplyTo replyTo);

    /// <summary>
    /// Reads the names of zones that targets are to serve (wanted, with content, and no catalogs) over all shards, in the order of the
    /// store, behind <paramref name="after"/>; answered by <see cref="WantedRead"/> or <see cref="WantedReadFailed"/>.
    /// </summary>
    void ReadWanted(DomainName? after, int limit, ReplyTo replyTo);

    /// <summary>Counts wanted zones, and those of them that every master refuses, over all shards; answered by <see cref="GivenUpRead"/> or
    /// <see cref="WantedReadFailed"/>.</summary>
    void CountGivenUp(ReplyTo replyTo);

    /// <summary>Reads the newest history lines of a zone, newest first; answered by <see cref="HistoryRead"/>.</summary>
    void ReadHistory(DomainName? zone, int limit, ReplyTo replyTo);

    /// <summary>Reads what is kept of a deleted zone; answered by <see cref="KeptRead"/> or <see cref="KeptReadFailed"/>.</summary>
    void ReadKept(DomainName zone, ReplyTo replyTo);

    /// <summary>Reads which deleted zones content is kept of, over all shards, in the order of the store, behind <paramref name="after"/>;
    /// answered by <see cref="KeptListed"/> or <see cref="KeptReadFailed"/>. Zones that are there again are left out.</summary>
    void ListKept(DomainName? after, int limit, ReplyTo replyTo);

    /// <summary>Drops contents kept for undeletion whose time is over; answered by nothing.</summary>
    void PurgeExpired(DateTimeOffset now);
}

/// <summary>Entries that become durable together.</summary>
/// <param name="Id">Number of the batch, unique within the process.</param>
/// <param name="Entries">The entries, in order.</param>
/// <param name="Claims">Under what the entries are written, each once. The store compares all of them with its fence in the transaction
/// that writes; one shard may stand here under two epochs, of which one at most can hold.</param>
public sealed record JournalBatch(long Id, ImmutableArray<JournalEntry> Entries, ImmutableArray<ShardEpoch> Claims);

/// <summary>A shard as one ownership of it: what is written for it carries the epoch, and the store compares.</summary>
/// <param name="Shard">Number of the shard.</param>
/// <param name="Epoch">Larger than that of every ownership of the shard before.</param>
public readonly record struct ShardEpoch(int Shard, long Epoch);

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
/// <param name="Reason">Why. <see cref="ReasonCode.JournalFenced"/> is final: without <paramref name="Fenced"/> another agent has taken the
/// whole journal over, and no batch will ever be taken again.</param>
/// <param name="Culprit">The zone whose content cannot be kept: the rest of the batch may be written without it. Null when nothing can
/// be written.</param>
/// <param name="Fenced">The claims that do not hold any more and never will again: the rest of the batch may be written without
/// them.</param>
public sealed record JournalFailed(
    long Id, Reason Reason, DomainName? Culprit = null, ImmutableArray<ShardEpoch> Fenced = default);

/// <summary>The rows of a shard.</summary>
public sealed record ShardLoaded(int Shard, ImmutableArray<ZoneRow> Rows);

/// <summary>The rows of a shard could not be read.</summary>
public sealed record ShardLoadFailed(int Shard, Reason Reason);

/// <summary>Whether a shard is still held.</summary>
/// <param name="Request">Number given by the asker.</param>
/// <param name="Held">It was, at a moment after the question.</param>
/// <param name="Reason">Null when held. <see cref="ReasonCode.JournalFenced"/> is final; with any other reason nobody can say now.</param>
public sealed record FenceChecked(long Request, bool Held, Reason? Reason);

/// <summary>The row of a zone; null when there is none.</summary>
public sealed record ZoneRead(DomainName Zone, ZoneRow? Row);

/// <summary>The row of a zone could not be read.</summary>
public sealed record ZoneReadFailed(DomainName Zone, Reason Reason);

/// <summary>Names of wanted zones.</summary>
/// <param name="After">Behind which name they are; null at the beginning.</param>
/// <param name="Zones">Fewer than were asked for at the end.</param>
public sealed record WantedRead(DomainName? After, ImmutableArray<DomainName> Zones);

/// <summary>The wanted zones could not be read.</summary>
public sealed record WantedReadFailed(Reason Reason);

/// <summary>How many zones every master refuses.</summary>
/// <param name="Wanted">Wanted zones, catalogs among them.</param>
/// <param name="GivenUp">Those of them that every master has refused since it last confirmed them, for however short a time.</param>
public sealed record GivenUpRead(long Wanted, long GivenUp);

/// <summary>History lines, newest first; <see cref="Failure"/> says why there are none when the store could not be read.</summary>
public sealed record HistoryRead(ImmutableArray<ZoneEvent> Events, Reason? Failure);
