using System.Diagnostics.Metrics;

namespace Agent.Actors.Telemetry;

/// <summary>What is counted of attracting anycast traffic.</summary>
public static class AnycastMetrics
{
    private static readonly KeyValuePair<string, object?> Announced = new("to", "announced");
    private static readonly KeyValuePair<string, object?> Withdrawn = new("to", "withdrawn");

    /// <summary>Changes between announced and withdrawn.</summary>
    public static Counter<long> Transitions { get; } = AgentMetrics.Meter.CreateCounter<long>(
        "dnsagent_anycast_transitions_total", description: "Changes between announced and withdrawn, by what the node became.");

    /// <summary>Makes the series appear before anything has happened.</summary>
    public static void Begin()
    {
        Transitions.Add(0, Announced);
        Transitions.Add(0, Withdrawn);
    }

    internal static void CountTransition(bool isAnnounced) => Transitions.Add(1, isAnnounced ? Announced : Withdrawn);
}
