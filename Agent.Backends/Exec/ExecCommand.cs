using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;
using Agent.Actors.Kernel;
using Agent.Backends.Shared;

namespace Agent.Backends.Exec;

/// <summary>
/// Runs the operator's program for one order. It is the leader of a session of its own, so that at its deadline everything that it
/// started is killed with it, also what its parent has left. It sees few variables of our environment (which may hold secrets), and its
/// standard input is a file: whatever happens to us, it never takes half a zone for a whole one.
/// </summary>
/// <remarks>
/// The shell between us and the program has a fixed text that opens the file. Words of an order reach it, and the program, as arguments
/// only.
/// </remarks>
internal sealed partial class ExecCommand(ExecOptions options, TimeProvider time)
{
    private const string Shell = "/bin/sh";
    private const string Opening = """exec setsid -- "$@" <"$0" """;
    private const string NoInput = "/dev/null";
    private const int Kill = 9;

    private static readonly string[] PassedVariables = ["PATH", "HOME", "LANG", "TZ", "USER"];

    // A daemon that the program leaves behind may hold its output open; nobody waits for that.
    private static readonly TimeSpan OutputGrace = TimeSpan.FromSeconds(1);

    /// <summary>Runs it to its end; the token kills it before its time.</summary>
    /// <exception cref="BackendException">It cannot be started, or did not end in time.</exception>
    public async Task<ExecRun> RunAsync(ExecCall call, CancellationToken cancellation)
    {
        using CancellationTokenSource late = new(call.Timeout, time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellation);
        either.Token.ThrowIfCancellationRequested();
        using Process process = Start(call);
        if (call.IsChange)
            FaultPoint.Pass("exec.started");
        BoundedLines output = new(call.LinesMax);
        BoundedLines errors = new(linesMax: 0);
        Task reading = Task.WhenAll(output.ReadAsync(process.StandardOutput), errors.ReadAsync(process.StandardError));
        try
        {
            await process.WaitForExitAsync(either.Token);
        }
        catch (OperationCanceledException)
        {
            await EndAsync(process);
            string why = late.IsCancellationRequested ? $"took longer than {call.Timeout.TotalSeconds:0.#} s" : "ran when its order ended";
            throw BackendException.Away($"{Title(call)} {why} and was killed{Said(errors.Said.Last)}");
        }

        if (call.IsChange)
            FaultPoint.Pass("exec.ended");
        await Task.WhenAny(reading, Task.Delay(OutputGrace, time, CancellationToken.None));
        (IReadOnlyList<string> first, bool hasMore, _) = output.Said;
        return new ExecRun(process.ExitCode, first, hasMore, errors.Said.Last);
    }

    /// <summary>Runs it for a change.</summary>
    /// <exception cref="BackendException">The change is not done.</exception>
    public async Task ChangeAsync(ExecCall call, CancellationToken cancellation)
    {
        ExecRun run = await RunAsync(call with { IsChange = true }, cancellation);
        if (run.ExitCode != ExecExit.Done) throw Failure(call, run);
    }

    /// <summary>What an exit code means that is not success.</summary>
    public BackendException Failure(ExecCall call, ExecRun run) => run.ExitCode == ExecExit.Away
        ? BackendException.Away(Ended(call, run))
        : BackendException.Refused(Ended(call, run));

    /// <summary>How a run ended, as a sentence.</summary>
    public string Ended(ExecCall call, ExecRun run) => $"{Title(call)} ended with {run.ExitCode}{Said(run.LastWords)}";

    /// <summary>How a run is called in reasons.</summary>
    public string Title(ExecCall call) => $"{options.Command[0]} {string.Join(' ', call.Words)}";

    /// <summary>What a program said last, as the end of a sentence.</summary>
    public static string Said(string words) => words.Length == 0 ? "" : $": {words}";

    /// <summary>First the group, then whatever has not got into it yet.</summary>
    private static async Task EndAsync(Process process)
    {
        // A process that has ended and was waited for has given its number back; its group is no longer ours to name.
        if (!process.HasExited)
        {
            _ = SendSignal(-process.Id, Kill);
            process.Kill(entireProcessTree: true);
        }

        Task ended = process.WaitForExitAsync(CancellationToken.None);
        await ended.WaitAsync(OutputGrace).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private Process Start(ExecCall call)
    {
        ProcessStartInfo start = new(Shell)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        foreach (string argument in (IEnumerable<string>)["-c", Opening, call.InputFile ?? NoInput, .. options.Command, .. call.Words])
            start.ArgumentList.Add(argument);
        start.Environment.Clear();
        foreach (string variable in PassedVariables.Concat(options.Environment))
        {
            if (Environment.GetEnvironmentVariable(variable) is { } value)
                start.Environment[variable] = value;
        }

        try
        {
            Process process = Process.Start(start)!;
            process.StandardInput.Close();
            return process;
        }
        catch (Win32Exception error)
        {
            throw BackendException.Away($"{Title(call)} cannot be started: {error.Message}");
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int SendSignal(int process, int signal);
}
