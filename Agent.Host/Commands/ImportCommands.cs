using System.CommandLine;
using Agent.Host.Configuration;
using Agent.Host.Import;

namespace Agent.Host.Commands;

/// <summary><c>import designate</c>: another program's configuration as ours, on standard output.</summary>
internal sealed class ImportCommands(CommandConsole console)
{
    public Command ImportCommand() => new("import", "Turns the configuration of another program into ours") { Designate() };

    private Command Designate()
    {
        var files = new Argument<string[]>("FILE")
        {
            Description = "designate.conf; of several files the later ones go over the earlier ones",
            Arity = ArgumentArity.OneOrMore,
        };
        var command = new Command("designate", "Writes what designate.conf told designate-agent as a configuration of the agent") { files };
        command.SetAction(async (parsed, stop) =>
        {
            try
            {
                ImportedConfiguration made = await FileRead.UntilStoppedAsync(() => DesignateImport.Read(parsed.GetValue(files)!), stop);
                foreach (string warning in made.Warnings) console.Error.WriteLine($"warning: {PlainText.Of(warning)}");
                console.Output.Write(made.ToString());
                return ExitCode.Done;
            }
            catch (OsloConfigException failure)
            {
                return console.Fail(ExitCode.Usage, PlainText.Of(failure.Message));
            }
            catch (ConfigurationException failure)
            {
                return console.Fail(ExitCode.Failed, PlainText.Of(failure.Message));
            }
        });
        return command;
    }
}
