namespace Agent.Bench.Measure;

/// <summary>
/// A straight line through values that were taken at even distances, by Theil and Sen: its slope is the median of the slopes between all
/// pairs. Single peaks, and the saw's teeth that a collector makes, hardly move it; a thing that grows a little each time does.
/// </summary>
public static class Trend
{
    /// <summary>How much the line rises from the first value to the last; below 0 when it falls.</summary>
    /// <exception cref="ArgumentException">Less than two values have no line.</exception>
    public static double Rise(IReadOnlyList<double> values)
    {
        if (values.Count < 2) throw new ArgumentException("at least two values are needed", nameof(values));
        Samples slopes = new();
        for (int early = 0; early < values.Count; early++)
        {
            for (int late = early + 1; late < values.Count; late++)
                slopes.Add((values[late] - values[early]) / (late - early));
        }

        return slopes.Median * (values.Count - 1);
    }
}
