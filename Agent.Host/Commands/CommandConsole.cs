using System.Text;

namespace Agent.Host.Commands;

/// <summary>Where a command writes. Results go to the output, everything about how it went to the error stream.</summary>
/// <param name="IsTerminal">A person is looking: tables and progress are drawn; otherwise plain lines are written.</param>
public sealed record CommandConsole(TextWriter Output, TextWriter Error, bool IsTerminal)
{
    private const int LineBytesMax = 1 << 16;

    /// <summary>Columns of the terminal; null: what the process's terminal has.</summary>
    public int? Width { get; init; }

    public static CommandConsole OfProcess() => new(
        Written(new ConsoleStream(Console.OpenStandardOutput(), mayBeLost: false), Console.OutputEncoding, -1),
        Written(new ConsoleStream(Console.OpenStandardError(), mayBeLost: true), new UTF8Encoding(false), LineBytesMax),
        !Console.IsOutputRedirected);

    /// <summary>
    /// With room for a whole line: Console.Error writes long ones in pieces, between which a reader or another process can come.
    /// </summary>
    private static TextWriter Written(ConsoleStream stream, Encoding encoding, int bytes) =>
        TextWriter.Synchronized(new StreamWriter(stream, encoding, bytes) { AutoFlush = true });

    /// <summary>Says why a command ends, and gives the code it ends with.</summary>
    public int Fail(int exitCode, string text)
    {
        Error.WriteLine($"agent: {text}");
        return exitCode;
    }
}
