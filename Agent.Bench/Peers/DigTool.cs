using System.Globalization;
using System.Net;

namespace Agent.Bench.Peers;

/// <summary>BIND's dig as the independent reader of zones and answers.</summary>
public static class DigTool
{
    /// <summary>
    /// The records of a zone by AXFR, each once (the closing SOA left out), owner and type folded, in a fixed order: equal for two servers
    /// exactly when they serve the same content.
    /// </summary>
    /// <param name="server">The server to ask.</param>
    /// <param name="zone">The zone's name.</param>
    /// <param name="key">A transfer key in dig's form <c>algorithm:name:secret</c>, or null for none.</param>
    public static async Task<IReadOnlyList<string>> TransferAsync(IPEndPoint server, string zone, string? key = null)
    {
        string output = await RunAsync(server, [.. KeyArguments(key), "+noall", "+answer", "+onesoa", "+nocrypto", zone, "AXFR"]);
        return output.Contains("; Transfer failed.", StringComparison.Ordinal)
            ? throw new InvalidOperationException($"AXFR of {zone} from {server} failed:\n{output}")
            : Records(output);
    }

    /// <summary>Whether the server hands out the zone.</summary>
    public static async Task<bool> CanTransferAsync(IPEndPoint server, string zone, string? key = null)
    {
        string output = await RunAsync(server, [.. KeyArguments(key), "+noall", "+answer", "+onesoa", zone, "AXFR"]);
        return !output.Contains("; Transfer failed.", StringComparison.Ordinal) && Records(output).Count > 0;
    }

    /// <summary>The answer section for one question, in the same form as <see cref="TransferAsync"/>.</summary>
    public static async Task<IReadOnlyList<string>> QueryAsync(IPEndPoint server, string name, string type, params string[] options) =>
        Records(await RunAsync(server, [.. options, "+noall", "+answer", name, type]));

    /// <summary>Everything that dig prints.</summary>
    public static async Task<string> RunAsync(IPEndPoint server, params string[] arguments)
    {
        string[] common =
            ["@" + server.Address, "-p", server.Port.ToString(CultureInfo.InvariantCulture), "+norec", "+nocookie", "+time=5", "+tries=2"];
        ToolResult result = await Tool.RunAsync("dig", [.. common, .. arguments], deadline: TimeSpan.FromSeconds(60));
        return result.Output + result.Error;
    }

    private static string[] KeyArguments(string? key) => key is null ? [] : ["-y", key];

    private static IReadOnlyList<string> Records(string output)
    {
        SortedSet<string> records = new(StringComparer.Ordinal);
        foreach (string line in output.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] parts = line.Split((char[]?)null, 5, StringSplitOptions.RemoveEmptyEntries);
            if (!line.StartsWith(';') && parts.Length == 5)
            {
                records.Add($"{parts[0].ToLowerInvariant()} {parts[1]} {parts[2]} {parts[3].ToUpperInvariant()} {parts[4]}");
            }
        }

        return [.. records];
    }
}
