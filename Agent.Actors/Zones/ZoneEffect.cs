using System.Collections.Immutable;
using System.Net;
using Agent.Actors.Journal;
using Agent.Actors.Reasons;
using Agent.Dns.Zones;

namespace Agent.Actors.Zones;

/// <summary>What the zone machine wants done. Effects are carried out in order.</summary>
public abstract record ZoneEffect;

/// <summary>Answer a requester; each gets exactly one answer.</summary>
public sealed record AnswerRequester(long Requester, ZoneOutcome Outcome, Reason? Reason) : ZoneEffect;

/// <summary>Go over the masters: SOA first, then a transfer when something newer is there.</summary>
/// <param name="Pass">Number that comes back with every result.</param>
/// <param name="HeldSerial">Serial of the content held; null when there is none.</param>
/// <param name="Force">Transfer even when the serial is not newer.</param>
/// <param name="Notifier">Master to be asked first.</param>
public sealed record BeginPass(long Pass, uint? HeldSerial, bool Force, IPAddress? Notifier) : ZoneEffect
{
    /// <summary>Another serial is taken although it is older: what is held has expired.</summary>
    public bool AcceptOlder { get; init; }

    /// <summary>The serial that the notifier says to have, where the question for it may be left out; else null.</summary>
    public uint? SerialHint { get; init; }

    /// <summary>The serial of what a guard stopped: it is not fetched again. Null when there is none.</summary>
    public uint? Pinned { get; init; }

    /// <summary>Somebody said that there is something new, or waits for it; else it is a check like many others.</summary>
    public bool IsUrgent { get; init; }
}

/// <summary>Give a pass up; nothing it still says counts.</summary>
public sealed record CancelPass(long Pass) : ZoneEffect;

/// <summary>Write to the journal; <paramref name="Write"/> 0 wants no answer.</summary>
public sealed record WriteJournal(long Write, ImmutableArray<JournalEntry> Entries) : ZoneEffect;

/// <summary>Ask the journal for the last content of the deleted zone; answered by <see cref="KeptFound"/>.</summary>
public sealed record ReadKept : ZoneEffect;

/// <summary>Every target of the zone shall serve this content.</summary>
/// <param name="Generation">Comes back with the targets' reports.</param>
/// <param name="ObserveFirst">The targets may be level already: look before acting.</param>
public sealed record WantPresent(long Generation, ZoneContent Content, bool ObserveFirst) : ZoneEffect
{
    /// <summary>The content has expired: a target may be set to withdraw it.</summary>
    public bool IsExpired { get; init; }
}

/// <summary>No target of the zone shall serve it.</summary>
public sealed record WantAbsent(long Generation) : ZoneEffect
{
    /// <summary>The zone's creation came to nothing: what a target served before it, and took nothing of it, is not ours.</summary>
    public bool Undoes { get; init; }
}

/// <summary>One target, which is new or is to have something else than the others, hears what it shall do.</summary>
/// <param name="Target">Name of the target.</param>
/// <param name="Generation">Comes back with the target's reports.</param>
/// <param name="Content">What to serve; null when the zone is to be absent.</param>
public sealed record WantAt(string Target, long Generation, ZoneContent? Content) : ZoneEffect
{
    /// <summary>The target may be level already: look before acting.</summary>
    public bool ObserveFirst { get; init; } = true;

    /// <summary>The content has expired: the target may be set to withdraw it.</summary>
    public bool IsExpired { get; init; }
}

/// <summary>A guard stopped new content; <paramref name="Guard"/> is its reason code.</summary>
public sealed record ContentStopped(string Guard) : ZoneEffect;

/// <summary>Start a timer, replacing one of the same kind.</summary>
/// <param name="Timer">Which.</param>
/// <param name="Delay">After this.</param>
/// <param name="Jitter">Share of the delay by which it may be moved, so that many zones do not act at once.</param>
public sealed record SetTimer(ZoneTimer Timer, TimeSpan Delay, double Jitter) : ZoneEffect;

/// <summary>Stop a timer.</summary>
public sealed record ClearTimer(ZoneTimer Timer) : ZoneEffect;

/// <summary>The zone is gone; its actor can end.</summary>
public sealed record ZoneIsGone : ZoneEffect;
