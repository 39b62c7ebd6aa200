using Agent.Actors.Telemetry;
using Agent.Dns.Wire;
using Microsoft.Extensions.Logging;

namespace Agent.Actors.Backends;

/// <content>What is kept and told of changes by others, and of changes of ours that the server does not serve.</content>
public sealed partial class BackendActor
{
    private readonly DriftBook _drift = new();

    private void Found(DriftFinding finding)
    {
        if (!_drift.Found(finding)) return;
        FarmMetrics.CountDrift(_settings.Name, Words.Of(finding.Kind));
        LogDrift(
            _logger,
            _settings.Name,
            finding.Zone,
            Words.Of(finding.Kind),
            finding.ServedSerial,
            finding.WantedSerial,
            finding.Difference?.ToString() ?? finding.Settings ?? "not compared",
            finding.IsRepairing ? "repair" : "report");
    }

    private void Over(DomainName zone)
    {
        if (!_drift.Over(zone, Clock.UtcNow)) return;
        FarmMetrics.CountDriftRepaired(_settings.Name);
        LogRepaired(_logger, _settings.Name, zone);
    }

    [LoggerMessage(EventId = 310, EventName = "verify-escalated", Level = LogLevel.Warning,
        Message = "{Target} does not serve {Zone} as it was told; next: {Rung}; {Reason}")]
    private static partial void LogEscalated(ILogger logger, string target, DomainName zone, string rung, string reason);

    [LoggerMessage(EventId = 311, EventName = "drift-found", Level = LogLevel.Warning,
        Message = "{Target} has {Zone} otherwise than wanted: {Kind}, serial {Served} instead of {Wanted}, {Records}; {Action}")]
    private static partial void LogDrift(
        ILogger logger, string target, DomainName zone, string kind, uint? served, uint wanted, string records, string action);

    [LoggerMessage(EventId = 312, EventName = "drift-repaired", Level = LogLevel.Information,
        Message = "{Target} serves {Zone} as wanted again")]
    private static partial void LogRepaired(ILogger logger, string target, DomainName zone);
}
