using Agent.Actors.Journal;
using Agent.Dns.Wire;
using Microsoft.Extensions.Logging;

namespace Agent.Actors.Zones;

/// <content>What a zone goes through, as log lines: the same events as its history.</content>
internal sealed partial class ZoneActor
{
    private void Log(ZoneEvent line)
    {
        LogLevel level = line.Code is "transfer-failed" or "target-refused" or "serial-went-back" or "create-undone" or "target-away"
            or "blocked" or "expired" or "orphan" or "orphan-removed"
            ? LogLevel.Warning
            : LogLevel.Information;
        LogEvent(_logger, level, line.Code, line.Zone, line.Text, line.Serial, line.Target, line.TraceId);
    }

    [LoggerMessage(EventId = 200, EventName = "zone", Message = "{Zone} {Code}: {Text}")]
    private static partial void LogEvent(
        ILogger logger, LogLevel level, string code, DomainName zone, string text, uint? serial, string? target, string? traceId);
}
