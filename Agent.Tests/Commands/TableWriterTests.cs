using Agent.Host.Commands;

namespace Agent.Tests.Commands;

/// <summary>Tables on terminals of several widths: a long text may wrap, and takes nothing away from what identifies a row.</summary>
public sealed class TableWriterTests
{
    private const string Long =
        "target-away: the server at 192.0.2.53 port 953 cannot be reached: connection refused; it is asked again every 10 seconds until "
        + "it answers, and is brought level then";

    private static readonly string[] ZoneHeadings = ["ZONE", "STATE", "SERIAL", "WANTED", "RECORDS", "TARGETS", "REASON"];
    private static readonly string[] Zone = ["example.org.", "applying", "2026112001", "2026112002", "1234567", "1/2", Long];
    private static readonly string[] EventHeadings = ["AT", "EVENT", "SERIAL", "TARGET", "TEXT"];
    private static readonly string[] Event = ["2026-11-20T10:00:00.123Z", "target-refused", "2026112001", "ns1@node-a", Long];
    private static readonly string[] KeyHeadings = ["KEY", "ALGORITHM", "USED BY", "LAST GOOD", "LAST FAILURE"];
    private static readonly string[] Key =
    [
        "transfer-key.", "hmac-sha256", string.Join(' ', Enumerable.Range(1, 20).Select(n => $"master-{n}")), "2026-11-20T10:00:00Z",
        $"2026-11-20T10:00:00Z {Long}",
    ];

    [Theory]
    [InlineData(40)]
    [InlineData(80)]
    [InlineData(120)]
    public void Words_are_never_broken_or_lost_for_a_long_text(int width)
    {
        foreach ((string[] headings, string[] row) in new[] { (ZoneHeadings, Zone), (EventHeadings, Event), (KeyHeadings, Key) })
        {
            string table = Draw(width, headings, row);
            string[] lines = table.Split('\n');
            string heading = Assert.Single(lines, line => line.Contains(headings[0], StringComparison.Ordinal));
            Assert.All(headings, text => Assert.Contains(text, heading, StringComparison.Ordinal));
            string first = Assert.Single(lines, line => line.Contains(row[0], StringComparison.Ordinal));
            Assert.All(row.Where(cell => !cell.Contains(' ', StringComparison.Ordinal)),
                cell => Assert.Contains($"{cell} ", first, StringComparison.Ordinal));
            Assert.All(row.SelectMany(cell => cell.Split(' ')), word => Assert.Contains(word, table, StringComparison.Ordinal));
        }
    }

    [Theory]
    [InlineData(100, '\u2502')]
    [InlineData(88, ' ')]
    public void The_table_fits_where_its_short_columns_do(int width, char line)
    {
        string[] lines = Draw(width, ZoneHeadings, Zone).Split('\n');
        Assert.All(lines, text => Assert.True(text.Length <= width, text));
        Assert.Contains($" {line} ".Replace("   ", "  ", StringComparison.Ordinal), lines.Single(text => text.Contains("ZONE")));
        Assert.True(lines.Length > 5);
    }

    [Fact]
    public void A_table_without_a_long_text_is_as_wide_as_it_is()
    {
        string table = Draw(40, ["NODE", "STATE", "ADDRESS", ""], ["node-1.example.org", "up", "node-1.example.org:8055", "coordinator"]);
        Assert.Contains("node-1.example.org", table, StringComparison.Ordinal);
        Assert.Contains("node-1.example.org:8055", table, StringComparison.Ordinal);
        Assert.Contains("coordinator", table, StringComparison.Ordinal);
        Assert.Contains("NODE", Draw(40, ["NODE", "STATE"]), StringComparison.Ordinal);
    }

    private static string Draw(int width, string[] headings, params string[][] rows)
    {
        using var output = new StringWriter();
        TableWriter.Write(new CommandConsole(output, TextWriter.Null, IsTerminal: true) { Width = width }, headings, rows);
        return output.ToString();
    }
}
