namespace Agent.Host.Plugins;

/// <summary>What the log says of plugins.</summary>
internal static partial class PluginLog
{
    [LoggerMessage(EventId = 150, EventName = "plugin-unusable", Level = LogLevel.Error,
        Message = "target {Target} stays away: the plugin {File} cannot be used: {Problem}")]
    public static partial void Unusable(ILogger log, string target, string file, string problem);

    [LoggerMessage(EventId = 151, EventName = "plugin-broke-port", Level = LogLevel.Warning, Message = "the driver {Driver} {Fault}")]
    public static partial void Fault(ILogger log, string driver, string fault);
}
