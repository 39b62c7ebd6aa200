using System.Text.Json;
using Agent.Bench;
using Agent.Bench.Measure;
using Agent.Bench.Relay;

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
        foreach (string path in RelayRounds.Paths)
        {
            foreach (string subject in Subjects)
            {
                Assert.Contains($"{subject}: {RelayRounds.Rate(path)}", rows);
                Assert.Contains($"{subject}: lost, {path}", rows);
                Assert.Contains($"{subject}: {RelayRounds.P99(path)}", rows);
                Assert.Contains($"{subject}: processor time of the server, {path}", rows);
            }

            foreach (string subject in Subjects[1..]) Assert.Contains($"{subject}: {RelayRounds.Cpu(path)}", rows);
            Assert.Contains($"agent: {RelayRounds.Allocated(path)}", rows);
            Assert.Contains($"agent: {RelayRounds.LostBelowPeak(path)}", rows);
        }

        foreach (string subject in Subjects[1..]) Assert.Contains($"{subject}: resident memory", rows);
        Assert.Equal(6 * RelayRounds.Paths.Count, json.GetProperty("ratios").GetArrayLength());
        Assert.All(json.GetProperty("measurements").EnumerateArray(), row => Assert.NotEmpty(row.GetProperty("values").EnumerateArray()));
    }
}
