using System.Collections.Immutable;
using Agent.Actors.Kernel;

namespace Agent.Actors.Sweeps;

/// <summary>Settings of the sweep over contents of a node.</summary>
/// <param name="TargetDirectory">Knows the targets.</param>
/// <param name="Region">Door to all zones.</param>
/// <param name="Journal">The journal's writer, which also says what is wanted.</param>
public sealed record ContentSweepSettings(IActorRef TargetDirectory, IActorRef Region, IActorRef Journal)
{
    /// <summary>Between two sweeps of one server; zero: only repairs that are asked for.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromHours(24);

    /// <summary>So long after a server was taken up it is swept for the first time.</summary>
    public TimeSpan AfterStart { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Zones that are looked at in a second.</summary>
    public int ChecksPerSecond { get; init; } = 5;

    /// <summary>While so many comparisons wait at the server's actor no further ones are begun.</summary>
    public int WaitingMaximum { get; init; } = 8;
}

/// <summary>Bring everything at this server level now, whatever its rule; answered by <see cref="RepairBegun"/>.</summary>
/// <param name="Target">Name by which all nodes know the target.</param>
public sealed record RepairTarget(string Target);

/// <summary>Answer to <see cref="RepairTarget"/>.</summary>
/// <param name="Target">Its name.</param>
/// <param name="IsKnown">False when there is no such target.</param>
public sealed record RepairBegun(string Target, bool IsKnown);

/// <summary>Asks how far the sweeps over contents are; answered by <see cref="ContentSweeps"/>.</summary>
public sealed record GetContentSweep;

/// <summary>How far the sweeps of this node's servers are.</summary>
public sealed record ContentSweeps(ImmutableArray<ContentSweep> Servers);

/// <summary>How far the sweep over the contents of a server is.</summary>
/// <param name="Target">Name by which all nodes know the target.</param>
/// <param name="State"><c>waiting</c>, <c>sweeping</c>, <c>swept</c>, <c>off</c>, <c>away</c>, <c>failed</c>, or <c>elsewhere</c>.</param>
/// <param name="Looked">Zones that were looked at in the present sweep, or the last one.</param>
/// <param name="SweptAt">When the last whole sweep ended.</param>
public sealed record ContentSweep(string Target, string State, long Looked, DateTimeOffset? SweptAt);
