using System.Diagnostics.Metrics;
using Agent.Bench.Measure;
using Agent.Host.Telemetry;

namespace Agent.Tests.Telemetry;

public sealed class PrometheusExporterTests
{
    [Fact]
    public void What_an_observable_gauge_says_no_more_is_not_on_the_page()
    {
        using var meter = new Meter("pages");
        using var exporter = new PrometheusExporter(meter.Name);
        string[] masters = ["a", "b"];
        meter.CreateObservableGauge(
            "circuit", () => masters.Select(m => new Measurement<int>(2, new KeyValuePair<string, object?>("master", m))));
        Counter<long> counter = meter.CreateCounter<long>("asked_total");
        counter.Add(1, new KeyValuePair<string, object?>("master", "a"));
        Assert.Equal(4, new MetricsPage(exporter.Text()).Total("circuit"));

        masters = ["b"];
        string text = exporter.Text();
        Assert.DoesNotContain("circuit{master=\"a\"}", text, StringComparison.Ordinal);
        Assert.Contains("circuit{master=\"b\"} 2", text, StringComparison.Ordinal);
        Assert.Contains("asked_total{master=\"a\"} 1", text, StringComparison.Ordinal);

        masters = [];
        Assert.DoesNotContain("circuit", exporter.Text(), StringComparison.Ordinal);
    }

    [Fact]
    public void Pages_asked_for_at_the_same_time_are_all_whole()
    {
        using var meter = new Meter("pages at once");
        using var exporter = new PrometheusExporter(meter.Name);
        meter.CreateObservableGauge(
            "shards", () => Enumerable.Range(0, 50).Select(i => new Measurement<int>(1, new KeyValuePair<string, object?>("shard", i))));
        Parallel.For(0, 200, _ => Assert.Equal(50, new MetricsPage(exporter.Text()).Total("shards")));
    }
}
