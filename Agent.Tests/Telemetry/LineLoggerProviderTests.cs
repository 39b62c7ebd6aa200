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
        using var provider = new LineLoggerProvider(json, LogLevel.Information, output);
        KeyValuePair<string, object?>[] fields = [new("Zone", "a.example."), new("traceId", ""), new("{OriginalFormat}", "unused")];
        provider.CreateLogger("Agent.Zones").Log(
            LogLevel.Information, new EventId(1, "zone-changed"), fields, null, (_, _) => "a.example.: \u001b[1m <\"now\"> + 1");
        string line = Assert.Single(output.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries));
        Assert.EndsWith(end, line);
    }
}
