using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Agent.Bench.Peers;

/// <summary>How one run of dnsperf is driven.</summary>
/// <param name="Server">Who is asked.</param>
/// <param name="QueryFile">Lines of name and type, asked over and over.</param>
/// <param name="Seconds">How long.</param>
public sealed record DnsperfRun(IPEndPoint Server, string QueryFile, int Seconds)
{
    /// <summary>Sockets, each with a port of its own.</summary>
    public int Clients { get; init; } = 16;

    public int Threads { get; init; } = 1;

    /// <summary>Queries under way; it waits when there are as many.</summary>
    public int Outstanding { get; init; } = 200;

    /// <summary>Queries per second at most; 0 for as many as it can.</summary>
    public int RateMax { get; init; }

    public bool UseTcp { get; init; }

    /// <summary>Tells the latency of every query, which costs dnsperf time: only for runs at a fixed rate.</summary>
    public bool WithLatencies { get; init; }
}

/// <summary>What dnsperf found.</summary>
/// <param name="LatenciesMs">Of each answered query; empty unless asked for.</param>
public sealed record DnsperfResult(
    long Sent, long Completed, double QueriesPerSecond, double AverageLatencyMs, IReadOnlyList<double> LatenciesMs)
{
    /// <summary>Queries without an answer within two seconds, in percent of those sent.</summary>
    public double LostPercent => Sent == 0 ? 100 : 100.0 * (Sent - Completed) / Sent;
}

/// <summary>dnsperf, the usual load generator for DNS servers.</summary>
public static class DnsperfTool
{
    private const int TimeoutSeconds = 2;

    public static async Task<DnsperfResult> RunAsync(DnsperfRun run)
    {
        ArgumentNullException.ThrowIfNull(run);
        List<string> arguments =
        [
            "-s", run.Server.Address.ToString(), "-p", Text(run.Server.Port), "-d", run.QueryFile, "-l", Text(run.Seconds),
            "-c", Text(run.Clients), "-T", Text(run.Threads), "-q", Text(run.Outstanding), "-t", Text(TimeoutSeconds),
            "-f", run.Server.AddressFamily == AddressFamily.InterNetworkV6 ? "inet6" : "inet", "-m", run.UseTcp ? "tcp" : "udp",
        ];
        if (run.RateMax > 0)
        {
            arguments.AddRange(["-Q", Text(run.RateMax)]);
        }

        if (run.WithLatencies)
        {
            arguments.Add("-v");
        }

        ToolResult result = await Tool.RunAsync("dnsperf", arguments, deadline: TimeSpan.FromSeconds(run.Seconds + 30));
        return Read(result.EnsureSuccess());
    }

    private static DnsperfResult Read(ToolResult result) => new(
        (long)Figure(result, "Queries sent:"),
        (long)Figure(result, "Queries completed:"),
        Figure(result, "Queries per second:"),
        Figure(result, "Average Latency (s):") * 1000,
        [.. result.Output.Split('\n').Where(IsAnswer).Select(line => Number(line.Split(' ')[^1]) * 1000)]);

    /// <summary><c>&gt; NOERROR host.example A 0.000123</c>; what timed out or was still under way at the end is no answer.</summary>
    private static bool IsAnswer(string line) =>
        line.StartsWith("> ", StringComparison.Ordinal) && line.Split(' ') is { Length: 5 } words && words[1] is not ("T" or "I");

    private static double Figure(ToolResult result, string label)
    {
        string line = result.Output.Split('\n').FirstOrDefault(one => one.TrimStart().StartsWith(label, StringComparison.Ordinal))
            ?? throw new InvalidOperationException($"{result.Command} said nothing of {label}\n{result.Output}{result.Error}");
        return Number(line[(line.IndexOf(label, StringComparison.Ordinal) + label.Length)..]
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)[0]);
    }

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);
}
