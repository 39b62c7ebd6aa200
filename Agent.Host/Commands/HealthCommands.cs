using System.CommandLine;

namespace Agent.Host.Commands;

/// <summary><c>health</c>: the health pages as an exit code, for whoever can run a command but not ask by HTTP.</summary>
internal sealed class HealthCommands(CommandConsole console)
{
    private static readonly string[] Checks = ["live", "ready", "anycast"];
    private readonly ApiOptions _options = new();

    public Command HealthCommand()
    {
        var check = new Argument<string>("CHECK")
        {
            Description = "live: it runs; ready: it takes messages; anycast: it should attract traffic",
            Arity = ArgumentArity.ZeroOrOne,
            DefaultValueFactory = _ => "live",
            HelpName = "live|ready|anycast",
        };
        check.AcceptOnlyFromAmong(Checks);
        Command command = _options.Asking("health", "Says by its exit code whether a running agent is well", console,
            async (parsed, client, cancellation) =>
            {
                string page = parsed.GetValue(check)! switch { "ready" => "readyz", "anycast" => "anycast", _ => "livez" };
                (bool isWell, string text) = await client.GetTextAsync(page, cancellation);
                if (page == "anycast") text = AnycastCommands.InWords(text);
                if (_options.WantsJson(parsed)) JsonOutput.Write(console, new { ok = isWell, text });
                else (isWell ? console.Output : console.Error).WriteLine(PlainText.Of(text));
                return isWell ? ExitCode.Done : ExitCode.Failed;
            });
        command.Add(check);
        return command;
    }
}
