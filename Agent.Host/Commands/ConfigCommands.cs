using System.CommandLine;
using Agent.Host.Configuration;
using Agent.Host.Configuration.Hocon;

namespace Agent.Host.Commands;

/// <summary><c>config check</c> and <c>config show</c>, and the options by which every command names its configuration.</summary>
internal sealed class ConfigCommands(CommandConsole console)
{
    public Option<string[]> Files { get; } = new("--config", "-c")
    {
        Description = "Configuration file; may be given again, later files go over earlier ones",
        HelpName = "FILE",
    };

    public Option<string[]> Settings { get; } = new("--set", "-s")
    {
        Description = "One value over all files, such as agent.port=5300; may be given again",
        HelpName = "PATH=VALUE",
    };

    public ConfigurationSources SourcesOf(ParseResult parsed) => new(parsed.GetValue(Files) ?? [], parsed.GetValue(Settings) ?? []);

    public Command ConfigCommand() => new("config", "Looks at the configuration without starting anything") { Check(), Show() };

    /// <summary>Writes every problem on a line of its own.</summary>
    public int Report(ConfigurationException failure)
    {
        foreach (ConfigurationProblem problem in failure.Problems) console.Error.WriteLine(PlainText.Of(problem.ToString()));
        return ExitCode.Usage;
    }

    /// <summary>Files without <c>--config</c>, where there is nothing else to name.</summary>
    private static Argument<string[]> FileArgument(string description)
    {
        var files = new Argument<string[]>("FILE") { Description = description, Arity = ArgumentArity.ZeroOrMore };
        files.Validators.Add(result =>
        {
            foreach (string name in result.Tokens.Select(token => PlainText.Of(token.Value)))
            {
                if (name.StartsWith("--", StringComparison.Ordinal))
                    result.AddError($"there is no option {name} here; a file of that name is ./{name}");
            }
        });
        return files;
    }

    private ConfigurationSources SourcesOf(ParseResult parsed, Argument<string[]> files) =>
        new([.. parsed.GetValue(Files) ?? [], .. parsed.GetValue(files) ?? []], parsed.GetValue(Settings) ?? []);

    private Command Check()
    {
        Argument<string[]> files = FileArgument("Files to check together, as with --config (default: the file that run takes)");
        var command = new Command("check", "Validates a configuration and names every problem") { files, Files, Settings };
        command.SetAction(async (parsed, stop) =>
        {
            try
            {
                AgentConfiguration configuration =
                    await FileRead.UntilStoppedAsync(() => AgentConfiguration.Load(SourcesOf(parsed, files)), stop);
                foreach (string warning in configuration.Warnings) console.Error.WriteLine($"warning: {PlainText.Of(warning)}");
                if (configuration.AbsentFiles.Count > 0) return Report(new ConfigurationException(configuration.AbsentFiles));
                console.Output.WriteLine("ok");
                return ExitCode.Done;
            }
            catch (ConfigurationException failure)
            {
                return Report(failure);
            }
        });
        return command;
    }

    private Command Show()
    {
        var origin = new Option<bool>("--origin") { Description = "Also say where each value was set" };
        Argument<string[]> files = FileArgument("Files to read, as with --config");
        var command = new Command("show", "Prints the effective configuration, secrets hidden") { files, Files, Settings, origin };
        command.SetAction(async (parsed, stop) =>
        {
            try
            {
                AgentConfiguration configuration =
                    await FileRead.UntilStoppedAsync(() => AgentConfiguration.Load(SourcesOf(parsed, files)), stop);
                console.Output.Write(HoconWriter.Write(configuration.Root, IsHidden, parsed.GetValue(origin), AddressPassword.Hide));
                return ExitCode.Done;
            }
            catch (ConfigurationException failure)
            {
                return Report(failure);
            }
        });
        return command;
    }

    private static bool IsHidden(IReadOnlyList<string> path) => ConfigurationKeys.IsSecret(path[^1]);
}
