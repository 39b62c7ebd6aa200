using System.Collections.Immutable;
using Agent.Actors.Reasons;
using Agent.Dns.Wire;

namespace Agent.Actors.Journal;

/// <summary>Asks for entries to be made durable. Answered to the sender by <see cref="AppendDone"/> or <see cref="AppendFailed"/>, unless
/// <paramref name="Id"/> is 0; <see cref="AppendDelayed"/> may come before.</summary>
/// <param name="Id">Number given by the sender; 0 when no answer is wanted.</param>
/// <param name="Epoch">Under which the sender owns the shard of the entries.</param>
/// <param name="Entries">Become durable together. All are of one shard.</param>
public sealed record Append(long Id, long Epoch, ImmutableArray<JournalEntry> Entries);

/// <summary>The entries are durable.</summary>
/// <param name="Id">Number given by the sender.</param>
/// <param name="DiskWait">The part of the time that their batch spent waiting for the disk.</param>
public sealed record AppendDone(long Id, TimeSpan DiskWait = default);

/// <summary>Nothing of the entries was written.</summary>
public sealed record AppendFailed(long Id, Reason Reason);

/// <summary>Whether the entries are durable will be known only when the store is back; <see cref="AppendDone"/> or
/// <see cref="AppendFailed"/> follows then.</summary>
public sealed record AppendDelayed(long Id, Reason Reason);

/// <summary>Takes a shard under an epoch and asks for its rows, behind everything that was sent to the journal before; answered by
/// <see cref="ShardLoaded"/> or <see cref="ShardLoadFailed"/>. May be asked again under the same epoch.</summary>
public sealed record TakeShard(int Shard, int ShardCount, long Epoch);

/// <summary>Asks for a word when everything that was sent to the journal before is decided; answered by
/// <see cref="JournalPassed"/>.</summary>
/// <param name="GivesUp">A claim that is over in good order then: whoever takes the shard next takes it from nobody.</param>
public sealed record PassJournal(ShardEpoch? GivesUp = null);

/// <summary>Everything that was sent to the journal before is decided.</summary>
public sealed record JournalPassed;

/// <summary>Asks whether the shard is still held under the epoch; answered by <see cref="FenceChecked"/>. Does not wait behind what was
/// sent before.</summary>
public sealed record AskFence(long Request, int Shard, long Epoch);

/// <summary>Asks for the row of a zone behind everything that was sent to the journal before; answered by <see cref="ZoneRead"/> or
/// <see cref="ZoneReadFailed"/>.</summary>
public sealed record AskZoneRow(DomainName Zone);

/// <summary>Asks for names of wanted zones, as <see cref="IJournal.ReadWanted"/> reads them. Does not wait behind what was sent
/// before.</summary>
public sealed record AskWanted(DomainName? After, int Limit);

/// <summary>Asks how many zones every master refuses, as <see cref="IJournal.CountGivenUp"/> counts them.</summary>
public sealed record CountGivenUp;

/// <summary>
/// Published on the event stream when the writer broke and began anew: it knows nothing of what it was asked before. Who waits for an
/// answer asks once more; everything asked of it may be written twice.
/// </summary>
public sealed record JournalRestarted;

/// <summary>Asks whether the journal takes writes; answered by <see cref="JournalHealth"/>.</summary>
public sealed record GetJournalHealth;

/// <summary>Whether the last write succeeded, and if not, why.</summary>
public sealed record JournalHealth(bool Writable, Reason? Reason);

/// <summary>Asks for history lines, of one zone or of all, newest first; answered by <see cref="HistoryRead"/>.</summary>
public sealed record AskHistory(DomainName? Zone, int Limit);
