using System.Collections.Immutable;
using System.Globalization;
using Agent.Actors.Backends;
using Agent.Actors.Guards;
using Agent.Actors.Reasons;
using Agent.Actors.Transfers;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Actors.Zones;

/// <summary>What a NOTIFY for a zone that nobody created means.</summary>
public enum UnknownNotify
{
    /// <summary>Answer REFUSED.</summary>
    Refuse = 0,

    /// <summary>Say nothing.</summary>
    Ignore = 1,

    /// <summary>Take it for a CREATE.</summary>
    Create = 2,
}

/// <summary>How many targets must have proven a change before CREATE and DELETE are answered.</summary>
/// <param name="Kind">All, a majority, or a number.</param>
/// <param name="Number">The number, for <see cref="QuorumKind.Number"/>.</param>
public readonly record struct Quorum(QuorumKind Kind, int Number = 0)
{
    /// <summary>Reads "all", "majority" or a number from 1; false when it is none of these.</summary>
    public static bool TryParse(string text, out Quorum quorum)
    {
        quorum = text == "majority" ? new Quorum(QuorumKind.Majority) : new Quorum(QuorumKind.All);
        if (text is "all" or "majority") return true;
        bool isNumber = int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number is >= 1 and <= 10_000;
        if (isNumber) quorum = new Quorum(QuorumKind.Number, number);
        return isNumber;
    }

    /// <summary>Proofs needed among <paramref name="counted"/> targets; never more than there are, and at least one.</summary>
    public int Needed(int counted) => Math.Max(1, Kind switch
    {
        QuorumKind.All => counted,
        QuorumKind.Majority => (counted / 2) + 1,
        _ => Math.Min(Number, counted),
    });

    /// <inheritdoc/>
    public override string ToString() => Kind == QuorumKind.Number
        ? Number.ToString(CultureInfo.InvariantCulture)
        : Kind.ToString().ToLowerInvariant();
}

/// <summary>Kinds of <see cref="Quorum"/>.</summary>
public enum QuorumKind
{
    /// <summary>Every counted target.</summary>
    All = 0,

    /// <summary>More than half of them.</summary>
    Majority = 1,

    /// <summary>A fixed number.</summary>
    Number = 2,
}

/// <summary>What becomes of a zone that the masters gave up.</summary>
public enum OrphanAction
{
    /// <summary>Operators are told.</summary>
    Report = 0,

    /// <summary>It is deleted, and its content kept for the time in which a deletion can be undone.</summary>
    Remove = 1,
}

/// <summary>How new content of some zones is judged.</summary>
public sealed record ZoneGuards(GuardPolicy Guards, OlderSerial OlderSerial);

/// <summary>Settings of a zone's life. All durations are positive; the same for every zone of an agent, but for guards.</summary>
public sealed record ZonePolicy
{
    /// <summary>What a NOTIFY for an unknown zone means.</summary>
    public UnknownNotify OnUnknownNotify { get; init; } = UnknownNotify.Refuse;

    /// <summary>How long NOTIFYs of a zone are collected before the masters are asked; zero for not at all.</summary>
    public TimeSpan NotifyDelay { get; init; } = TimeSpan.Zero;

    /// <summary>By then CREATE and DELETE are answered.</summary>
    public TimeSpan AnswerDeadline { get; init; } = TimeSpan.FromSeconds(25);

    /// <summary>Content of a deleted zone is kept that long.</summary>
    public TimeSpan UndeleteWindow { get; init; } = TimeSpan.FromDays(7);

    /// <summary>Proofs that CREATE and DELETE wait for.</summary>
    public Quorum Quorum { get; init; } = new(QuorumKind.All);

    /// <summary>First delay after a failed pass over the masters; doubles with each further one.</summary>
    public TimeSpan RetryMinimum { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Longest delay between two passes; the retry interval of the zone's SOA counts where it is shorter.</summary>
    public TimeSpan RetryMaximum { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Bounds on the refresh interval that a zone's SOA asks for.</summary>
    public TimeSpan RefreshMinimum { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Bounds on the refresh interval that a zone's SOA asks for.</summary>
    public TimeSpan RefreshMaximum { get; init; } = TimeSpan.FromDays(1);

    /// <summary>Bounds on the time that a zone's SOA gives its content without a word of a master. It is never less than one refresh and
    /// one retry, as these are bounded.</summary>
    public TimeSpan ExpireMinimum { get; init; } = TimeSpan.Zero;

    /// <summary>Bounds on the time that a zone's SOA gives its content without a word of a master.</summary>
    public TimeSpan ExpireMaximum { get; init; } = TimeSpan.FromDays(168);

    /// <summary>What new content must fulfil.</summary>
    public GuardPolicy Guards { get; init; } = new();

    /// <summary>What is made of a master's older serial.</summary>
    public OlderSerial OlderSerial { get; init; } = OlderSerial.AfterExpiry;

    /// <summary>Zones whose content is judged by rules of their own.</summary>
    public ZonePatternMap<ZoneGuards> OwnGuards { get; init; } = new([]);

    /// <summary>The targets of zones that do not belong to all of them.</summary>
    public ZonePatternMap<TargetSelection> Placement { get; init; } = new([]);

    /// <summary>How new content comes to the targets.</summary>
    public RolloutPolicy Rollout { get; init; } = new();

    /// <summary>Catalogs of the configuration: what belongs to one of them nobody else takes away.</summary>
    public ImmutableHashSet<DomainName> Catalogs { get; init; } = [];

    /// <summary>A zone that every master has said not to have for so long is an orphan; zero: none ever is.</summary>
    public TimeSpan OrphanAfter { get; init; } = TimeSpan.FromDays(30);

    /// <summary>What becomes of an orphan.</summary>
    public OrphanAction OrphanAction { get; init; } = OrphanAction.Report;

    /// <summary>Master sets of the configuration: what belongs to one of them its own senders take away, and nobody else.</summary>
    public ImmutableHashSet<string> MasterSets { get; init; } = [];

    /// <summary>Whether a zone belongs to a target.</summary>
    public bool IsPlaced(DomainName zone, string target) =>
        !Placement.TryFind(zone, out TargetSelection? selection) || selection.Contains(target);

    /// <summary>Why no orphan is removed at present although that is the action; null when they are. Set by who counts them over all
    /// zones.</summary>
    public Reason? OrphanHold { get; init; }

    /// <summary>Whether every master has refused the zone for as long as makes an orphan.</summary>
    public bool IsOrphan(ZoneStatus zone, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(zone);
        return OrphanAfter > TimeSpan.Zero && zone.RefusedSince is { } since && now - since >= OrphanAfter;
    }

    /// <summary>Requests that may wait for one zone; one more is answered with overload at once.</summary>
    public int MaxWaitingRequests { get; init; } = 64;

    /// <summary>Passes over the masters for a zone that a NOTIFY made known, before it is dropped again.</summary>
    public int NotifyCreatePasses { get; init; } = 5;

    /// <summary>How long a zone without work stays an actor before it becomes a row.</summary>
    public TimeSpan PassivateAfter { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The interval after which the masters are asked again, as the SOA wants it and within bounds.</summary>
    public TimeSpan RefreshOf(in SoaTimers soa) => Within(soa.RefreshSeconds, RefreshMinimum, RefreshMaximum);

    /// <summary>The longest interval between two tries when no master works, as the SOA wants it and within bounds.</summary>
    public TimeSpan RetryOf(in SoaTimers soa) => Within(soa.RetrySeconds, RetryMinimum, RetryMaximum);

    /// <summary>How long content counts after a master has confirmed it: as the SOA wants it and within bounds, and never less than it
    /// takes to ask again and once more.</summary>
    public TimeSpan LifetimeOf(in SoaTimers soa)
    {
        TimeSpan wanted = Within(soa.ExpireSeconds, ExpireMinimum, ExpireMaximum);
        TimeSpan least = RefreshOf(soa) + RetryOf(soa);
        return wanted > least ? wanted : least;
    }

    /// <summary>The settings as they are for one zone.</summary>
    public ZonePolicy Of(DomainName zone) => OwnGuards.TryFind(zone, out ZoneGuards? own)
        ? this with { Guards = own.Guards, OlderSerial = own.OlderSerial }
        : this;

    private static TimeSpan Within(uint seconds, TimeSpan least, TimeSpan most)
    {
        TimeSpan wanted = TimeSpan.FromSeconds(seconds);
        return wanted < least ? least : wanted > most ? most : wanted;
    }
}
