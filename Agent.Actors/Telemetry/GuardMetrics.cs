using System.Diagnostics.Metrics;

namespace Agent.Actors.Telemetry;

/// <summary>Counts content that guards stop. How many zones wait is the state <c>blocked</c> of <c>dnsagent_zones</c>.</summary>
public static class GuardMetrics
{
    /// <summary>Contents that were stopped, by guard.</summary>
    public static Counter<long> Blocked { get; } = AgentMetrics.Meter.CreateCounter<long>(
        "dnsagent_guard_blocked_total", description: "New contents of zones that a guard stopped, by guard.");

    internal static void CountBlocked(string guard) => Blocked.Add(1, new KeyValuePair<string, object?>("guard", guard));
}
