using System.Text.Json;
using Agent.Bench;
using Agent.Bench.Measure;

namespace Agent.Tests.Bench;

/// <summary>The program runs from end to end with the smallest sizes and says everything that it is there to say. The figures are not
/// judged.</summary>
[Trait("Category", "Peer")]
public sealed class RelayBenchTests
{
    private static readonly string[] Subjects = ["server asked directly", "dnsdist", "agent"];

    [Fact]
    public async Task Every_row_is_there()
    {
        BenchReport report = await BenchCatalog.Programs["relay"].RunAsync(BenchOptions.Parse(
            ["--rounds", "1", "--seconds", "1", "--names", "20", "--rate", "500", "--outstanding", "4", "--clients", "2"]));
        JsonElement json = JsonDocument.Parse(report.ToJson()).RootElement;
        List<string> rows = [.. json.GetProperty("measurements").EnumerateArray()
            .Select(row => $"{row.GetProperty("subject")}: {row.GetProperty("quantity")}")];
        foreach (string subject in Subjects)
        {
            foreach (string path in (string[])["UDP", "UDP by IPv6", "TCP"])
            {
                Assert.Contains($"{subject}: rate, {path}", rows);
                Assert.Contains($"{subject}: lost, {path}", rows);
            }

            Assert.Contains($"{subject}: latency p99 at a fixed rate", rows);
            Assert.Contains($"{subject}: processor time of the server, UDP", rows);
        }

        foreach (string subject in Subjects[1..])
        {
            Assert.Contains($"{subject}: processor time of whoever stands between, UDP", rows);
            Assert.Contains($"{subject}: resident memory", rows);
        }

        Assert.Contains("agent: lost at 80 % of its peak, UDP", rows);
        Assert.Equal(8, json.GetProperty("ratios").GetArrayLength());
        Assert.All(json.GetProperty("measurements").EnumerateArray(), row => Assert.NotEmpty(row.GetProperty("values").EnumerateArray()));
    }
}
