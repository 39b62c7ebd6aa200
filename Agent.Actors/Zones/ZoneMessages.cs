using System.Collections.Immutable;
using System.Net;
using Agent.Actors.Cluster;
using Agent.Actors.Guards;
using Agent.Actors.Journal;
using Agent.Actors.Kernel;
using Agent.Actors.Reasons;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Actors.Zones;

/// <summary>A message for the owner of one zone; routed by the stable hash of the name.</summary>
public abstract record ZoneMessage(DomainName Zone) : IShardKeyed, IUndeliverable
{
    private static readonly Reason Interrupted = new(ReasonCode.NoOwner, "the work for this zone was interrupted");

    /// <inheritdoc/>
    public ulong ShardKey => Zone.StableHash;

    /// <inheritdoc/>
    public virtual bool ChangesWish => false;

    /// <inheritdoc/>
    public void OnUndelivered(IActorRef? sender) => Refuse(sender, Interrupted);

    /// <summary>Tells who asked that nobody does what was asked.</summary>
    internal void Refuse(IActorRef? sender, Reason reason) => sender?.Tell(new ZoneReply(Zone, ZoneOutcome.Failed, reason));
}

/// <summary>What the requester sent along; carried into history and logs.</summary>
/// <param name="Client">Who asked, as address or user.</param>
/// <param name="KeyName">TSIG key that signed the request; null when unsigned.</param>
/// <param name="TraceId">Trace of the request.</param>
public sealed record RequestOrigin(string Client, string? KeyName, string TraceId)
{
    /// <summary>The master set that the sender speaks for; null for none.</summary>
    public string? MasterSet { get; init; }
}

/// <summary>Bring the zone to all targets. Answered by <see cref="ZoneReply"/> within the answer deadline.</summary>
public sealed record CreateZone(DomainName Zone, RequestOrigin Origin) : ZoneMessage(Zone)
{
    /// <inheritdoc/>
    public override bool ChangesWish => true;
}

/// <summary>Take the zone from all targets. Answered by <see cref="ZoneReply"/> within the answer deadline.</summary>
public sealed record DeleteZone(DomainName Zone, RequestOrigin Origin) : ZoneMessage(Zone)
{
    /// <summary>An operator wants it whichever master set the zone belongs to.</summary>
    public bool Force { get; init; }

    /// <inheritdoc/>
    public override bool ChangesWish => true;
}

/// <summary>The zone changed at a master. Answered by <see cref="ZoneReply"/> as soon as it is noted.</summary>
/// <param name="Origin">Who said so.</param>
/// <param name="Notifier">Address that said so; a master at that address is asked first.</param>
/// <param name="SerialHint">Serial from the answer section; only a hint.</param>
public sealed record NotifyZone(DomainName Zone, RequestOrigin Origin, IPAddress? Notifier, uint? SerialHint) : ZoneMessage(Zone)
{
    /// <summary>When it reached the socket, on the kernel's clock of this node; null when nobody looked.</summary>
    public TimeSpan? ReceivedAt { get; init; }
}

/// <summary>Ask the masters now. Answered by <see cref="ZoneReply"/> when noted.</summary>
/// <param name="Origin">Who wants it.</param>
/// <param name="Force">Transfer and apply even when the serial is not newer.</param>
public sealed record RefreshZone(DomainName Zone, RequestOrigin Origin, bool Force) : ZoneMessage(Zone);

/// <summary>Decides about the content that a guard stopped. Answered by <see cref="ZoneReply"/> when the decision is durable, or cannot be
/// taken.</summary>
/// <param name="Origin">Who decides.</param>
/// <param name="Approve">Use it; else it is not wanted.</param>
/// <param name="Serial">Serial of the content that was looked at.</param>
/// <param name="Hash">Its hash; null when the serial is enough.</param>
public sealed record DecideCandidate(DomainName Zone, RequestOrigin Origin, bool Approve, uint Serial, ContentHash? Hash)
    : ZoneMessage(Zone);

/// <summary>Brings a deleted zone back with the content that it had. Answered by <see cref="ZoneReply"/> as a CREATE is.</summary>
public sealed record UndeleteZone(DomainName Zone, RequestOrigin Origin) : ZoneMessage(Zone)
{
    /// <inheritdoc/>
    public override bool ChangesWish => true;
}

/// <summary>Asks for a <see cref="ZoneStatus"/>; answered by it or by <see cref="ZoneReply"/> with
/// <see cref="ZoneOutcome.Unknown"/>.</summary>
public sealed record GetZone(DomainName Zone) : ZoneMessage(Zone);

/// <summary>Asks for the content, for outbound transfers; answered by <see cref="ZoneContentReply"/>.</summary>
/// <param name="OfCandidate">The content that a guard stopped is meant, and not the one held.</param>
public sealed record GetZoneContent(DomainName Zone, bool OfCandidate = false) : ZoneMessage(Zone);

/// <summary>The content held for a zone; null when there is none.</summary>
public sealed record ZoneContentReply(DomainName Zone, Agent.Dns.Zones.ZoneContent? Content)
{
    /// <summary>When it expires unless a master confirms it; null when that is not known.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }
}

/// <summary>How a request ended, before it is put into the words of a protocol.</summary>
public enum ZoneOutcome
{
    /// <summary>Done, or accepted and durable.</summary>
    Done = 0,

    /// <summary>Not done, and nothing of it remains wanted.</summary>
    Failed = 1,

    /// <summary>The zone is not known here and the request does not make it known.</summary>
    Unknown = 2,

    /// <summary>To be left without an answer.</summary>
    Ignored = 3,
}

/// <summary>Answer to a request about a zone.</summary>
public sealed record ZoneReply(DomainName Zone, ZoneOutcome Outcome, Reason? Reason = null) : IEntityAnswer
{
    /// <inheritdoc/>
    public bool IsInterrupted => Outcome == ZoneOutcome.Failed && Reason?.Code == ReasonCode.NoOwner;

    /// <inheritdoc/>
    public bool IsFromFormerOwner => Outcome == ZoneOutcome.Failed && Reason?.Code == ReasonCode.JournalFenced;
}

/// <summary>State of a zone as users see it.</summary>
/// <param name="Name">Apex.</param>
/// <param name="State">ok, pending, transferring, applying, blocked, stale, expired or deleting.</param>
/// <param name="Serial">Lowest serial verified at the targets; null when none serves it.</param>
/// <param name="WantedSerial">Serial of the content held.</param>
/// <param name="Records">Records of the content held.</param>
/// <param name="Reason">What stands against it.</param>
/// <param name="ReasonSince">Since when.</param>
/// <param name="RefreshedAt">When a master last confirmed the content.</param>
/// <param name="Targets">Each target.</param>
public sealed record ZoneStatus(
    DomainName Name,
    string State,
    uint? Serial,
    uint? WantedSerial,
    long? Records,
    Reason? Reason,
    DateTimeOffset? ReasonSince,
    DateTimeOffset? RefreshedAt,
    ImmutableArray<TargetProgress> Targets)
{
    /// <summary>When the content expires, or has expired, unless a master confirms it.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>The catalog that the zone belongs to; null when a control message created it.</summary>
    public ZoneOwner? Owner { get; init; }

    /// <summary>Since when every master says that it does not have the zone; null when one has it or that is not known.</summary>
    public DateTimeOffset? RefusedSince { get; init; }

    /// <summary>Content that a guard stopped.</summary>
    public CandidateStatus? Candidate { get; init; }
}

/// <summary>Asks one shard for its zones in order of name; answered by <see cref="ZoneList"/>.</summary>
/// <param name="Prefix">Only names whose text begins so; empty for all.</param>
/// <param name="State">Only this state; null for all.</param>
/// <param name="After">Only names behind this one in canonical order.</param>
/// <param name="Limit">At most so many.</param>
public sealed record ListZones(string Prefix, string? State, DomainName? After, int Limit)
{
    /// <summary>Only zones that every master has refused for as long as makes an orphan.</summary>
    public bool OrphansOnly { get; init; }
}

/// <summary>Zones of one shard.</summary>
public sealed record ZoneList(int Shard, ImmutableArray<ZoneStatus> Zones);

/// <summary>Asks a shard how many zones are in which state; answered by <see cref="ZoneCounts"/>.</summary>
public sealed record CountZones;

/// <summary>Zones by state in one shard.</summary>
public sealed record ZoneCounts(int Shard, ImmutableDictionary<string, int> ByState)
{
    /// <summary>Zones by target that does not have them as wanted, or is not known to. Older nodes do not say.</summary>
    public ImmutableDictionary<string, int> Behind { get; init; } = ImmutableDictionary<string, int>.Empty;
}

/// <summary>Asks a shard how many of its zones some targets have proven; answered by <see cref="ProvenZones"/>.</summary>
/// <param name="Round">Comes back in the answer.</param>
/// <param name="Targets">Names of the targets.</param>
public sealed record CountProven(long Round, ImmutableArray<string> Targets);

/// <summary>How many zones of one shard are served as wanted.</summary>
/// <param name="Shard">Number of the shard.</param>
/// <param name="Round">Round of the question.</param>
/// <param name="Zones">Zones that shall be served.</param>
/// <param name="Proven">Those of them that every asked target has proven since the shard's owner began.</param>
public sealed record ProvenZones(int Shard, long Round, int Zones, int Proven);
