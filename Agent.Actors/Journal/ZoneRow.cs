using System.Collections.Immutable;
using Agent.Actors.Guards;
using Agent.Actors.Reasons;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Actors.Journal;

/// <summary>What the farm is wanted to do with a zone.</summary>
public enum ZoneWish
{
    /// <summary>Every target serves the zone.</summary>
    Present = 1,

    /// <summary>No target serves the zone; the row stays until each has been seen without it.</summary>
    Absent = 2,
}

/// <summary>
/// The durable state of one zone: what is wanted, the content held, and what each target was proven to serve. The rows
/// of a shard are all that a new owner needs; everything else is derived again from servers and masters.
/// </summary>
public sealed record ZoneRow
{
    /// <summary>Apex, in the case in which it was first created.</summary>
    public required DomainName Name { get; init; }

    /// <summary>Present or absent.</summary>
    public required ZoneWish Wish { get; init; }

    /// <summary>Counts the changes of wish and content; a report about an older generation is stale.</summary>
    public required long Generation { get; init; }

    /// <summary>The content to serve; null until the first transfer of a zone that was accepted before it finished.</summary>
    public ZoneContent? Content { get; init; }

    /// <summary>When wish or content last changed.</summary>
    public required DateTimeOffset ChangedAt { get; init; }

    /// <summary>When a master last confirmed the content as current.</summary>
    public DateTimeOffset? RefreshedAt { get; init; }

    /// <summary>How long from <see cref="RefreshedAt"/> the content may be served without another word of a master; null when it is for
    /// the SOA to say.</summary>
    public TimeSpan? Lifetime { get; init; }

    /// <summary>When the content expires, where a master said so; null when the SOA says it or nothing was ever confirmed.</summary>
    public DateTimeOffset? ExpiresAt => RefreshedAt + Lifetime;

    /// <summary>The content has expired: no master has confirmed it for so long that it counts as wrong. It is kept all the same.</summary>
    public bool IsExpired => Reason?.Code == ReasonCode.Expired;

    /// <summary>The last reason that stands against the zone as a whole; null when all is well.</summary>
    public Reason? Reason { get; init; }

    /// <summary>Since when <see cref="Reason"/> stands.</summary>
    public DateTimeOffset? ReasonSince { get; init; }

    /// <summary>Since when every master says that it does not have the zone, as written; see <see cref="StandingRefusal"/>.</summary>
    public DateTimeOffset? RefusedSince { get; init; }

    /// <summary><see cref="RefusedSince"/> unless a master has confirmed the zone after it: an older program notes that without clearing
    /// the other.</summary>
    public DateTimeOffset? StandingRefusal => RefusedSince < RefreshedAt ? null : RefusedSince;

    /// <summary>Content that a guard stopped; null when there is none.</summary>
    public ZoneCandidate? Candidate { get; init; }

    /// <summary>The catalog that the zone belongs to; null when a control message created it.</summary>
    public ZoneOwner? Owner { get; init; }

    /// <summary>One entry for each target that was ever asked, ordered by name.</summary>
    public ImmutableArray<TargetProgress> Targets { get; init; } = [];
}
