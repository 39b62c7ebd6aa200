using System.Collections.Immutable;
using Agent.Actors.Reasons;

namespace Agent.Actors.Anycast;

/// <summary>The last decision, for whoever asks from outside the actors.</summary>
/// <remarks>Written by one actor, read by any thread. A decision that has become old says that the actors get no turn.</remarks>
public sealed class AnycastBoard
{
    private volatile AnycastStatus? _status;

    /// <summary>Null before the first look.</summary>
    public AnycastStatus? Status => _status;

    internal void Put(AnycastStatus status) => _status = status;
}

/// <summary>A decision.</summary>
/// <param name="At">When, on the kernel's monotonic clock.</param>
/// <param name="IsAnnounced">Whether the node attracts traffic.</param>
/// <param name="IsShown">Whether that has been brought about.</param>
/// <param name="Metric">Its metric.</param>
/// <param name="IsFit">Whether nothing would justify a withdrawal.</param>
/// <param name="Since">Since when it is announced or withdrawn.</param>
/// <param name="Reasons">What speaks against it, and why it is so all the same.</param>
/// <param name="Facts">What the decision rests on.</param>
/// <param name="Announcers">Nodes that are known to announce.</param>
public sealed record AnycastStatus(
    TimeSpan At,
    bool IsAnnounced,
    bool IsShown,
    int Metric,
    bool IsFit,
    DateTimeOffset Since,
    ImmutableArray<Reason> Reasons,
    AnycastFacts Facts,
    ImmutableArray<string> Announcers);
