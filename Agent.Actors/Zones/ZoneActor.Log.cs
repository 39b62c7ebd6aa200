using Agent.Actors.Journal;
using Agent.Actors.Transfers;
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

    /// <summary>Also what is no event of the history: that nothing was newer.</summary>
    private void LogPass(PassResult result)
    {
        if (!_logger.IsEnabled(LogLevel.Debug)) return;
        string outcome = result switch
        {
            ZoneBrought x when x.Stopped is { } why => $"serial {x.Content.Serial} from {x.Source} stopped by {why}",
            ZoneBrought x => $"serial {x.Content.Serial} from {x.Source}",
            NothingNewer x => $"nothing newer than {x.Serial}",
            NothingBrought x => x.Reason.ToString(),
            _ => "",
        };
        LogPassEnded(_logger, _name, outcome, Math.Round((Clock.Monotonic - _passBegunAt).TotalMilliseconds, 1));
    }

    [LoggerMessage(EventId = 201, EventName = "pass", Level = LogLevel.Debug, Message = "{Zone}: {Outcome} after {Milliseconds} ms")]
    private static partial void LogPassEnded(ILogger logger, DomainName zone, string outcome, double milliseconds);

    [LoggerMessage(EventId = 200, EventName = "zone", Message = "{Zone} {Code}: {Text}")]
    private static partial void LogEvent(
        ILogger logger, LogLevel level, string code, DomainName zone, string text, uint? serial, string? target, string? traceId);
}
