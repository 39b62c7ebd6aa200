using System.Text.RegularExpressions;
using Agent.Tests.Architecture;

namespace Agent.Tests.CrashSafety;

/// <summary>The table of docs/crash-safety.md.</summary>
/// <remarks>That every point of the sources stands in it is for <see cref="FaultPointTableTests"/> to see.</remarks>
internal static partial class FaultPointTable
{
    private static readonly string[] Drivers = ["embedded", "zone-files", "bind9", "nsd", "knot", "gdnsd", "tinydns"];

    /// <summary>Name, drivers, operations, in the order of the page.</summary>
    public static IReadOnlyList<(string Point, string[] Drivers, string[] Operations)> Rows { get; } =
    [
        .. File.ReadLines(Path.Combine(SourceTree.Root, "docs", "crash-safety.md"))
            .Select(line => Row().Match(line)).Where(row => row.Success)
            .Select(row => (
                row.Groups["point"].Value,
                row.Groups["drivers"].Value == "all" ? Drivers : row.Groups["drivers"].Value.Split(", "),
                row.Groups["operations"].Value.Split(", "))),
    ];

    /// <summary>The points that this operation passes with this driver.</summary>
    public static IEnumerable<string> Of(string driver, string operation) =>
        Rows.Where(row => row.Drivers.Contains(driver) && row.Operations.Contains(operation)).Select(row => row.Point)
            .Order(StringComparer.Ordinal);

    [GeneratedRegex(@"^\| `(?<point>[a-z.]+)` \|.*\| (?<drivers>[a-z0-9, -]+) \| (?<operations>[a-z, ]+) \|$")]
    private static partial Regex Row();
}
