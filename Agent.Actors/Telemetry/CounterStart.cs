using System.Diagnostics.Metrics;

namespace Agent.Actors.Telemetry;

/// <summary>
/// Makes the series of a counter appear before anything has happened. An alarm on a growing counter does not see the first event of a
/// series that begins with it.
/// </summary>
public static class CounterStart
{
    /// <summary>A counter without labels.</summary>
    public static void BeginAtZero(this Counter<long> counter)
    {
        ArgumentNullException.ThrowIfNull(counter);
        counter.Add(0);
    }

    /// <summary>A counter with one label, for each value that the label can have.</summary>
    public static void BeginAtZero(this Counter<long> counter, string label, params ReadOnlySpan<string> values)
    {
        ArgumentNullException.ThrowIfNull(counter);
        foreach (string value in values) counter.Add(0, new KeyValuePair<string, object?>(label, value));
    }

    /// <summary>A counter with two labels, for each pair of their values.</summary>
    public static void BeginAtZero(
        this Counter<long> counter, string label, ReadOnlySpan<string> values, string other, ReadOnlySpan<string> others)
    {
        ArgumentNullException.ThrowIfNull(counter);
        foreach (string value in values)
        {
            foreach (string second in others) counter.Add(0, new(label, value), new KeyValuePair<string, object?>(other, second));
        }
    }
}
