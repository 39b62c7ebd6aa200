using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using Agent.Actors.Kernel;
using Agent.Backends.Shared;
using Agent.Dns.Wire;

namespace Agent.Backends.ZoneFiles;

/// <summary>
/// The operator's command after a change: started without a shell, with few variables of our environment (it may hold secrets), its
/// output
/// bounded, killed with its children at the deadline.
/// </summary>
internal sealed class ChangeCommand
{
    private const int OutputCharsMax = 2000;

    private static readonly string[] PassedVariables = ["PATH", "HOME", "LANG", "TZ", "USER"];

    // A daemon that the command leaves behind may hold its output open; nobody waits for that.
    private static readonly TimeSpan OutputGrace = TimeSpan.FromMilliseconds(500);

    private readonly IReadOnlyList<string> _command;
    private readonly TimeSpan _timeout;
    private readonly TimeProvider _time;

    public ChangeCommand(IReadOnlyList<string> command, TimeSpan timeout, TimeProvider time)
    {
        _command = command;
        _timeout = timeout;
        _time = time;
    }

    /// <summary>False when there is nothing to run.</summary>
    public bool IsSet => _command.Count > 0;

    /// <summary>Runs it to its end.</summary>
    /// <param name="zone">The zone that changed.</param>
    /// <param name="file">Its file.</param>
    /// <param name="change">What happened, for the variable AGENT_CHANGE: <c>apply</c> or <c>remove</c>.</param>
    /// <param name="cancellation">Ends it early.</param>
    /// <exception cref="BackendException">It cannot be started, failed, or took too long.</exception>
    public async Task RunAsync(DomainName zone, string file, string change, CancellationToken cancellation)
    {
        if (_command.Count == 0)
            return;
        using Process process = Start(zone, file, change);
        FaultPoint.Pass("command.started");
        using CancellationTokenSource late = new(_timeout, _time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellation);
        StringBuilder output = new();
        Task reading = Task.WhenAll(ReadAsync(process.StandardOutput, output), ReadAsync(process.StandardError, output));
        try
        {
            await process.WaitForExitAsync(either.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            string why = late.IsCancellationRequested
                ? $"took longer than {_timeout.TotalSeconds:0.#} s and was killed"
                : "was killed with its order";
            throw BackendException.Away($"the command {_command[0]} for {zone} {why}{Said(output)}");
        }

        FaultPoint.Pass("command.ended");
        await Task.WhenAny(reading, Task.Delay(OutputGrace, _time, CancellationToken.None));
        if (process.ExitCode != 0)
            throw BackendException.Refused($"the command {_command[0]} ended with {process.ExitCode}{Said(output)} (zone {zone})");
    }

    private static string Said(StringBuilder output)
    {
        lock (output)
        {
            string text = output.ToString().ReplaceLineEndings(" ").Trim();
            return text.Length == 0 ? "" : $": {text}";
        }
    }

    private static async Task ReadAsync(StreamReader reader, StringBuilder output)
    {
        char[] buffer = new char[1024];
        try
        {
            while (await reader.ReadAsync(buffer) is > 0 and int count)
            {
                lock (output)
                    output.Append(buffer, 0, Math.Min(count, OutputCharsMax - output.Length));
            }
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // The pipe was closed under us after the command was given up.
        }
    }

    private Process Start(DomainName zone, string file, string change)
    {
        string name = ControlName.WithoutFinalDot(zone);
        ProcessStartInfo start = new(_command[0])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        foreach (string argument in _command.Skip(1))
        {
            start.ArgumentList.Add(
                argument.Replace("{zone}", name, StringComparison.Ordinal).Replace("{file}", file, StringComparison.Ordinal));
        }

        start.Environment.Clear();
        foreach (string variable in PassedVariables)
        {
            if (Environment.GetEnvironmentVariable(variable) is { } value)
                start.Environment[variable] = value;
        }

        start.Environment["AGENT_ZONE"] = name;
        start.Environment["AGENT_FILE"] = file;
        start.Environment["AGENT_CHANGE"] = change;
        try
        {
            Process process = Process.Start(start)!;
            process.StandardInput.Close();
            return process;
        }
        catch (Win32Exception error)
        {
            throw BackendException.Refused($"the command {_command[0]} cannot be started: {error.Message}");
        }
    }
}
