using Agent.Bench.Memory;
using Agent.Bench.Peers;

namespace Agent.Tests.Scenarios;

/// <summary>
/// Whether something grows: the median of the last fifth of all samples against that of the second fifth. The first one is for warming
/// up; a fifth above, and a little, is what a collector and a busy machine move by themselves.
/// </summary>
internal sealed class Flatness(IReadOnlyList<ProcessSample> samples)
{
    private const double FactorMax = 1.2;
    private const long Mebibyte = 1024 * 1024;

    private static readonly (string What, Func<ProcessSample, long> Value, long Slack)[] Measures =
    [
        ("resident bytes", sample => sample.ResidentBytes, 32 * Mebibyte),
        ("heap bytes in use", sample => sample.HeapBytes, 16 * Mebibyte),
        ("descriptors", sample => sample.Descriptors, 10),
        ("threads", sample => sample.Threads, 10),
    ];

    /// <summary>
    /// A sample behind a collection of everything. When the collector comes by itself is a matter of the machine's load, and what lies
    /// there until then says nothing of what is kept.
    /// </summary>
    public static async Task<ProcessSample> SampleAsync(AgentProcess agent)
    {
        long live = (long)(await FullCollection.OfAsync(agent))["dnsagent_heap_live_bytes"];
        return await ProcessSample.OfAsync(agent) with { HeapBytes = live };
    }

    public IEnumerable<string> Growing() =>
        from measure in Measures
        let early = MedianOfFifth(1, measure.Value)
        let late = MedianOfFifth(4, measure.Value)
        where late > (FactorMax * early) + measure.Slack
        select $"{measure.What} from {early} to {late}";

    public override string ToString() => string.Join('\n', Measures.Select(measure =>
        $"{measure.What}: medians of the fifths "
        + string.Join(' ', Enumerable.Range(0, 5).Select(fifth => MedianOfFifth(fifth, measure.Value)))
        + $", most {samples.Max(measure.Value)}"));

    private long MedianOfFifth(int fifth, Func<ProcessSample, long> value)
    {
        long[] values = [.. samples.Skip(samples.Count * fifth / 5).Take(samples.Count / 5).Select(value).Order()];
        return values[values.Length / 2];
    }
}
