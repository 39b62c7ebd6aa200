using System.Diagnostics;

namespace Agent.Bench.Peers;

/// <summary>Installed programs that are called once and end by themselves.</summary>
public static class Tool
{
    private static readonly string[] SystemFolders = ["/usr/sbin", "/sbin", "/usr/bin", "/bin"];

    /// <summary>The full path of an installed program. A missing one fails the test: what is tested beside peers needs the peers.</summary>
    public static string Find(string program)
    {
        if (Path.IsPathRooted(program))
        {
            return program;
        }

        string[] folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries);
        return folders.Concat(SystemFolders).Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists)
            ?? throw new InvalidOperationException($"{program} is not installed; ./test.sh installs what the tests need");
    }

    /// <summary>Runs to the end; standard input is <paramref name="input"/> or nothing.</summary>
    public static async Task<ToolResult> RunAsync(
        string program, IEnumerable<string> arguments, string input = "", TimeSpan? deadline = null)
    {
        ProcessStartInfo start = new(Find(program))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> error = process.StandardError.ReadToEndAsync();
        using CancellationTokenSource late = new(deadline ?? Eventually.Deadline);
        try
        {
            await process.StandardInput.WriteAsync(input.AsMemory(), late.Token);
            process.StandardInput.Close();
            await process.WaitForExitAsync(late.Token);
        }
        catch (OperationCanceledException timeout)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{program} {string.Join(' ', start.ArgumentList)} did not end", timeout);
        }

        return new ToolResult($"{program} {string.Join(' ', start.ArgumentList)}", process.ExitCode, await output, await error);
    }
}

/// <summary>How a tool ended, and all it said.</summary>
public sealed record ToolResult(string Command, int ExitCode, string Output, string Error)
{
    public ToolResult EnsureSuccess() =>
        ExitCode == 0 ? this : throw new InvalidOperationException($"{Command}: exit {ExitCode}\n{Output}{Error}");
}
