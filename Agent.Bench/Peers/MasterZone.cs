using System.Globalization;
using System.Text;

namespace Agent.Bench.Peers;

/// <summary>
/// What a master server is to serve: a zone with SOA and NS of its own and the given lines in master file form (owners relative to the
/// zone or absolute).
/// </summary>
public sealed record MasterZone(string Name, uint Serial, IReadOnlyList<string> Lines)
{
    public static MasterZone Create(string name, uint serial, params string[] lines) => new(name, serial, lines);

    /// <summary>A zone with this many address records below its apex.</summary>
    public static MasterZone WithHosts(string name, uint serial, int count) =>
        new(name, serial, [.. Enumerable.Range(0, count).Select(i => $"host{i} 300 IN A 192.0.{2 + (i / 250 % 250)}.{1 + (i % 250)}")]);

    /// <summary>The name that the servers know it by: lower case, absolute.</summary>
    public string Key => Name.TrimEnd('.').ToLowerInvariant() + ".";

    public MasterZone Bump(params string[] lines) => this with { Serial = Serial + 1, Lines = [.. Lines, .. lines] };

    public string ToFileText()
    {
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $"$ORIGIN {Name.TrimEnd('.')}.\n$TTL 3600\n");
        text.Append(CultureInfo.InvariantCulture, $"@ IN SOA ns1 hostmaster {Serial} 3600 600 86400 300\n");
        text.Append("@ IN NS ns1\nns1 IN A 127.0.0.1\n");
        foreach (string line in Lines)
        {
            text.Append(line).Append('\n');
        }

        return text.ToString();
    }
}
