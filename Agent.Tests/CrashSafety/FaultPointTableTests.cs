using System.Text.RegularExpressions;
using Agent.Tests.Architecture;

namespace Agent.Tests.CrashSafety;

/// <summary>
/// The page and the sources name the same fault points; that each row is reached where it says is for <see cref="FaultPointTests"/> to see.
/// </summary>
public sealed partial class FaultPointTableTests
{
    [Fact]
    public void Every_point_of_the_sources_has_a_row_and_one_for_each_driver()
    {
        IEnumerable<string> declared = SourceTree.CSharpFiles.Where(file => file.Project is not ("Agent.Tests" or "Agent.Bench"))
            .SelectMany(file => Pass().Matches(file.Text)).Select(match => match.Groups[1].Value).Distinct();

        Assert.Equal(
            declared.Order(StringComparer.Ordinal),
            FaultPointTable.Rows.Select(row => row.Point).Distinct().Order(StringComparer.Ordinal));
        Assert.Distinct(FaultPointTable.Rows.SelectMany(row => row.Drivers.Select(driver => (row.Point, driver))));
    }

    [GeneratedRegex("FaultPoint\\.Pass\\(\"([^\"]+)\"\\)")]
    private static partial Regex Pass();
}
