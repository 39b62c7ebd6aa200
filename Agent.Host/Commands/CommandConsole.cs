using System.Text;

namespace Agent.Host.Commands;

/// <summary>Where a command writes. Results go to the output, everything about how it went to the error stream.</summary>
/// <param name="IsTerminal">A person is looking: tables and progress are drawn; otherwise plain lines are written.</param>
public sealed record CommandConsole(TextWriter Output, TextWriter Error, bool IsTerminal)
{
    private const int LineBytesMax = 1 << 16;

    /// <summary>Columns of the terminal; null: what the process's terminal has.</summary>
    public int? Width { get; init; }

    public static CommandConsole OfProcess() => new(Console.Out, WholeLines(Console.OpenStandardError()), !Console.IsOutputRedirected);

    /// <summary>Console.Error writes long lines in pieces, between which a reader or another process can come.</summary>
    private static TextWriter WholeLines(Stream stream) =>
        TextWriter.Synchronized(new StreamWriter(stream, new UTF8Encoding(false), LineBytesMax) { AutoFlush = true });

    /// <summary>Says why a command ends, and gives the code it ends with.</summary>
    public int Fail(int exitCode, string text)
    {
        Error.WriteLine($"agent: {text}");
        return exitCode;
    }
}
