using System.Reflection;
using System.Text.RegularExpressions;
using Agent.Tests.Architecture;

namespace Agent.Tests.Conformance;

/// <summary>docs/conformance.md and the tests say the same.</summary>
public sealed partial class TableTests
{
    private const string Room = "Agent.Tests.Conformance.";
    private const int LastRow = 67;

    [Fact]
    public void Every_row_has_a_test_and_every_named_test_exists()
    {
        List<(string Row, string[] Tests)> table = [.. Table()];

        Assert.Equal(
            [.. Enumerable.Range(1, 47).Select(Text), "47b", .. Enumerable.Range(48, LastRow - 47).Select(Text)],
            table.Select(line => line.Row));
        Assert.All(table, line => Assert.NotEmpty(line.Tests));
        Assert.All(table.SelectMany(line => line.Tests), test => Assert.True(IsTest(test), $"{test} is not a test that runs"));

        static string Text(int row) => row.ToString(System.Globalization.CultureInfo.InvariantCulture);
    }

    [Fact]
    public void Every_test_that_names_a_row_stands_in_that_row()
    {
        ILookup<string, string> rowsOfTest = Table()
            .SelectMany(line => line.Tests.Select(test => (line.Row, Test: test))).ToLookup(pair => pair.Test, pair => pair.Row);

        foreach (MethodInfo method in typeof(TableTests).Assembly.GetTypes()
            .Where(type => type.Namespace + "." == Room).SelectMany(type => type.GetMethods()).Where(method => NamesRow(method.Name)))
        {
            string[] named = [.. RowInName().Matches(method.Name).Select(match => match.Groups[1].Value.TrimStart('0'))];
            Assert.Equal(named, rowsOfTest[$"{method.DeclaringType!.FullName}.{method.Name}"]);
        }
    }

    /// <summary>The rows with their tests' full names; a test of another room is written with it: Transfers.ResolveTests.X.</summary>
    private static IEnumerable<(string Row, string[] Tests)> Table()
    {
        foreach (string line in File.ReadLines(Path.Combine(SourceTree.Root, "docs", "conformance.md")))
        {
            if (RowLine().Match(line) is { Success: true } row)
            {
                string[] cells = line.TrimEnd(' ', '|').Split('|');
                string[] tests = [.. Quoted().Matches(cells[^1]).Select(match => FullName(match.Groups[1].Value))];
                yield return (row.Groups[1].Value, tests);
            }
        }
    }

    private static string FullName(string test) => test.Count(c => c == '.') == 1 ? Room + test : "Agent.Tests." + test;

    private static bool NamesRow(string method) => method.StartsWith("Row", StringComparison.Ordinal);

    private static bool IsTest(string fullName)
    {
        int dot = fullName.LastIndexOf('.');
        MethodInfo? method = typeof(TableTests).Assembly.GetType(fullName[..dot])?.GetMethod(fullName[(dot + 1)..]);
        return method?.GetCustomAttribute<FactAttribute>() is { Skip: null };
    }

    [GeneratedRegex(@"^\| (\d+b?) \|")]
    private static partial Regex RowLine();

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Quoted();

    [GeneratedRegex(@"[Rr]ow(\d+b?)_")]
    private static partial Regex RowInName();
}
