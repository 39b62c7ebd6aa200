namespace Agent.Host.Commands;

/// <summary>Where a command writes. Results go to the output, everything about how it went to the error stream.</summary>
/// <param name="IsTerminal">A person is looking: tables and progress are drawn; otherwise plain lines are written.</param>
public sealed record CommandConsole(TextWriter Output, TextWriter Error, bool IsTerminal)
{
    public static CommandConsole OfProcess() => new(Console.Out, Console.Error, !Console.IsOutputRedirected);

    /// <summary>Says why a command ends, and gives the code it ends with.</summary>
    public int Fail(int exitCode, string text)
    {
        Error.WriteLine($"agent: {text}");
        return exitCode;
    }
}
