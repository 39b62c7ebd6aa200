using System.CommandLine;
using System.Text.Json;

namespace Agent.Host.Commands;

/// <summary>The commands about catalogs: which there are, what stands against them, and the approval of many removals.</summary>
internal sealed class CatalogCommands(CommandConsole console)
{
    private static readonly string[] Headings = ["CATALOG", "STATE", "SERIAL", "MEMBERS", "ADDING", "REMOVING", "CONFLICTS", "REASON"];
    private readonly ApiOptions _options = new();

    public Command CatalogCommand() => new("catalog", "The catalog zones that say which zones there are")
    {
        _options.Asking("list", "Lists the catalogs", console, ListAsync),
        WithCatalog("status", "Shows a catalog and the zones that it claims in vain", ShowAsync),
        WithCatalog("diff", "Shows the zones that a catalog is about to add and to remove", DiffAsync),
        Approve(),
    };

    private async Task<int> ListAsync(ParseResult parsed, ApiClient client, CancellationToken cancellation)
    {
        JsonElement answer = await client.GetAsync("api/v1/catalogs", cancellation);
        if (_options.WantsJson(parsed)) JsonOutput.Write(console, answer);
        else TableWriter.Write(console, Headings, ApiClient.Items(answer, "catalogs").Select(Row));
        return ExitCode.Done;
    }

    private async Task<int> ShowAsync(string catalog, ParseResult parsed, ApiClient client, CancellationToken cancellation)
    {
        JsonElement answer = await client.GetAsync(PathOf(catalog), cancellation);
        if (_options.WantsJson(parsed))
        {
            JsonOutput.Write(console, answer);
            return ExitCode.Done;
        }

        TableWriter.Write(console, Headings, [Row(answer)]);
        List<JsonElement> conflicts = [.. ApiClient.Items(answer, "conflicting")];
        if (conflicts.Count > 0)
        {
            TableWriter.Write(
                console, ["CLAIMED IN VAIN", "WHY"], conflicts.Select(c => (string[])[ApiClient.Text(c, "zone"), AskCommands.ReasonOf(c)]));
        }

        return ExitCode.Done;
    }

    private async Task<int> DiffAsync(string catalog, ParseResult parsed, ApiClient client, CancellationToken cancellation)
    {
        JsonElement answer = await client.GetAsync(PathOf(catalog), cancellation);
        if (_options.WantsJson(parsed))
        {
            JsonOutput.Write(console, answer);
            return ExitCode.Done;
        }

        Print("added", "adding", '+');
        Print("removed", "removing", '-');
        return ExitCode.Done;

        void Print(string names, string count, char sign)
        {
            int shown = 0;
            foreach (JsonElement name in ApiClient.Items(answer, names))
            {
                console.Output.WriteLine(PlainText.Of($"{sign} {name.GetString()}"));
                shown++;
            }

            int all = answer.GetProperty(count).GetInt32();
            if (all > shown) console.Output.WriteLine($"{sign} ... and {all - shown} more");
        }
    }

    private Command Approve()
    {
        var serial = new Option<uint?>("--serial")
        {
            Description = "Only if the catalog has this serial (default: the one it has now)",
            HelpName = "N",
        };
        Command command = WithCatalog("approve", "Removes the members whose removal waits", async (catalog, parsed, client, cancellation) =>
        {
            JsonElement answer = await client.GetAsync(PathOf(catalog), cancellation);
            string wanted = parsed.GetValue(serial)?.ToString(System.Globalization.CultureInfo.InvariantCulture)
                ?? ApiClient.Text(answer, "serial");
            await client.PostAsync($"{PathOf(catalog)}/approve?serial={wanted}", cancellation);
            _options.Tell(
                parsed,
                console,
                new
                {
                    catalog,
                    order = "approve",
                    outcome = "approved",
                    serial = uint.Parse(wanted, System.Globalization.CultureInfo.InvariantCulture),
                    removing = answer.GetProperty("removing").GetInt32(),
                },
                $"{catalog} serial {wanted} approved: {ApiClient.Text(answer, "removing")} members go");
            return ExitCode.Done;
        });
        command.Add(serial);
        return command;
    }

    private Command WithCatalog(string name, string description, Func<string, ParseResult, ApiClient, CancellationToken, Task<int>> ask) =>
        _options.AskingOf("The catalog zone", name, description, console, ask);

    private static string[] Row(JsonElement catalog) =>
    [
        ApiClient.Text(catalog, "name"),
        ApiClient.Text(catalog, "state"),
        ApiClient.Text(catalog, "serial"),
        ApiClient.Text(catalog, "members"),
        ApiClient.Text(catalog, "adding"),
        ApiClient.Text(catalog, "removing"),
        ApiClient.Text(catalog, "conflicts"),
        AskCommands.ReasonOf(catalog),
    ];

    private static string PathOf(string catalog) => $"api/v1/catalogs/{Uri.EscapeDataString(catalog)}";
}
