using System.Diagnostics.Metrics;
using Agent.Actors.Telemetry;

namespace Agent.Host.Telemetry;

/// <summary>What the process itself takes from the time of its work.</summary>
internal static class RuntimeMetrics
{
    /// <summary>How long work waited for the thread pool, sampled once a second.</summary>
    public static Histogram<double> PoolDelay { get; } = AgentMetrics.Meter.CreateHistogram<double>(
        "dnsagent_pool_delay_seconds", "s", "Time that work waited for the thread pool, sampled once a second.");

    /// <summary>Times that work waited so long that the runtime counted as stuck.</summary>
    public static Counter<long> Stalls { get; } = AgentMetrics.Meter.CreateCounter<long>(
        "dnsagent_pool_stalls_total", description: "Times that work waited for the thread pool for 5 seconds or longer.");

    /// <summary>Time for which garbage collection stopped everything.</summary>
    public static ObservableCounter<double> GcPause { get; } = AgentMetrics.Meter.CreateObservableCounter(
        "dnsagent_gc_pause_seconds_total",
        static () => GC.GetTotalPauseDuration().TotalSeconds,
        description: "Time for which garbage collection stopped the process.");
}
