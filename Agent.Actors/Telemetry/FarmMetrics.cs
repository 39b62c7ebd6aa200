using System.Diagnostics.Metrics;

namespace Agent.Actors.Telemetry;

/// <summary>What is counted of bringing servers level: orders to them, what they were then seen to serve, and how long it took.</summary>
public static class FarmMetrics
{
    /// <summary>Orders that a server took, refused or did not get, by target, operation and result.</summary>
    public static Counter<long> Apply { get; } = AgentMetrics.Meter.CreateCounter<long>(
        "dnsagent_apply_total", description: "Orders to target servers, by target, operation and result.");

    /// <summary>From giving an order to its end.</summary>
    public static Histogram<double> ApplyDuration { get; } = AgentMetrics.Meter.CreateHistogram<double>(
        "dnsagent_apply_duration_seconds", "s", "Time that an order to a target server took.");

    /// <summary>What servers were seen to serve when they were asked, by target and result.</summary>
    public static Counter<long> Verify { get; } = AgentMetrics.Meter.CreateCounter<long>(
        "dnsagent_verify_total", description: "Answers of target servers about what they serve, by target and result.");

    /// <summary>From the durable change to the proof that a target serves it.</summary>
    public static Histogram<double> Convergence { get; } = AgentMetrics.Meter.CreateHistogram<double>(
        "dnsagent_convergence_seconds", "s", "Time from a durable change to the proof that a target serves it.");

    /// <summary>Steps up the ladder, by target and what is tried next.</summary>
    public static Counter<long> Escalations { get; } = AgentMetrics.Meter.CreateCounter<long>(
        "dnsagent_verify_escalations_total",
        description: "Changes that a target server took and did not serve, by target and what is tried next.");

    /// <summary>Zones that somebody else changed at a server, by target and kind.</summary>
    public static Counter<long> DriftDetected { get; } = AgentMetrics.Meter.CreateCounter<long>(
        "dnsagent_drift_detected_total", description: "Zones found changed at a target server by others, by target and kind.");

    /// <summary>Those of them that were put right, by target.</summary>
    public static Counter<long> DriftRepaired { get; } = AgentMetrics.Meter.CreateCounter<long>(
        "dnsagent_drift_repaired_total", description: "Zones changed at a target server by others that were put right, by target.");

    /// <summary>Makes the series of a target appear before anything has happened at it.</summary>
    internal static void Begin(
        string target,
        ReadOnlySpan<string> results,
        ReadOnlySpan<string> looks,
        ReadOnlySpan<string> rungs,
        ReadOnlySpan<string> kindsOfDrift)
    {
        foreach (string result in results)
        {
            Apply.Add(0, new("target", target), new("op", "apply"), new("result", result));
            Apply.Add(0, new("target", target), new("op", "remove"), new("result", result));
        }

        Verify.BeginAtZero("target", [target], "result", looks);
        Escalations.BeginAtZero("target", [target], "rung", rungs);
        DriftDetected.BeginAtZero("target", [target], "kind", kindsOfDrift);
        DriftRepaired.BeginAtZero("target", target);
    }

    internal static void CountEscalation(string target, string rung) =>
        Escalations.Add(1, new("target", target), new("rung", rung));

    internal static void CountDrift(string target, string kind) => DriftDetected.Add(1, new("target", target), new("kind", kind));

    internal static void CountDriftRepaired(string target) =>
        DriftRepaired.Add(1, new KeyValuePair<string, object?>("target", target));

    internal static void CountApply(string target, string operation, string result, TimeSpan duration)
    {
        Apply.Add(1, new("target", target), new("op", operation), new("result", result));
        ApplyDuration.Record(duration.TotalSeconds, new KeyValuePair<string, object?>("target", target));
    }

    internal static void CountVerify(string target, string result) => Verify.Add(1, new("target", target), new("result", result));

    internal static void CountConvergence(string target, TimeSpan apply, TimeSpan verify)
    {
        Convergence.Record((apply + verify).TotalSeconds, new KeyValuePair<string, object?>("target", target));
        ChangeMetrics.Took(ChangeStep.Apply, apply);
        ChangeMetrics.Took(ChangeStep.Verify, verify);
    }
}
