using System.Globalization;

namespace Agent.Bench.Measure;

/// <summary>The metrics page of a running agent at one moment, read as any monitoring would.</summary>
public sealed class MetricsPage
{
    private readonly Dictionary<string, double> _values = new(StringComparer.Ordinal);

    /// <summary>Reads Prometheus' text format.</summary>
    public MetricsPage(string text)
    {
        foreach (string line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            int space = line.LastIndexOf(' ');
            if (line[0] != '#' && space > 0)
            {
                _values[line[..space]] = double.Parse(line.AsSpan(space + 1), CultureInfo.InvariantCulture);
            }
        }
    }

    /// <summary>The value of a series, labels as written on the page; 0 for one that nothing was recorded to yet.</summary>
    public double this[string series] => _values.GetValueOrDefault(series);

    /// <summary>The sum over all series of this name, whatever their labels.</summary>
    public double Total(string name) => _values
        .Where(one => string.Equals(one.Key.Split('{')[0], name, StringComparison.Ordinal)).Sum(one => one.Value);

    /// <summary>How much a series has grown since an earlier page.</summary>
    public double Since(MetricsPage before, string series) => this[series] - before[series];
}
