using System.Globalization;
using Agent.Bench.Measure;

namespace Agent.Bench.Scale;

/// <summary>Costs at several sizes: a line of figures for each, and the exponent by which it grows.</summary>
internal sealed class GrowthTable(BenchReport report, string things)
{
    private readonly List<(string Cost, string Unit, double Size, double Value)> _cells = [];

    public void Add(string cost, string unit, int size, double value)
    {
        _cells.Add((cost, unit, size, value));
        report.Of(string.Create(CultureInfo.InvariantCulture, $"{size:N0} {things}"), cost, unit).Add(value);
    }

    /// <summary>A note for each cost: how it grows between the sizes.</summary>
    public void AddExponents()
    {
        foreach (IGrouping<string, (string Cost, string Unit, double Size, double Value)> line in _cells.GroupBy(cell => cell.Cost))
        {
            (double Size, double Cost)[] points = [.. line.Where(cell => cell.Value > 0).Select(cell => (cell.Size, cell.Value))];
            if (points.Select(point => point.Size).Distinct().Count() < 2) continue;
            report.AddRatio($"exponent of {line.Key}, by {things}", PowerLaw.Exponent(points), "none");
        }
    }
}
