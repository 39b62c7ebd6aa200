using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace Agent.Host.Telemetry;

/// <summary>The values of one instrument, by its label values; any thread may add.</summary>
internal sealed class MetricSeries(Instrument instrument, MetricKind kind)
{
    /// <summary>Upper bounds of histogram buckets, in the instrument's unit (seconds); the last one is infinite.</summary>
    private static readonly double[] Buckets =
        [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

    private readonly Lock _gate = new();
    private readonly SortedDictionary<string, Cell> _cells = new(StringComparer.Ordinal);

    // By a hash over keys and values: a measurement on a path that is taken thousands of times a second makes no text.
    private readonly Dictionary<int, Cell> _byTags = [];

    public string Name => instrument.Name;

    /// <summary>Adds to a counter or an up-down counter, or records into a histogram.</summary>
    public void Add(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        int hash = HashOf(tags);
        lock (_gate)
        {
            Cell cell = Of(hash, tags);
            cell.Sum += value;
            if (kind != MetricKind.Histogram) return;
            cell.Count++;
            cell.Buckets ??= new long[Buckets.Length];
            for (int i = 0; i < Buckets.Length; i++)
            {
                if (value <= Buckets[i]) cell.Buckets[i]++;
            }
        }
    }

    /// <summary>Sets what an observable instrument says at this moment.</summary>
    public void Set(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        int hash = HashOf(tags);
        lock (_gate) Of(hash, tags).Sum = value;
    }

    /// <summary>Forgets all values, before an observable instrument says anew which there are.</summary>
    public void Clear()
    {
        lock (_gate)
        {
            _cells.Clear();
            _byTags.Clear();
        }
    }

    /// <summary>Writes the series in Prometheus' text format.</summary>
    public void Write(StringBuilder output)
    {
        lock (_gate)
        {
            if (_cells.Count == 0) return;
            string type = kind switch { MetricKind.Counter => "counter", MetricKind.Histogram => "histogram", _ => "gauge" };
            output.Append("# HELP ").Append(Name).Append(' ').Append(instrument.Description ?? Name).Append('\n');
            output.Append("# TYPE ").Append(Name).Append(' ').Append(type).Append('\n');
            foreach ((string labels, Cell cell) in _cells)
            {
                if (kind == MetricKind.Histogram) WriteHistogram(output, labels, cell);
                else WriteLine(output, Name, labels, cell.Sum);
            }
        }
    }

    private void WriteHistogram(StringBuilder output, string labels, Cell cell)
    {
        string separator = labels.Length == 0 ? "" : ",";
        for (int i = 0; i < Buckets.Length; i++)
        {
            string bound = Buckets[i].ToString(CultureInfo.InvariantCulture);
            WriteLine(output, $"{Name}_bucket", $"{labels}{separator}le=\"{bound}\"", cell.Buckets![i]);
        }

        WriteLine(output, $"{Name}_bucket", $"{labels}{separator}le=\"+Inf\"", cell.Count);
        WriteLine(output, $"{Name}_sum", labels, cell.Sum);
        WriteLine(output, $"{Name}_count", labels, cell.Count);
    }

    private static void WriteLine(StringBuilder output, string name, string labels, double value)
    {
        output.Append(name);
        if (labels.Length > 0) output.Append('{').Append(labels).Append('}');
        output.Append(' ').Append(value.ToString(CultureInfo.InvariantCulture)).Append('\n');
    }

    private Cell Of(int hash, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (_byTags.TryGetValue(hash, out Cell? known) && known.Has(tags)) return known;
        string labels = LabelsOf(tags);
        if (!_cells.TryGetValue(labels, out Cell? cell)) _cells[labels] = cell = new Cell([.. tags]);
        _byTags.TryAdd(hash, cell);
        return cell;
    }

    private static int HashOf(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var hash = default(HashCode);
        foreach (KeyValuePair<string, object?> tag in tags)
        {
            hash.Add(tag.Key);
            hash.Add(tag.Value);
        }

        return hash.ToHashCode();
    }

    /// <summary>A label's value as the text format wants it between its quotes.</summary>
    internal static string Escape(string value) => value.Replace("\\", "\\\\", StringComparison.Ordinal)
        .Replace("\"", "\\\"", StringComparison.Ordinal)
        .Replace("\n", "\\n", StringComparison.Ordinal);

    private static string LabelsOf(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (tags.IsEmpty) return "";
        var text = new StringBuilder();
        foreach (KeyValuePair<string, object?> tag in tags)
        {
            if (text.Length > 0) text.Append(',');
            string value = Convert.ToString(tag.Value, CultureInfo.InvariantCulture) ?? "";
            text.Append(tag.Key).Append("=\"").Append(Escape(value)).Append('"');
        }

        return text.ToString();
    }

    private sealed class Cell(KeyValuePair<string, object?>[] tags)
    {
        public double Sum;
        public long Count;
        public long[]? Buckets;

        public bool Has(ReadOnlySpan<KeyValuePair<string, object?>> others)
        {
            if (others.Length != tags.Length) return false;
            for (int i = 0; i < tags.Length; i++)
            {
                if (tags[i].Key != others[i].Key || !Equals(tags[i].Value, others[i].Value)) return false;
            }

            return true;
        }
    }
}

/// <summary>How an instrument is shown.</summary>
internal enum MetricKind
{
    Counter = 0,
    Gauge = 1,
    Histogram = 2,
}
