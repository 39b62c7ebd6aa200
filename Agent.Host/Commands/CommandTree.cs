using System.CommandLine;
using System.CommandLine.Parsing;
using System.Runtime.InteropServices;
using Agent.Host.Configuration;

namespace Agent.Host.Commands;

/// <summary>The program's command line: one place that names all commands; what they do is in the classes beside it.</summary>
public static class CommandTree
{
    /// <param name="service">Starts the service and the demo; without it these two commands do not exist.</param>
    public static RootCommand Build(CommandConsole console, IServiceEntry? service)
    {
        var config = new ConfigCommands(console);
        var ask = new AskCommands(console);
        var zone = new Command("zone", "Sends a pool manager's messages, and asks a running agent about zones");
        foreach (Command command in new ControlCommands(console).ZoneCommands()
            .Concat(ask.ZoneCommands()).Concat(new OrphanCommands(console).ZoneCommands()))
        {
            zone.Add(command);
        }

        Command target = ask.TargetCommand();
        target.Add(new DriverCommands(console, config).DriversCommand());
        var root = new RootCommand("DNS zone agent: keeps name servers level with their masters")
        {
            zone,
            target,
            ask.MasterCommand(),
            ask.KeyCommand(),
            new CatalogCommands(console).CatalogCommand(),
            new ClusterCommands(console).ClusterCommand(),
            new HealthCommands(console).HealthCommand(),
            new AnycastCommands(console).AnycastCommand(),
            config.ConfigCommand(),
            new ImportCommands(console).ImportCommand(),
        };
        if (service is null) return root;
        root.Add(Run(console, service, config));
        root.Add(Demo(console, service));
        return root;
    }

    /// <summary>Parses and runs; SIGTERM and SIGINT end the command in good order.</summary>
    /// <returns>One of <see cref="ExitCode"/>.</returns>
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, CommandConsole console, IServiceEntry? service)
    {
        // A value that begins with @ is a value here, and no file of further arguments.
        var parsing = new ParserConfiguration { ResponseFileTokenReplacer = null };
        ParseResult parsed = Build(console, service).Parse(arguments, parsing);
        var invocation = new InvocationConfiguration
        {
            Output = console.Output,
            Error = console.Error,
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null,
        };
        if (parsed.Errors.Count > 0)
        {
            foreach (ParseError error in parsed.Errors) console.Error.WriteLine($"agent: {ParseErrorText.Of(error)}");
            console.Error.WriteLine("agent: --help says what is possible");
            return ExitCode.Usage;
        }

        using var stop = new CancellationTokenSource();
        using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        try
        {
            return await parsed.InvokeAsync(invocation, stop.Token);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return console.Fail(ExitCode.Failed, "interrupted");
        }
        catch (OutputException failure)
        {
            return console.Fail(ExitCode.Failed, failure.Message);
        }

        void Stop(PosixSignalContext signal)
        {
            // A second signal is for the impatient: the system's own way then ends the process.
            signal.Cancel = !stop.IsCancellationRequested;
            stop.Cancel();
        }
    }

    private static Command Run(CommandConsole console, IServiceEntry service, ConfigCommands config)
    {
        var command = new Command("run", "Runs the agent in the foreground") { config.Files, config.Settings };
        command.SetAction(async (parsed, stop) =>
        {
            try
            {
                ConfigurationReloader reloader =
                    await FileRead.UntilStoppedAsync(() => new ConfigurationReloader(config.SourcesOf(parsed)), stop);
                return await service.RunAsync(new ServiceRequest(reloader, console), stop);
            }
            catch (ConfigurationException failure)
            {
                return config.Report(failure);
            }
        });
        return command;
    }

    private static Command Demo(CommandConsole console, IServiceEntry service)
    {
        var once = new Option<bool>("--once") { Description = "End after the last step" };
        var port = new Option<int?>("--port") { Description = "The agent's DNS port (default: a free one)", HelpName = "N" };
        port.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && !HostEndpoint.TryParsePort(result.Tokens[0].Value, out _))
            {
                result.AddError("--port must be from 0 to 65535");
            }
        });
        const string description = "Shows the whole job on this machine alone: a master, an agent, and a zone that comes, changes and goes";
        var command = new Command("demo", description) { once, port };
        command.SetAction((parsed, stop) =>
            service.DemoAsync(new DemoRequest(parsed.GetValue(once), parsed.GetValue(port), console), stop));
        return command;
    }
}
