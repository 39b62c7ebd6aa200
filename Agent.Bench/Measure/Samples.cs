namespace Agent.Bench.Measure;

/// <summary>The figures of one subject over the rounds of a run: quoted by their median, with the spread beside it.</summary>
public sealed class Samples
{
    private readonly List<double> _values = [];

    public int Count => _values.Count;

    public double Median => Percentile(50);

    public double Minimum => _values.Min();

    public double Maximum => _values.Max();

    public IReadOnlyList<double> Values => _values;

    public void Add(double value) => _values.Add(value);

    public void AddRange(IEnumerable<double> values) => _values.AddRange(values);

    /// <summary>The value below which this many of a hundred lie, by the nearest rank; the median of an even count is the middle of
    /// its two.</summary>
    /// <param name="percent">0 to 100.</param>
    public double Percentile(double percent)
    {
        if (_values.Count == 0)
        {
            throw new InvalidOperationException("nothing was measured");
        }

        double[] sorted = [.. _values.Order()];
        if (percent == 50 && sorted.Length % 2 == 0)
        {
            return (sorted[(sorted.Length / 2) - 1] + sorted[sorted.Length / 2]) / 2;
        }

        int rank = (int)Math.Ceiling(percent / 100 * sorted.Length);
        return sorted[Math.Clamp(rank - 1, 0, sorted.Length - 1)];
    }
}
