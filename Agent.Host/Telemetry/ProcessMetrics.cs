using System.Diagnostics.Metrics;
using Agent.Actors.Telemetry;

namespace Agent.Host.Telemetry;

/// <summary>What the process itself takes, told whenever somebody looks.</summary>
internal static class ProcessMetrics
{
    private static readonly Lock Gate = new();
    private static bool _isRegistered;

    /// <summary>Adds the gauges to the agent's meter, once for the process.</summary>
    public static void Register()
    {
        lock (Gate)
        {
            if (_isRegistered) return;
            _isRegistered = true;
        }

        Meter meter = AgentMetrics.Meter;
        meter.CreateObservableGauge(
            "dnsagent_heap_live_bytes", LiveBytes, "By", "Managed memory that the last collection found in use.");
        meter.CreateObservableGauge(
            "dnsagent_resident_bytes", static () => Environment.WorkingSet, "By", "Memory of the process that is resident.");
        meter.CreateObservableCounter(
            "dnsagent_collections_total",
            static () => (long)GC.CollectionCount(2),
            description: "Collections of the whole managed memory.");
    }

    private static long LiveBytes()
    {
        GCMemoryInfo last = GC.GetGCMemoryInfo(GCKind.FullBlocking);
        if (last.Index == 0) last = GC.GetGCMemoryInfo(GCKind.Any);
        return last.HeapSizeBytes - last.FragmentedBytes;
    }
}
