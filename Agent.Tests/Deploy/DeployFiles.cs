using System.Text.RegularExpressions;
using Agent.Tests.Architecture;

namespace Agent.Tests.Deploy;

/// <summary>The files below <c>deploy/</c>, and the words that the product itself has for what they name.</summary>
internal static partial class DeployFiles
{
    /// <summary>Metrics that the product exports, by the names in its sources: each is a literal where it is made.</summary>
    public static IReadOnlySet<string> Metrics { get; } = SourceTree.CSharpFiles
        .Where(file => !file.Path.StartsWith("Agent.Tests/", StringComparison.Ordinal)
            && !file.Path.StartsWith("Agent.Bench/", StringComparison.Ordinal))
        .SelectMany(file => MetricLiteral().Matches(file.Text).Select(match => match.Groups[1].Value))
        .ToHashSet(StringComparer.Ordinal);

    public static string PathOf(string name) => Path.Combine(SourceTree.Root, "deploy", name);

    public static string Text(string name) => File.ReadAllText(PathOf(name));

    /// <summary>Names of metrics in a text that the product does not have.</summary>
    public static IEnumerable<string> UnknownMetrics(string text) => MetricName().Matches(text).Select(match => match.Value)
        .Where(name => !Metrics.Contains(name) && !Metrics.Contains(HistogramPart().Replace(name, ""))).Distinct(StringComparer.Ordinal);

    [GeneratedRegex("(?:\"|# TYPE )(dnsagent_[a-z_]+)")]
    private static partial Regex MetricLiteral();

    [GeneratedRegex("dnsagent_[a-z_]+")]
    private static partial Regex MetricName();

    [GeneratedRegex("_(bucket|sum|count)$")]
    private static partial Regex HistogramPart();
}
