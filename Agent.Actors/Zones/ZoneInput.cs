using System.Collections.Immutable;
using System.Net;
using Agent.Actors.Journal;
using Agent.Actors.Reasons;
using Agent.Actors.Transfers;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Actors.Zones;

/// <summary>Everything that can happen to a zone. Numbers (requester, pass, write) are given by the caller or by the machine's own
/// effects.</summary>
public abstract record ZoneInput;

/// <summary>The zone came out of the journal.</summary>
/// <param name="CheckMasters">Ask the masters soon: a NOTIFY may have been lost with the former owner.</param>
public sealed record Loaded(bool CheckMasters) : ZoneInput;

/// <summary>CREATE; <paramref name="CountedTargets"/> are those that were healthy when it came.</summary>
public sealed record CreateAsked(long Requester, ImmutableArray<string> CountedTargets, RequestOrigin Origin) : ZoneInput;

/// <summary>DELETE; <paramref name="CountedTargets"/> are those that were healthy when it came.</summary>
public sealed record DeleteAsked(long Requester, ImmutableArray<string> CountedTargets, RequestOrigin Origin) : ZoneInput
{
    /// <summary>Whichever master set the zone belongs to.</summary>
    public bool Force { get; init; }
}

/// <summary>A catalog has the zone as a member; <paramref name="Adopts"/>: also when a control message created it.</summary>
public sealed record ClaimAsked(long Requester, ZoneOwner Owner, bool Adopts, RequestOrigin Origin) : ZoneInput;

/// <summary>A catalog does not have the zone any more.</summary>
public sealed record ReleaseAsked(long Requester, DomainName Catalog, RequestOrigin Origin) : ZoneInput;

/// <summary>NOTIFY.</summary>
public sealed record NotifyAsked(long Requester, IPAddress? Notifier, RequestOrigin Origin) : ZoneInput
{
    /// <summary>The serial that the notifier says to have; null when it did not say. Only a hint (RFC 1996 section 3.7).</summary>
    public uint? SerialHint { get; init; }
}

/// <summary>An operator wants the masters asked now.</summary>
public sealed record RefreshAsked(long Requester, bool Force, RequestOrigin Origin) : ZoneInput;

/// <summary>An operator decides about the content that a guard stopped.</summary>
/// <param name="Approve">Use it; else it is not wanted.</param>
/// <param name="Serial">Serial of the content that the operator has seen.</param>
/// <param name="Hash">Its hash; null when the serial is enough.</param>
public sealed record DecisionAsked(long Requester, bool Approve, uint Serial, ContentHash? Hash, RequestOrigin Origin) : ZoneInput;

/// <summary>A waiting requester must be answered now.</summary>
public sealed record DeadlineReached(long Requester) : ZoneInput;

/// <summary>The pass has received zone data and goes on.</summary>
public sealed record PassMoved(long Pass) : ZoneInput;

/// <summary>The pass brought a whole checked zone.</summary>
/// <param name="Pass">The pass that brought it; any other than the running one is ignored.</param>
/// <param name="Content">The whole zone, complete and checked.</param>
/// <param name="Source">Address of the master.</param>
/// <param name="Statistics">What the transfer moved, for the history.</param>
public sealed record PassBrought(long Pass, ZoneContent Content, string Source, TransferStatistics? Statistics = null) : ZoneInput
{
    /// <summary>How long the master says that it may serve the content itself; null when it did not say.</summary>
    public TimeSpan? Expire { get; init; }

    /// <summary>Why the content must not be used without an operator's word; null when nothing speaks against it.</summary>
    public Reason? Stopped { get; init; }

    /// <summary>The newest serial that a master named, where that is newer than the content's; null otherwise.</summary>
    public uint? Behind { get; init; }
}

/// <summary>No master has anything newer than what is held.</summary>
/// <param name="Pass">Number of the pass.</param>
/// <param name="Serial">What is held.</param>
/// <param name="Expire">How long the masters say that they may serve it themselves; null when one of them sets no bound of its own.</param>
public sealed record PassFoundCurrent(long Pass, uint Serial, TimeSpan? Expire = null) : ZoneInput;

/// <summary>A full pass over the masters brought nothing.</summary>
public sealed record PassFailed(long Pass, Reason Reason) : ZoneInput
{
    /// <summary>There is nobody to ask: the zone has no masters.</summary>
    public bool HasNoMasters { get; init; }

    /// <summary>Whether a master has the zone; false only when every one of them said that it does not, null when that is not
    /// known.</summary>
    public bool? MastersHaveIt { get; init; }
}

/// <summary>Delete the zone if it is an orphan.</summary>
public sealed record OrphanRemovalAsked(long Requester, RequestOrigin Origin) : ZoneInput;

/// <summary>An operator wants a deleted zone back as it was; <paramref name="CountedTargets"/> are those that were healthy when that
/// came.</summary>
public sealed record UndeleteAsked(long Requester, ImmutableArray<string> CountedTargets, RequestOrigin Origin) : ZoneInput;

/// <summary>What the journal has kept of the deleted zone.</summary>
/// <param name="Content">Its last content; null when there is none, or it cannot be read.</param>
/// <param name="Reason">Why there is none.</param>
public sealed record KeptFound(ZoneContent? Content, Reason? Reason) : ZoneInput;

/// <summary>A write is durable.</summary>
public sealed record JournalWritten(long Write) : ZoneInput;

/// <summary>A write did not happen.</summary>
public sealed record JournalRefused(long Write, Reason Reason) : ZoneInput;

/// <summary>The store went away during a write: what became of it is told later by <see cref="JournalWritten"/> or
/// <see cref="JournalRefused"/>.</summary>
public sealed record JournalDelayed(long Write, Reason Reason) : ZoneInput;

/// <summary>A target says how far it is with a generation.</summary>
public sealed record TargetReported(long Generation, TargetProgress Progress) : ZoneInput;

/// <summary>Targets came or went; <paramref name="Targets"/> are all that the zone belongs to now, in order.</summary>
public sealed record TargetsChanged(ImmutableArray<string> Targets) : ZoneInput
{
    /// <summary>The other targets that there are now.</summary>
    public ImmutableArray<string> Others { get; init; } = [];
}

/// <summary>A timer set by the machine ran out.</summary>
public sealed record TimerFired(ZoneTimer Timer) : ZoneInput;

/// <summary>The timers of a zone; each exists at most once.</summary>
public enum ZoneTimer
{
    /// <summary>Collects NOTIFYs.</summary>
    NotifyDelay = 0,

    /// <summary>Next try after a failure.</summary>
    Retry = 1,

    /// <summary>Regular question to the masters.</summary>
    Refresh = 2,

    /// <summary>Canaries have been observed, or waited for, for as long as is set.</summary>
    Rollout = 3,
}
