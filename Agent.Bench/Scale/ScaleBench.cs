using System.Globalization;
using Agent.Bench.Measure;

namespace Agent.Bench.Scale;

/// <summary>How each cost of one agent grows with its zones and with their records.</summary>
internal static class ScaleBench
{
    public static async Task<BenchReport> RunAsync(BenchOptions options)
    {
        BenchReport report = new("Costs by the number of zones that one agent knows, and by the records of one zone");
        string[] parts = (options.Text("parts") ?? "zones,records").Split(',');
        int[] zones = Numbers(options, "zones", "1000,10000,100000,1000000");
        int[] records = Numbers(options, "records", "100,10000,1000000,10000000");
        if (parts.Contains("zones")) await new ManyZones(report).RunAsync(zones, options.Text("driver") ?? "fake");
        if (parts.Contains("records")) await new LargeZones(report).RunAsync(records, options.Number("rounds", 1));
        return report;
    }

    private static int[] Numbers(BenchOptions options, string name, string otherwise) =>
        [.. (options.Text(name) ?? otherwise).Split(',').Select(
            text => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number > 0
                ? number
                : throw new FormatException($"--{name} {text}: expected whole numbers above 0"))];
}
