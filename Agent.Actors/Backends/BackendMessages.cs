using System.Collections.Immutable;
using Agent.Actors.Journal;
using Agent.Actors.Kernel;
using Agent.Actors.Reasons;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Actors.Backends;

/// <summary>
/// Tells a target what is wanted of one zone. A later wish replaces an earlier one, also while that is being carried out. Each
/// step that changes what is known is reported to the sender by <see cref="TargetReport"/>.
/// </summary>
/// <param name="Generation">Comes back in the reports.</param>
/// <param name="Content">What to serve; null when the zone is to be absent.</param>
/// <param name="ObserveFirst">Look before acting: the server may be level already.</param>
public sealed record WantZone(DomainName Zone, long Generation, ZoneContent? Content, bool ObserveFirst)
{
    /// <summary>When the zone told it, on the kernel's clock of this node; null when the time does not count.</summary>
    public TimeSpan? ToldAt { get; init; }

    /// <summary>No master has confirmed the content for too long: a target that is set to withdraw such zones serves nothing.</summary>
    public bool IsExpired { get; init; }

    /// <summary>
    /// Of a zone that is to be absent: its creation came to nothing. A target that took nothing of it leaves what it served before, which
    /// somebody else gave it.
    /// </summary>
    public bool Undoes { get; init; }

    /// <summary>How closely a look compares. Of a wish that is carried out in any case it says nothing.</summary>
    public LookDepth Depth { get; init; }

    /// <summary>Shard of the zone.</summary>
    public int Shard { get; init; }

    /// <summary>Epoch of the zone's owner: a target takes nothing from one whom another has followed. 0 of an agent that stands
    /// alone.</summary>
    public long Epoch { get; init; }
}

/// <summary>How far a target is with a wish.</summary>
public sealed record TargetReport(DomainName Zone, long Generation, TargetProgress Progress);

/// <summary>Published on the event stream when a target goes away or returns.</summary>
/// <param name="Target">Name of the target.</param>
/// <param name="Healthy">False when it cannot be reached.</param>
/// <param name="Returned">True when it was away before: everything it should serve needs another look.</param>
/// <param name="Reason">Why it is away.</param>
public sealed record TargetHealthChanged(string Target, bool Healthy, bool Returned, Reason? Reason)
{
    /// <summary>Whose word it is. When another actor stands for the target by now, the last words of the one before do not
    /// count.</summary>
    public IActorRef? Source { get; init; }
}

/// <summary>Asks a target how it stands; answered by <see cref="TargetStatus"/>.</summary>
/// <param name="OwedFor">Counts only the zones that have been owed for at least so long.</param>
public sealed record GetTargetStatus(TimeSpan OwedFor = default);

/// <summary>How a target stands.</summary>
/// <param name="Name">Name as configured.</param>
/// <param name="Driver">Driver.</param>
/// <param name="Healthy">Whether it could be reached at the last try.</param>
/// <param name="Reason">Why not.</param>
/// <param name="Since">Since when it is so.</param>
/// <param name="Behind">Zones that are not as wanted there.</param>
/// <param name="UnderWay">Orders under way.</param>
public sealed record TargetStatus(
    string Name,
    string Driver,
    bool Healthy,
    Reason? Reason,
    DateTimeOffset Since,
    int Behind,
    int UnderWay)
{
    /// <summary>Zones that the server is known not to serve as wanted, for as long as was asked; those that are only looked at again are
    /// not among them.</summary>
    public int Owed { get; init; }

    /// <summary>For how long the oldest of them has been so, without those that the server refuses.</summary>
    public TimeSpan? OwedFor { get; init; }

    /// <summary>Zones that the server took and did not serve, for which more than the change itself is being tried.</summary>
    public int Escalated { get; init; }

    /// <summary>Those of them for which everything was tried.</summary>
    public int Exhausted { get; init; }

    /// <summary>What becomes of changes by others there; null when another node holds the target.</summary>
    public DriftRule? Drift { get; init; }

    /// <summary>Zones that are known to have been changed by others and not to be level again.</summary>
    public int Drifted { get; init; }

    /// <summary>Comparisons of content that wait or are under way.</summary>
    public int Comparisons { get; init; }

    /// <summary>Which zones of the server its driver can name; null when another node holds the target.</summary>
    public ZoneListing? Listing { get; init; }

    /// <summary>What the server can hold; null when another node holds the target and has not told it yet.</summary>
    public ZoneLimits? Limits { get; init; }

    /// <summary>Who the server says by DNS that it is; null when it does not tell.</summary>
    public ServerName? Server { get; init; }

    /// <summary>The software of the server that the control channel reaches; null when the driver has none, or it does not tell.</summary>
    public string? Controlled { get; init; }

    /// <summary>What can be done with the target, in the words of <see cref="TargetFeatures"/>.</summary>
    public ImmutableArray<string> Features { get; init; } = [];
}

/// <summary>
/// Hands a question about the server to its driver, which answers the sender itself: <see cref="ObserveZone"/> or
/// <see cref="ListServed"/>. Only the target's own actor takes it.
/// </summary>
public sealed record AskServer(BackendOrder Question);
