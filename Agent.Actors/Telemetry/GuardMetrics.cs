using System.Diagnostics.Metrics;

namespace Agent.Actors.Telemetry;

/// <summary>Counts content that guards stop. How many zones wait is the state <c>blocked</c> of <c>dnsagent_zones</c>.</summary>
public static class GuardMetrics
{
    /// <summary>Contents that were stopped, by guard.</summary>
    public static Counter<long> Blocked { get; } = AgentMetrics.Meter.CreateCounter<long>(
        "dnsagent_guard_blocked_total", description: "New contents of zones that a guard stopped, by guard.");

    /// <summary>Makes the series appear before anything has happened.</summary>
    public static void Begin(params ReadOnlySpan<string> guards) => Blocked.BeginAtZero("guard", guards);

    internal static void CountBlocked(string guard) => Blocked.Add(1, new KeyValuePair<string, object?>("guard", guard));
}
