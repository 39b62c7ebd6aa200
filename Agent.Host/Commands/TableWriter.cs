using Spectre.Console;
using Spectre.Console.Rendering;

namespace Agent.Host.Commands;

/// <summary>Rows of text: a drawn table for a person, tab-separated lines with a heading for a program.</summary>
internal static class TableWriter
{
    /// <summary>Columns between two texts of a table with lines, and of one without, which is drawn where the former is too wide.</summary>
    private const int LinedGap = 3;
    private const int PlainGap = 2;

    /// <summary>Text that is narrower cannot be read any more: rather the table is wider than the terminal.</summary>
    private const int ProseWidthMin = 20;

    public static void Write(CommandConsole console, IReadOnlyList<string> headings, IEnumerable<IReadOnlyList<string>> rows)
    {
        if (!console.IsTerminal)
        {
            console.Output.WriteLine(string.Join('\t', headings));
            foreach (IReadOnlyList<string> row in rows) console.Output.WriteLine(string.Join('\t', row.Select(PlainText.Of)));
            return;
        }

        IAnsiConsole terminal = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(console.Output) });
        int room = console.Width ?? terminal.Profile.Width;
        string[][] cells = [.. rows.Select(row => (string[])[.. row.Select(PlainText.Of)])];
        int[] wanted = [.. headings.Select((heading, column) => cells.Select(row => row[column]).Append(heading).Max(WidthOf))];
        bool[] isProse = [.. headings.Select((_, column) => Array.Exists(cells, row => row[column].Contains(' ')))];
        int gaps = (headings.Count * LinedGap) + 1;
        int[] widths = [.. wanted];
        bool isLined = Narrow(widths, isProse, headings, room - gaps);
        if (!isLined)
        {
            widths = wanted;
            Narrow(widths, isProse, headings, room - ((headings.Count - 1) * PlainGap));
        }

        // Spectre takes the columns that it has no room for out of short and long ones alike, down to nothing: it must have room.
        terminal.Profile.Width = Math.Max(room, widths.Sum() + gaps);
        Table table = new Table().Border(isLined ? TableBorder.Minimal : TableBorder.None);
        for (int column = 0; column < widths.Length; column++)
        {
            int behind = isLined ? 1 : column < widths.Length - 1 ? PlainGap : 0;
            table.AddColumn(new TableColumn(Markup.Escape(headings[column]))
            {
                Width = widths[column],
                Padding = new Padding(isLined ? 1 : 0, 0, behind, 0),
            });
        }

        foreach (string[] row in cells) table.AddRow([.. row.Select(Markup.Escape)]);
        terminal.Write(table);
    }

    /// <summary>Narrows columns of prose, the widest first, until all fit. Names, states, serials and times are one word each and keep
    /// their width: they cannot be wrapped and still be read.</summary>
    /// <returns>Whether all fit.</returns>
    private static bool Narrow(int[] widths, bool[] isProse, IReadOnlyList<string> headings, int room)
    {
        while (widths.Sum() > room)
        {
            int widest = -1;
            for (int column = 0; column < widths.Length; column++)
            {
                bool canGive = isProse[column] && widths[column] > Math.Max(ProseWidthMin, WidthOf(headings[column]));
                if (canGive && (widest < 0 || widths[column] >= widths[widest])) widest = column;
            }

            if (widest < 0) return false;
            widths[widest]--;
        }

        return true;
    }

    private static int WidthOf(string text) => new Segment(text).CellCount();
}
