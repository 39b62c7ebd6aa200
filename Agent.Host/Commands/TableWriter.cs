using Spectre.Console;

namespace Agent.Host.Commands;

/// <summary>Rows of text: a drawn table for a person, tab-separated lines with a heading for a program.</summary>
internal static class TableWriter
{
    public static void Write(CommandConsole console, IReadOnlyList<string> headings, IEnumerable<IReadOnlyList<string>> rows)
    {
        if (!console.IsTerminal)
        {
            console.Output.WriteLine(string.Join('\t', headings));
            foreach (IReadOnlyList<string> row in rows) console.Output.WriteLine(string.Join('\t', row.Select(PlainText.Of)));
            return;
        }

        IAnsiConsole terminal = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(console.Output) });
        Table table = new Table().Border(TableBorder.Minimal);
        foreach (string heading in headings) table.AddColumn(new TableColumn(Markup.Escape(heading)).NoWrap());
        foreach (IReadOnlyList<string> row in rows) table.AddRow([.. row.Select(cell => Markup.Escape(PlainText.Of(cell)))]);
        terminal.Write(table);
    }
}
