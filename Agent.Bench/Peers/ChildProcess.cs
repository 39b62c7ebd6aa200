using System.Collections.Concurrent;
using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace Agent.Bench.Peers;

/// <summary>
/// A program that runs beside the tests in the foreground. It never outlives the test process, not even when that one is killed: the kernel
/// sends it SIGKILL on the death of the thread that started it (<c>setpriv --pdeathsig</c>), so all children are started by one thread that
/// lives as long as the process.
/// </summary>
public sealed partial class ChildProcess : IAsyncDisposable
{
    private const int OutputCharsMax = 256 * 1024;

    private static readonly BlockingCollection<Action> Launches = StartLauncher();

    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly List<(Func<string, bool> Wanted, TaskCompletionSource<string> Found)> _lineWaiters = [];
    private readonly List<string> _standardOutput = [];

    private ChildProcess(string program, Process process)
    {
        Program = program;
        _process = process;
        _process.OutputDataReceived += (_, line) => Collect(line.Data, isStandardOutput: true);
        _process.ErrorDataReceived += (_, line) => Collect(line.Data, isStandardOutput: false);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        Exited = WaitForExitAsync();
    }

    public string Program { get; }

    public int Id => _process.Id;

    public bool IsRunning => !_process.HasExited;

    /// <summary>Completes with the exit code (128 + signal when one ended it) after the last line of output was read.</summary>
    public Task<int> Exited { get; }

    /// <summary>What the program wrote so far, both streams, the newest 256 KiB.</summary>
    public string Output
    {
        get
        {
            lock (_output)
            {
                return _output.ToString();
            }
        }
    }

    public static async Task<ChildProcess> StartAsync(
        string program,
        IEnumerable<string> arguments,
        string workingFolder,
        IReadOnlyDictionary<string, string>? environment = null)
    {
        string path = Tool.Find(program);
        ProcessStartInfo start = new(Tool.Find("setpriv"))
        {
            WorkingDirectory = workingFolder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        foreach (string argument in (string[])["--pdeathsig", "KILL", "--", path, .. arguments])
        {
            start.ArgumentList.Add(argument);
        }

        foreach ((string name, string value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        TaskCompletionSource<Process> started = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Launches.Add(() =>
        {
            try
            {
                started.SetResult(Process.Start(start)!);
            }
            catch (Win32Exception error)
            {
                started.SetException(error);
            }
        });
        Process process = await started.Task;
        process.StandardInput.Close();
        return new ChildProcess(program, process);
    }

    /// <summary>The first line on standard output, already written or still to come, that <paramref name="wanted"/> accepts.</summary>
    public async Task<string> StandardOutputLineAsync(Func<string, bool> wanted, TimeSpan? deadline = null)
    {
        TaskCompletionSource<string> found = new(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_output)
        {
            string? earlier = _standardOutput.FirstOrDefault(wanted);
            if (earlier is not null)
            {
                return earlier;
            }

            _lineWaiters.Add((wanted, found));
        }

        Task first = await Task.WhenAny(found.Task, Exited).WaitAsync(deadline ?? Eventually.Deadline);
        return found.Task.IsCompleted || first == found.Task
            ? await found.Task
            : throw new InvalidOperationException($"{Program} ended with {await Exited} before the awaited line:\n{Output}");
    }

    public void Signal(PosixSignalNumber signal)
    {
        if (IsRunning && SendSignal(_process.Id, (int)signal) != 0 && IsRunning)
        {
            throw new InvalidOperationException($"no signal to {Program}: {Marshal.GetLastPInvokeErrorMessage()}");
        }
    }

    /// <summary>Asks the program to end (SIGTERM) and waits; one that does not is killed, and the test fails.</summary>
    public async Task<int> StopAsync(TimeSpan? grace = null)
    {
        Signal(PosixSignalNumber.Terminate);
        try
        {
            return await Exited.WaitAsync(grace ?? Eventually.Deadline);
        }
        catch (TimeoutException late)
        {
            await KillAsync();
            throw new TimeoutException($"{Program} did not end on SIGTERM:\n{Output}", late);
        }
    }

    public async Task KillAsync()
    {
        if (IsRunning)
        {
            _process.Kill(entireProcessTree: true);
        }

        await Exited;
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _process.Dispose();
    }

    private static BlockingCollection<Action> StartLauncher()
    {
        BlockingCollection<Action> launches = new();
        Thread launcher = new(() =>
        {
            foreach (Action launch in launches.GetConsumingEnumerable())
            {
                launch();
            }
        })
        {
            IsBackground = true,
            Name = "child launcher",
        };
        launcher.Start();
        return launches;
    }

    private async Task<int> WaitForExitAsync()
    {
        await _process.WaitForExitAsync();
        return _process.ExitCode;
    }

    private void Collect(string? line, bool isStandardOutput)
    {
        if (line is null)
        {
            return;
        }

        lock (_output)
        {
            _output.AppendLine(line);
            if (_output.Length > OutputCharsMax)
            {
                _output.Remove(0, _output.Length - OutputCharsMax);
            }

            if (!isStandardOutput)
            {
                return;
            }

            _standardOutput.Add(line);
            _lineWaiters.RemoveAll(waiter => waiter.Wanted(line) && waiter.Found.TrySetResult(line));
        }
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int SendSignal(int process, int signal);
}
