using System.Net;

namespace Agent.Bench.Peers;

/// <summary>Where a program runs: the address that it listens on, and what starts it there.</summary>
/// <param name="Address">An address that this process reaches.</param>
/// <param name="Launcher">A program with arguments that starts another one by its path and arguments behind them; empty for none.</param>
public sealed record Placement(IPAddress Address, IReadOnlyList<string> Launcher)
{
    /// <summary>Beside this process, on 127.0.0.1.</summary>
    public static Placement Loopback { get; } = new(IPAddress.Loopback, []);

    /// <summary>Starts a program in this place.</summary>
    public Task<ChildProcess> StartAsync(
        string program, IEnumerable<string> arguments, string workingFolder, IReadOnlyDictionary<string, string>? environment = null)
    {
        string[] command = [.. Launcher, Tool.Find(program), .. arguments];
        return ChildProcess.StartAsync(command[0], command[1..], workingFolder, environment);
    }
}
