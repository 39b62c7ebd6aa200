using System.CommandLine;
using System.Text.Json;

namespace Agent.Host.Commands;

/// <summary>The commands about deleted zones of which content is kept.</summary>
internal sealed class UndeleteCommands(CommandConsole console)
{
    private const int PageSize = 1000;
    private readonly ApiOptions _options = new();

    public IEnumerable<Command> ZoneCommands() => [List(), Undelete()];

    private Command List() => _options.Asking(
        "deleted", "Lists deleted zones that can be brought back", console, async (parsed, client, cancellation) =>
        {
            var zones = new List<JsonElement>();
            for (string path = $"api/v1/deleted?limit={PageSize}"; path.Length > 0;)
            {
                JsonElement page = await client.GetAsync(path, cancellation);
                zones.AddRange(ApiClient.Items(page, "zones"));
                string next = ApiClient.Text(page, "next");
                path = next.Length > 0 ? $"api/v1/deleted?limit={PageSize}&after={Uri.EscapeDataString(next)}" : "";
            }

            if (_options.WantsJson(parsed)) JsonOutput.Write(console, new { zones });
            else TableWriter.Write(console, ["ZONE", "SERIAL", "RECORDS", "KEPT UNTIL"], zones.Select(Row));
            return ExitCode.Done;
        });

    private Command Undelete()
    {
        var set = new Option<string?>("--master-set")
        {
            Description = "The master set that the zone is to belong to (default: none, or whose it was while it is being deleted)",
            HelpName = "NAME",
        };
        Command command = _options.AskingOf(
            "The zone", "undelete", "Brings a deleted zone back with the content that it had", console,
            async (zone, parsed, client, cancellation) =>
            {
                string query = parsed.GetValue(set) is { } name ? $"?masterSet={Uri.EscapeDataString(name)}" : "";
                await client.PostAsync($"{AskCommands.PathOf(zone)}/undelete{query}", cancellation);
                _options.Tell(parsed, console, new { zone, order = "undelete", outcome = "undeleted" }, $"{zone} undeleted");
                return ExitCode.Done;
            });
        command.Add(set);
        return command;
    }

    private static string[] Row(JsonElement zone) =>
    [
        ApiClient.Text(zone, "name"),
        ApiClient.Text(zone, "serial"),
        ApiClient.Text(zone, "records"),
        ApiClient.Text(zone, "keptUntil"),
    ];
}
