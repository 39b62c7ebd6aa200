using Agent.Actors.Telemetry;
using Agent.Bench.Measure;
using Agent.Host.Telemetry;
using Microsoft.Extensions.Logging;

namespace Agent.Tests.Telemetry;

public sealed class LineLoggerProviderTests
{
    [Theory]
    [InlineData(false, " area=Zones event=zone-changed message=\"a.example.: \\u001B[1m <\\\"now\\\"> + 1\" zone=a.example. traceId=\"\"")]
    [InlineData(true, ",\"zone\":\"a.example.\",\"traceId\":\"\"}")]
    public void An_event_is_one_line_that_stays_readable(bool json, string end)
    {
        using var output = new StringWriter();
        var provider = new LineLoggerProvider(json, LogLevel.Information, output);
        KeyValuePair<string, object?>[] fields = [new("Zone", "a.example."), new("traceId", ""), new("{OriginalFormat}", "unused")];
        provider.CreateLogger("Agent.Zones").Log(
            LogLevel.Information, new EventId(1, "zone-changed"), fields, null, (_, _) => "a.example.: \u001b[1m <\"now\"> + 1");
        provider.Dispose();
        string line = Assert.Single(output.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries));
        Assert.EndsWith(end, line);
    }

    [Fact]
    public void Lines_keep_their_order_and_a_flush_writes_all_of_them()
    {
        using var output = new StringWriter();
        using var provider = new LineLoggerProvider(json: false, LogLevel.Information, output);
        ILogger log = provider.CreateLogger("Agent.Zones");
        for (int line = 0; line < 1000; line++) log.Log(LogLevel.Information, default, line, null, (number, _) => $"line-{number}");
        log.Log(LogLevel.Error, default, 0, null, (_, _) => "broken");

        // No lock is needed: nothing waits any more that another thread would write.
        provider.Flush();
        string[] lines = output.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(1001, lines.Length);
        Assert.All(lines.Take(1000).Index(), line => Assert.EndsWith($"message=line-{line.Index}", line.Item));
        Assert.EndsWith("level=error area=Zones message=broken", lines[^1]);
    }

    [Fact]
    public void A_time_among_the_fields_is_written_like_that_of_the_line()
    {
        using var output = new StringWriter();
        var provider = new LineLoggerProvider(json: false, LogLevel.Information, output);
        KeyValuePair<string, object?>[] fields =
        [
            new("Until", new DateTime(2026, 12, 31, 1, 6, 24, DateTimeKind.Utc)),
            new("Since", new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.FromHours(1))),
        ];
        provider.CreateLogger("Agent.Zones").Log(LogLevel.Information, default, fields, null, (_, _) => "dated");
        provider.Dispose();
        Assert.EndsWith("until=2026-12-31T01:06:24.000Z since=2026-01-02T02:04:05.000Z", output.ToString().TrimEnd());
    }

    [Fact]
    public void What_waits_is_written_at_the_end_and_what_comes_later_at_once()
    {
        using var output = new StringWriter();
        var provider = new LineLoggerProvider(json: false, LogLevel.Information, output);
        ILogger log = provider.CreateLogger("Agent.Zones");
        log.Log(LogLevel.Information, default, 0, null, (_, _) => "first");
        provider.Dispose();
        Assert.EndsWith($"message=first{Environment.NewLine}", output.ToString());
        log.Log(LogLevel.Information, default, 0, null, (_, _) => "second");
        Assert.EndsWith($"message=second{Environment.NewLine}", output.ToString());
        provider.Dispose();
    }

    [Fact]
    public void A_log_that_nobody_reads_stops_nothing()
    {
        using var output = new Closed();
        using var provider = new LineLoggerProvider(json: false, LogLevel.Information, output);
        provider.CreateLogger("Agent.Zones").Log(LogLevel.Error, default, 0, null, (_, _) => "broken");
        provider.Flush();
        Assert.True(output.WasTried);
    }

    [Fact]
    public void A_reader_that_does_not_read_keeps_nobody_and_hears_later_what_it_missed()
    {
        using var pages = new PrometheusExporter(AgentMetrics.MeterName);
        using var output = new Stuck();
        var provider = new LineLoggerProvider(json: false, LogLevel.Information, output);
        ILogger log = provider.CreateLogger("Agent.Zones");
        string filler = new('x', 1000);
        const int Sent = 4000;
        log.Log(LogLevel.Information, default, 0, null, (number, _) => $"{number}-{filler}");
        output.IsWaitedFor.Wait();
        for (int line = 1; line < Sent; line++) log.Log(LogLevel.Information, default, line, null, (number, _) => $"{number}-{filler}");
        log.Log(LogLevel.Error, default, 0, null, (_, _) => "broken");

        output.Read.Set();
        provider.Dispose();
        string[] lines = output.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);
        int kept = lines.Count(line => line.Contains(filler, StringComparison.Ordinal));
        Assert.InRange(kept, 900, 1100);
        Assert.All(lines.Take(kept).Index(), line => Assert.Contains($"message={line.Index}-x", line.Item));
        Assert.EndsWith("message=broken", lines[^2]);
        Assert.EndsWith(
            $"level=warning area=Log event=log-lines-lost message=\"{Sent - kept} lines were lost here: the log was not read\" lines={Sent - kept}",
            lines[^1]);
        Assert.Equal(Sent - kept, new MetricsPage(pages.Text())["dnsagent_log_lines_dropped_total"]);
    }

    [Fact]
    public void The_end_does_not_wait_for_ever_for_a_reader_that_does_not_read()
    {
        using var output = new Stuck();
        var provider = new LineLoggerProvider(json: false, LogLevel.Information, output, TimeSpan.FromMilliseconds(1));
        ILogger log = provider.CreateLogger("Agent.Zones");
        log.Log(LogLevel.Critical, default, 0, null, (_, _) => "last");
        provider.Dispose();
        log.Log(LogLevel.Critical, default, 0, null, (_, _) => "later");
        output.Read.Set();
    }

    /// <summary>As a pipe that is full until somebody reads.</summary>
    private sealed class Stuck : StringWriter
    {
        public ManualResetEventSlim Read { get; } = new();

        public ManualResetEventSlim IsWaitedFor { get; } = new();

        public override void Write(string? value)
        {
            IsWaitedFor.Set();
            Read.Wait();
            base.Write(value);
        }
    }

    private sealed class Closed : StringWriter
    {
        public bool WasTried { get; private set; }

        public override void Write(string? value)
        {
            WasTried = true;
            throw new IOException("broken pipe");
        }
    }
}
