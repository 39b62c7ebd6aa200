namespace Agent.Actors.Anycast;

/// <summary>The thresholds of announcing.</summary>
public sealed record AnycastPolicy
{
    /// <summary>How often the node looks at itself.</summary>
    public required TimeSpan Interval { get; init; }

    /// <summary>Share of the zones, in percent, that the node's servers must be known to serve as wanted.</summary>
    public required int VerifiedPercent { get; init; }

    /// <summary>A change that is unverified for longer makes other nodes the better choice.</summary>
    public required TimeSpan LateAfter { get; init; }

    /// <summary>A change that is unverified for longer makes the node withdraw, if enough others are fit.</summary>
    public required TimeSpan StaleAfter { get; init; }

    /// <summary>Good looks in a row before the node announces.</summary>
    public required int Rise { get; init; }

    /// <summary>Bad looks in a row before the node withdraws.</summary>
    public required int Fall { get; init; }

    /// <summary>Time after the start, and after each withdrawal, before the node announces.</summary>
    public required TimeSpan RiseDelay { get; init; }

    /// <summary>So many others must announce before this node withdraws.</summary>
    public required int MinimumAnnouncers { get; init; }

    /// <summary>A withdrawn node that sees too few announcers for this long announces whatever speaks against it.</summary>
    public required TimeSpan LastResortAfter { get; init; }

    /// <summary>Whether an agent that stands alone withdraws for stale content too.</summary>
    public required bool WithdrawAlone { get; init; }

    /// <summary>How long a stop may wait for another announcer.</summary>
    public required TimeSpan StopWait { get; init; }

    /// <summary>An announcement counts for others when it has stood for this long.</summary>
    public required TimeSpan Settle { get; init; }

    /// <summary>Metric (MED, the lower the better) of a node with nothing against it.</summary>
    public required int MetricFit { get; init; }

    /// <summary>Metric of a node that is late.</summary>
    public required int MetricLate { get; init; }

    /// <summary>Metric of a node that only announces because nobody else would.</summary>
    public required int MetricLastResort { get; init; }
}
