using System.CommandLine;
using System.Text.Json;

namespace Agent.Host.Commands;

/// <summary>The commands about zones that some have and others do not.</summary>
internal sealed class OrphanCommands(CommandConsole console)
{
    private const string Path = "api/v1/orphans";
    private readonly ApiOptions _options = new();

    public IEnumerable<Command> ZoneCommands() => [List(), Adopt(), Remove()];

    private Command List()
    {
        var sweep = new Option<bool>("--sweep") { Description = "Have the servers compared anew; look again for what that finds" };
        Command command = _options.Asking(
            "orphans", "Lists zones that nobody created, or that every master gave up", console, async (parsed, client, cancellation) =>
            {
                if (parsed.GetValue(sweep)) await client.PostAsync($"{Path}/sweep", cancellation);
                JsonElement answer = await client.GetAsync(Path, cancellation);
                if (_options.WantsJson(parsed))
                {
                    JsonOutput.Write(console, answer);
                    return ExitCode.Done;
                }

                TableWriter.Write(
                    console, ["ZONE", "KIND", "AT", "NODE", "SERIAL", "REASON"], ApiClient.Items(answer, "orphans").Select(Row));
                TableWriter.Write(
                    console,
                    ["SERVER", "NODE", "STATE", "LISTING", "NAMED", "MISSING", "FOREIGN", "SWEPT", "REASON"],
                    ApiClient.Items(answer, "servers").Select(ServerRow));
                return ExitCode.Done;
            });
        command.Add(sweep);
        return command;
    }

    private Command Adopt() => _options.AskingOf(
        "The zone", "adopt", "Makes a zone that a server has one of ours, with the content of its masters", console,
        async (zone, parsed, client, cancellation) =>
        {
            await client.PostAsync($"{Path}/adopt?zone={Uri.EscapeDataString(zone)}", cancellation);
            _options.Tell(parsed, console, new { zone, order = "adopt", outcome = "adopted" }, $"{zone} adopted");
            return ExitCode.Done;
        });

    private Command Remove()
    {
        var count = new Option<int>("--count")
        {
            Description = "How many there are; with any other number nothing is removed",
            HelpName = "N",
            Required = true,
        };
        Command command = _options.Asking(
            "remove-orphans", "Deletes the zones that every master gave up", console, async (parsed, client, cancellation) =>
            {
                JsonElement answer = await client.PostAsync($"{Path}/remove?count={parsed.GetValue(count)}", cancellation);
                _options.Tell(parsed, console, answer, $"{ApiClient.Text(answer, "removed")} removed");
                if (ApiClient.Text(answer, "kept") is "0") return ExitCode.Done;
                throw new ApiException(ExitCode.Failed, $"{ApiClient.Text(answer, "kept")} kept: {AskCommands.ReasonOf(answer)}");
            });
        command.Add(count);
        return command;
    }

    private static string[] Row(JsonElement orphan) =>
    [
        ApiClient.Text(orphan, "zone"),
        ApiClient.Text(orphan, "kind"),
        ApiClient.Text(orphan, "at"),
        ApiClient.Text(orphan, "node"),
        ApiClient.Text(orphan, "serial"),
        AskCommands.ReasonOf(orphan),
    ];

    private static string[] ServerRow(JsonElement server) =>
    [
        ApiClient.Text(server, "target"),
        ApiClient.Text(server, "node"),
        ApiClient.Text(server, "state"),
        ApiClient.Text(server, "listing"),
        ApiClient.Text(server, "named"),
        ApiClient.Text(server, "missing"),
        ApiClient.Text(server, "foreign"),
        ApiClient.Text(server, "sweptAt"),
        AskCommands.ReasonOf(server),
    ];
}
