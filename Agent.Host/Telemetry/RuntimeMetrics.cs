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

    /// <summary>Lines of the log that its reader did not take in time.</summary>
    public static Counter<long> LogLinesDropped { get; } = AgentMetrics.Meter.CreateCounter<long>(
        "dnsagent_log_lines_dropped_total", description: "Lines of the log that were dropped because nobody read them.");

    /// <summary>Time for which garbage collection stopped everything.</summary>
    public static ObservableCounter<double> GcPause { get; } = AgentMetrics.Meter.CreateObservableCounter(
        "dnsagent_gc_pause_seconds_total",
        static () => GC.GetTotalPauseDuration().TotalSeconds,
        description: "Time for which garbage collection stopped the process.");

    /// <summary>Makes the series appear before anything has happened.</summary>
    public static void Begin()
    {
        Stalls.BeginAtZero();
        LogLinesDropped.BeginAtZero();
    }
}
