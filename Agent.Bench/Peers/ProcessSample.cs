using System.Globalization;

namespace Agent.Bench.Peers;

/// <summary>What a running agent takes at one moment.</summary>
public sealed record ProcessSample(long ResidentBytes, long HeapBytes, int Descriptors, int Threads)
{
    private const string HeapMetric = "dnsagent_gc_heap_bytes ";

    public static async Task<ProcessSample> OfAsync(AgentProcess agent)
    {
        string metrics = await agent.GetTextAsync("/metrics");
        string heap = metrics.Split('\n').Single(line => line.StartsWith(HeapMetric, StringComparison.Ordinal))[HeapMetric.Length..];
        return new ProcessSample(
            ResidentBytesOf(agent),
            long.Parse(heap, CultureInfo.InvariantCulture),
            DescriptorsOf(agent),
            Directory.GetFileSystemEntries(Of(agent, "task")).Length);
    }

    public static int DescriptorsOf(AgentProcess agent) => Directory.GetFileSystemEntries(Of(agent, "fd")).Length;

    public static long ResidentBytesOf(AgentProcess agent) =>
        long.Parse(File.ReadAllText(Of(agent, "statm")).Split(' ')[1], CultureInfo.InvariantCulture) * Environment.SystemPageSize;

    private static string Of(AgentProcess agent, string file) =>
        string.Create(CultureInfo.InvariantCulture, $"/proc/{agent.Process!.Id}/{file}");
}
