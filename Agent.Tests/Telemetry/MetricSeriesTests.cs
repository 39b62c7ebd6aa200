using System.Diagnostics.Metrics;
using System.Text;
using Agent.Host.Telemetry;

namespace Agent.Tests.Telemetry;

public sealed class MetricSeriesTests
{
    [Fact]
    public void Each_set_of_labels_has_its_own_value_however_its_values_are_typed()
    {
        using var meter = new Meter("tests");
        var series = new MetricSeries(meter.CreateCounter<double>("asked_total"), MetricKind.Counter);
        for (int round = 0; round < 3; round++)
        {
            series.Add(1, []);
            series.Add(2, [new("code", "2")]);
            series.Add(4, [new("code", 2)]);
            series.Add(8, [new("code", "a\"b"), new("target", "x")]);
            series.Add(16, [new("target", "x"), new("code", "a\"b")]);
            series.Add(32, [new("code", null)]);
        }

        Assert.Equal(
            [
                "asked_total 3",
                "asked_total{code=\"\"} 96",
                "asked_total{code=\"2\"} 18",
                "asked_total{code=\"a\\\"b\",target=\"x\"} 24",
                "asked_total{target=\"x\",code=\"a\\\"b\"} 48",
            ],
            LinesOf(series));
    }

    [Fact]
    public void A_histogram_counts_into_all_buckets_above_and_a_gauge_keeps_the_last()
    {
        using var meter = new Meter("tests");
        var seconds = new MetricSeries(meter.CreateHistogram<double>("took_seconds"), MetricKind.Histogram);
        foreach (double value in (double[])[0.003, 0.003, 500]) seconds.Add(value, [new("step", "soa")]);
        string[] lines = LinesOf(seconds);
        Assert.Contains("took_seconds_bucket{step=\"soa\",le=\"0.0025\"} 0", lines);
        Assert.Contains("took_seconds_bucket{step=\"soa\",le=\"0.005\"} 2", lines);
        Assert.Contains("took_seconds_bucket{step=\"soa\",le=\"+Inf\"} 3", lines);
        Assert.Contains("took_seconds_count{step=\"soa\"} 3", lines);

        var gauge = new MetricSeries(meter.CreateGauge<double>("waiting"), MetricKind.Gauge);
        gauge.Set(5, [new("line", "one")]);
        gauge.Set(3, [new("line", "one")]);
        Assert.Equal(["waiting{line=\"one\"} 3"], LinesOf(gauge));
    }

    private static string[] LinesOf(MetricSeries series)
    {
        var output = new StringBuilder();
        series.Write(output);
        return [.. output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => line[0] != '#')];
    }
}
