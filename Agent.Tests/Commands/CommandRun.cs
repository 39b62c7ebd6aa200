using Agent.Host.Commands;

namespace Agent.Tests.Commands;

/// <summary>Runs a command line as the program would, with its output in strings.</summary>
internal sealed record CommandRun(int ExitCode, string Output, string Error)
{
    public static Task<CommandRun> Of(IServiceEntry? service, params string[] arguments) => Of(service, isTerminal: false, arguments);

    public static Task<CommandRun> OnTerminal(params string[] arguments) => Of(null, isTerminal: true, arguments);

    private static async Task<CommandRun> Of(IServiceEntry? service, bool isTerminal, string[] arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        int exitCode = await CommandTree.RunAsync(arguments, new CommandConsole(output, error, isTerminal), service);
        return new CommandRun(exitCode, output.ToString(), error.ToString());
    }

    public static Task<CommandRun> Of(params string[] arguments) => Of(null, arguments);
}
