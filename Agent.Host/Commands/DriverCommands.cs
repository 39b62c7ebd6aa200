using System.CommandLine;
using System.Reflection;
using Agent.Actors.Backends.Drivers;
using Agent.Host.Configuration;
using Agent.Host.Plugins;

namespace Agent.Host.Commands;

/// <summary><c>target drivers</c>: what a target's driver can be, ours and those from outside. It asks no agent, only the
/// configuration.</summary>
internal sealed class DriverCommands(CommandConsole console, ConfigCommands config)
{
    private static readonly string[] Headings = ["DRIVER", "FROM", "VERSION", "SCOPE", "FILE", "PROBLEM"];

    private readonly Option<string> _output = new("--output", "-o")
    {
        Description = "Form of the result; json also has the settings of drivers from outside",
        DefaultValueFactory = _ => "table",
        HelpName = "table|json",
    };

    public Command DriversCommand()
    {
        _output.AcceptOnlyFromAmong("table", "json");
        var command = new Command("drivers", "Lists the drivers that a target can have, and what is wrong with plugins")
        {
            config.Files, config.Settings, _output,
        };
        command.SetAction(async (parsed, stop) =>
        {
            try
            {
                PluginFolder folder = (await FileRead.UntilStoppedAsync(
                    () => AgentConfiguration.Load(config.SourcesOf(parsed)), stop)).Options.Plugins;
                List<DriverLine> drivers = [.. Own(), .. folder.All.Select(Line)];
                if (parsed.GetValue(_output) == "json") WriteJson(folder, drivers);
                else TableWriter.Write(console, Headings, drivers.Select(Cells));
                return drivers.Any(driver => driver.Problem.Length > 0) ? ExitCode.Failed : ExitCode.Done;
            }
            catch (ConfigurationException failure)
            {
                return config.Report(failure);
            }
        });
        return command;
    }

    private void WriteJson(PluginFolder folder, IEnumerable<DriverLine> drivers) => JsonOutput.Write(console, new
    {
        plugins = folder.FullPath,
        drivers = drivers.Select(line => new
        {
            driver = line.Driver,
            from = line.From,
            version = line.Version,
            scope = line.Scope,
            file = line.File,
            problem = line.Problem,
            settings = line.Settings?.Select(setting => new
            {
                key = setting.Key,
                kind = setting.Kind.ToString().ToLowerInvariant(),
                @default = setting.Default,
                required = setting.IsRequired,
                purpose = setting.Purpose,
            }),
        }),
    });

    private static IEnumerable<DriverLine> Own()
    {
        Assembly agent = typeof(DriverCommands).Assembly;
        string version = agent.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "";
        return TargetDrivers.All.Values.Select(
            driver => new DriverLine(driver.Name, "agent", version, ScopeOf(driver), agent.Location, "", null));
    }

    private static DriverLine Line(PluginFile plugin)
    {
        bool isOurs = TargetDrivers.All.ContainsKey(plugin.Name);
        string problem = isOurs ? "the agent has a driver of this name, which is taken" : plugin.Problem;
        string scope = plugin.IsUsable ? ScopeOf(PluginSettings.DriverOf(plugin)) : "";
        IReadOnlyList<DriverSetting>? settings = plugin.IsUsable ? plugin.Settings : null;
        return new DriverLine(plugin.Name, "plugin", plugin.Version, scope, plugin.File, problem, settings);
    }

    private static string ScopeOf(TargetDriver driver) => driver.DefaultScope.ToString().ToLowerInvariant();

    private static string[] Cells(DriverLine line) => [line.Driver, line.From, line.Version, line.Scope, line.File, line.Problem];

    /// <param name="From">The agent, or a plugin.</param>
    /// <param name="Settings">Null for a driver of ours: reference.conf has them.</param>
    private sealed record DriverLine(
        string Driver, string From, string Version, string Scope, string File, string Problem, IReadOnlyList<DriverSetting>? Settings);
}
