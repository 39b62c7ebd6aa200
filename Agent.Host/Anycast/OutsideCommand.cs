using System.ComponentModel;
using System.Diagnostics;

namespace Agent.Host.Anycast;

/// <summary>A program that is run to its end: without a shell, without our environment, killed with its children at the deadline.</summary>
internal static class OutsideCommand
{
    private const int SaidCharsMax = 500;

    private static readonly string[] PassedVariables = ["PATH", "HOME", "LANG", "TZ", "USER"];

    /// <summary>Null when it ended well; else why it did not, with what it said.</summary>
    public static async Task<string?> RunAsync(IReadOnlyList<string> command, TimeSpan timeout, TimeProvider clock)
    {
        ProcessStartInfo start = new(command[0], command.Skip(1))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        start.Environment.Clear();
        foreach (string variable in PassedVariables)
        {
            if (Environment.GetEnvironmentVariable(variable) is { } value) start.Environment[variable] = value;
        }

        try
        {
            using Process process = Process.Start(start)!;
            using CancellationTokenSource late = new(timeout, clock);
            try
            {
                process.StandardInput.Close();
                Task<string> output = process.StandardOutput.ReadToEndAsync(late.Token);
                Task<string> error = process.StandardError.ReadToEndAsync(late.Token);
                await process.WaitForExitAsync(late.Token);
                return process.ExitCode == 0
                    ? null
                    : $"{command[0]} ended with {process.ExitCode}: {Shortened(await error + await output)}";
            }
            catch (OperationCanceledException)
            {
                process.Kill(entireProcessTree: true);
                return $"{command[0]} took longer than {timeout.TotalSeconds:0.#} s and was killed";
            }
        }
        catch (Exception problem) when (problem is Win32Exception or IOException)
        {
            return $"{command[0]} cannot be run: {problem.Message}";
        }
    }

    private static string Shortened(string said)
    {
        string line = said.ReplaceLineEndings(" ").Trim();
        return line.Length <= SaidCharsMax ? line : line[..SaidCharsMax];
    }
}
