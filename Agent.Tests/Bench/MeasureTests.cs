using System.Text.Json;
using Agent.Bench.Measure;

namespace Agent.Tests.Bench;

/// <summary>What every figure of Agent.Bench goes through.</summary>
public sealed class MeasureTests
{
    [Fact]
    public void The_median_of_an_even_count_is_the_middle_of_its_two()
    {
        Samples samples = new();
        samples.AddRange([4, 1, 3, 2]);

        Assert.Equal(2.5, samples.Median);
        Assert.Equal(4, samples.Percentile(99));
        Assert.Equal(1, samples.Percentile(0));
        Assert.Equal((1, 4), (samples.Minimum, samples.Maximum));
    }

    [Fact]
    public void Nothing_measured_has_no_median() => Assert.Throws<InvalidOperationException>(() => new Samples().Median);

    [Fact]
    public void A_report_says_the_same_as_table_and_as_json()
    {
        BenchReport report = new("Title");
        report.Of("agent", "rate", "zones/s").AddRange([10, 30]);
        report.Of("agent", "rate", "zones/s").Add(20);
        report.AddRatio("agent over peer", 1.25, "at least 1.0");
        report.AddNote("On loopback.");

        StringWriter table = new();
        report.Print(table);
        Assert.Contains("agent    rate      20.0", table.ToString(), StringComparison.Ordinal);
        Assert.Contains("agent over peer  1.25   at least 1.0", table.ToString(), StringComparison.Ordinal);
        JsonElement json = JsonDocument.Parse(report.ToJson()).RootElement;
        Assert.Equal(20, json.GetProperty("measurements")[0].GetProperty("median").GetDouble());
        Assert.Equal(1.25, json.GetProperty("ratios")[0].GetProperty("value").GetDouble());
        Assert.Equal("On loopback.", json.GetProperty("notes")[0].GetString());
    }

    [Fact]
    public void Options_are_names_with_values()
    {
        BenchOptions options = BenchOptions.Parse(["--zones", "50", "--json", "out.json"]);

        Assert.Equal((50, 7), (options.Number("zones", 5000), options.Number("rounds", 7)));
        Assert.Equal("out.json", options.JsonFile);
    }

    [Fact]
    public void An_option_that_is_given_twice_is_a_list()
    {
        BenchOptions options = BenchOptions.Parse(["--driver", "nsd", "--zones", "1", "--zones", "2", "--driver", "knot"]);

        Assert.Equal("nsd,knot", options.Text("driver"));
        Assert.Throws<FormatException>(() => options.Number("zones", 7));
    }

    [Fact]
    public void A_line_through_the_values_does_not_mind_peaks()
    {
        Assert.Equal(0, Trend.Rise([5, 5, 900, 5, 5, 5, 0, 5]));
        Assert.Equal(8, Trend.Rise([1, 3, 5, 7, 9]));
        Assert.Equal(-4, Trend.Rise([5, 4, 30, 2, 1]));
        Assert.Throws<ArgumentException>(() => Trend.Rise([1]));
    }

    [Theory]
    [InlineData("zones", "5")]
    [InlineData("--zones")]
    public void An_option_of_another_shape_is_refused(params string[] arguments) =>
        Assert.Throws<FormatException>(() => BenchOptions.Parse(arguments));

    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("many")]
    public void A_number_is_above_zero(string text) =>
        Assert.Throws<FormatException>(() => BenchOptions.Parse(["--zones", text]).Number("zones", 1));
}
