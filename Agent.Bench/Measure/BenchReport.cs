using System.Globalization;

namespace Agent.Bench.Measure;

/// <summary>One line of figures: who, what of it, in which unit.</summary>
public sealed record Measurement(string Subject, string Quantity, string Unit, Samples Samples);

/// <summary>What a program of this project found, as a table for people and as JSON for whoever keeps a history.</summary>
public sealed class BenchReport(string title)
{
    private readonly List<Measurement> _measurements = [];
    private readonly List<Ratio> _ratios = [];
    private readonly List<string> _notes = [];

    public string Title { get; } = title;

    /// <summary>The samples of this quantity of this subject; a new line where it has none yet.</summary>
    public Samples Of(string subject, string quantity, string unit)
    {
        Measurement? known = _measurements.Find(one => string.Equals(one.Subject, subject, StringComparison.Ordinal)
            && string.Equals(one.Quantity, quantity, StringComparison.Ordinal));
        if (known is null)
        {
            known = new Measurement(subject, quantity, unit, new Samples());
            _measurements.Add(known);
        }

        return known.Samples;
    }

    public void AddRatio(string name, double value, string aim) => _ratios.Add(new Ratio(name, value, aim));

    /// <summary>A sentence below the tables: a reason, a condition of the run.</summary>
    public void AddNote(string note) => _notes.Add(note);

    /// <summary>Something that was to hold did not; the program ends with 1.</summary>
    public bool HasFailed { get; set; }

    public void Print(TextWriter output)
    {
        output.WriteLine(Title);
        output.WriteLine();
        PrintTable(output, ["subject", "quantity", "median", "smallest", "largest", "p99", "unit", "samples"],
            _measurements.Select(one => (string[])[one.Subject, one.Quantity, Text(one.Samples.Median), Text(one.Samples.Minimum),
                Text(one.Samples.Maximum), Text(one.Samples.Percentile(99)), one.Unit, Text(one.Samples.Count)]));
        if (_ratios.Count > 0)
        {
            output.WriteLine();
            PrintTable(
                output,
                ["ratio", "value", "aim", "reached"],
                _ratios.Select(one => (string[])[one.Name, Text(one.Value), one.Aim, one.Verdict]));
        }

        foreach (string note in _notes)
        {
            output.WriteLine();
            output.WriteLine(note);
        }
    }

    /// <summary>All of it as data.</summary>
    public BenchFigures Figures => new(
        Title,
        [.. _measurements.Select(one => new Figure(
            one.Subject,
            one.Quantity,
            one.Unit,
            one.Samples.Median,
            one.Samples.Percentile(99),
            one.Samples.Count <= 100 ? one.Samples.Values : null))],
        _ratios,
        _notes);

    public string ToJson() => Figures.ToJson();

    private static void PrintTable(TextWriter output, string[] heads, IEnumerable<string[]> rows)
    {
        string[][] all = [heads, .. rows];
        int[] widths = [.. heads.Select((_, column) => all.Max(row => row[column].Length))];
        foreach (string[] row in all)
        {
            output.WriteLine(string.Join("  ", row.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd());
        }
    }

    /// <summary>A figure as people read it.</summary>
    internal static string Text(double value) => value switch
    {
        >= 1000 => value.ToString("N0", CultureInfo.InvariantCulture),
        >= 10 => value.ToString("0.0", CultureInfo.InvariantCulture),
        _ => value.ToString("0.0##", CultureInfo.InvariantCulture),
    };

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);
}
