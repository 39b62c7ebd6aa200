using System.Collections.Immutable;
using Agent.Actors.Backends;
using Agent.Actors.Kernel;
using Agent.Actors.Reasons;
using Agent.Actors.Zones;
using Agent.Dns.Wire;

namespace Agent.Actors.Sweeps;

/// <summary>Settings of the sweep of a node.</summary>
/// <param name="TargetDirectory">Knows the targets.</param>
/// <param name="Region">Door to all zones.</param>
/// <param name="Journal">The journal's writer, which also says what is wanted.</param>
public sealed record SweepSettings(IActorRef TargetDirectory, IActorRef Region, IActorRef Journal)
{
    /// <summary>Says which zones belong to which targets; null: all to all.</summary>
    public ZonePolicyHolder? Policy { get; init; }

    /// <summary>Between two sweeps of one server.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromHours(6);

    /// <summary>So long after a server came, or came back, it is swept out of turn.</summary>
    public TimeSpan AfterReturn { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Zones that are looked at in a second.</summary>
    public int ChecksPerSecond { get; init; } = 200;

    /// <summary>A server that names more zones is not compared.</summary>
    public int ZonesMaximum { get; init; } = 1_000_000;

    /// <summary>So many zones that nobody created are told by name for each server; the others are only counted.</summary>
    public int NamesMaximum { get; init; } = 1000;
}

/// <summary>Asks the sweep what it has found; answered by <see cref="SweepFindings"/>.</summary>
public sealed record GetSweep;

/// <summary>Sweep this server now, or all of them; answered by <see cref="SweepFindings"/> as they are.</summary>
/// <param name="Target">Null for all.</param>
public sealed record SweepNow(string? Target);

/// <summary>A zone is one of ours from now on: it is told no more as one that nobody created.</summary>
public sealed record ZoneAdopted(DomainName Zone);

/// <summary>What the sweep of this node knows of all servers.</summary>
public sealed record SweepFindings(ImmutableArray<ServerFindings> Servers);

/// <summary>What the last sweep of a server found. Published on the event stream too.</summary>
/// <param name="Target">Name by which all nodes know the target.</param>
/// <param name="State"><c>waiting</c>, <c>sweeping</c>, <c>swept</c>, <c>failed</c>, <c>away</c>, or <c>elsewhere</c>: another node holds
/// the target and sweeps it.</param>
public sealed record ServerFindings(string Target, string State)
{
    /// <summary>When the last whole sweep ended; null before.</summary>
    public DateTimeOffset? SweptAt { get; init; }

    /// <summary>Which zones the server's driver can name.</summary>
    public ZoneListing Listing { get; init; }

    /// <summary>Zones that the server named; null when it names none.</summary>
    public int? Named { get; init; }

    /// <summary>Zones that were wanted and not named, so that they were looked at once more.</summary>
    public int Missing { get; init; }

    /// <summary>Zones that nobody created, in order of name, no more than <see cref="SweepSettings.NamesMaximum"/>.</summary>
    public ImmutableArray<ForeignZone> Foreign { get; init; } = [];

    /// <summary>Further zones that were named and are not wanted, which nobody has looked at.</summary>
    public int FurtherForeign { get; init; }

    /// <summary>Why the last try came to nothing.</summary>
    public Reason? Reason { get; init; }
}

/// <summary>A zone that a server has and nobody created here.</summary>
/// <param name="Serial">What the server serves.</param>
/// <param name="Since">When it was found first.</param>
public sealed record ForeignZone(DomainName Zone, uint Serial, DateTimeOffset Since);
