using Agent.Actors.Backends;
using Agent.Actors.Backends.Drivers;
using Agent.Actors.Reasons;
using Agent.Host.Configuration;

namespace Agent.Host.Plugins;

/// <summary>What a target with a driver from outside is made of.</summary>
/// <param name="Plugin">Its driver, or the reason why there is none.</param>
/// <param name="Values">Of the driver's own keys.</param>
public sealed record PluginSettings(PluginFile Plugin, DriverValues Values) : TargetSettings
{
    private static readonly TimeSpan DurationMax = TimeSpan.FromDays(3650);

    /// <summary>The driver as the configuration knows its own.</summary>
    internal static TargetDriver DriverOf(PluginFile plugin) => new(plugin.Name, ScopeOf(plugin), (section, _) => Read(plugin, section))
    {
        CanWithdraw = Ask(plugin, driver => driver.CanWithdraw, otherwise: true),
        Plugin = plugin,
    };

    /// <summary>Defaults as a text of configuration, for the keys that reference.conf cannot list.</summary>
    internal static string DefaultsOf(PluginFile plugin) => "server = \"\", on-expire = keep" + string.Concat(plugin.Settings
        .Select(setting => $", {setting.Key} = {(setting.Kind == DriverSettingKind.Texts ? "[]" : Quoted(setting.Default))}"));

    /// <summary>Makes the backend; a plugin that cannot is a target that is away, and the others go on.</summary>
    public IZoneBackend Create(TargetOptions target, string spoolFolder, TimeProvider clock, ILogger log)
    {
        string problem = Plugin.Problem;
        if (Plugin.Driver is { } driver)
        {
            try
            {
                var context = new DriverContext(target.Name, Values, target.Server?.ToEndPoint(), spoolFolder, clock, log);
                return new BoundedBackend(Plugin.Name, driver.Create(context), clock, log);
            }
            catch (Exception failure)
            {
                problem = failure is DriverSettingException ? failure.Message : PluginFile.Told(failure);
            }
        }

        PluginLog.Unusable(log, target.Name, Plugin.File, problem);
        return new UnusableBackend(Plugin.Name, new Reason(ReasonCode.TargetAway, $"the plugin {Plugin.File} cannot be used: {problem}"));
    }

    private static PluginSettings Read(PluginFile plugin, SectionReader section)
    {
        if (!plugin.IsUsable) section.TakeAll();
        Dictionary<string, object> values = new(StringComparer.Ordinal);
        foreach (DriverSetting setting in plugin.Settings)
        {
            values[setting.Key] = Read(setting, section);
            if (setting.IsRequired && !section.IsSet(setting.Key)) section.Problem(setting.Key, $"this must be given: {setting.Purpose}");
        }

        return new PluginSettings(plugin, new DriverValues(values));
    }

    private static object Read(DriverSetting setting, SectionReader section)
    {
        // Empty is no value of these kinds; whether it may be so is said above.
        bool isSet = section.IsSet(setting.Key);
        return setting.Kind switch
        {
            DriverSettingKind.Number => isSet ? section.Integer(setting.Key, 0, int.MaxValue) : 0,
            DriverSettingKind.Flag => isSet && section.Flag(setting.Key),
            DriverSettingKind.Duration => isSet ? section.Duration(setting.Key, TimeSpan.Zero, DurationMax) : TimeSpan.Zero,
            DriverSettingKind.Path when ConfigurationKeys.IsSecretFile(setting.Key) => section.SecretFile(setting.Key),
            DriverSettingKind.Path => section.File(setting.Key),
            DriverSettingKind.Texts => section.Texts(setting.Key),
            _ => section.Text(setting.Key),
        };
    }

    private static TargetScope ScopeOf(PluginFile plugin) =>
        Ask(plugin, driver => driver.ReachesFromEverywhere, otherwise: false) ? TargetScope.Farm : TargetScope.Node;

    private static bool Ask(PluginFile plugin, Func<IZoneDriver, bool> question, bool otherwise)
    {
        try
        {
            return plugin.Driver is { } driver ? question(driver) : otherwise;
        }
        catch (Exception)
        {
            // A driver that cannot say this will hardly make a backend, and is told of then.
            return otherwise;
        }
    }

    private static string Quoted(string text) =>
        $"\"{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
}
