using System.Globalization;

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

/// <summary>Settings of a zone's life. All durations are positive; the same for every zone of an agent.</summary>
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

    /// <summary>Longest delay between two passes.</summary>
    public TimeSpan RetryMaximum { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Bounds on the refresh interval that a zone's SOA asks for.</summary>
    public TimeSpan RefreshMinimum { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Bounds on the refresh interval that a zone's SOA asks for.</summary>
    public TimeSpan RefreshMaximum { get; init; } = TimeSpan.FromDays(1);

    /// <summary>Requests that may wait for one zone; one more is answered with overload at once.</summary>
    public int MaxWaitingRequests { get; init; } = 64;

    /// <summary>Passes over the masters for a zone that a NOTIFY made known, before it is dropped again.</summary>
    public int NotifyCreatePasses { get; init; } = 5;

    /// <summary>How long a zone without work stays an actor before it becomes a row.</summary>
    public TimeSpan PassivateAfter { get; init; } = TimeSpan.FromSeconds(30);
}
