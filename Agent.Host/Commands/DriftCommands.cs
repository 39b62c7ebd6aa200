using System.CommandLine;
using System.Text.Json;

namespace Agent.Host.Commands;

/// <summary>The commands about what others changed at targets.</summary>
internal sealed class DriftCommands(CommandConsole console)
{
    private static readonly string[] TargetHeadings = ["TARGET", "NODE", "RULE", "SWEEP", "LOOKED AT", "SWEPT", "DIFFERENT", "REASON"];
    private static readonly string[] ZoneHeadings = ["TARGET", "ZONE", "KIND", "SERVED", "WANTED", "STATE", "FOUND"];
    private readonly ApiOptions _options = new();

    public Command Drift()
    {
        var target = new Argument<string?>("NAME") { Description = "The target (default: all)", Arity = ArgumentArity.ZeroOrOne };
        Command command = _options.Asking(
            "drift", "Shows what others changed at the servers; ends with 1 when something stands", console,
            (parsed, client, cancellation) => ShowAsync(parsed.GetValue(target), parsed, client, cancellation));
        command.Add(target);
        return command;
    }

    public Command Repair()
    {
        var target = new Argument<string>("NAME") { Description = "The target" };
        var zone = new Argument<string?>("ZONE") { Description = "The zone (default: all)", Arity = ArgumentArity.ZeroOrOne };
        Command command = _options.Asking(
            "repair", "Has a server's zones compared and what differs put right, whatever its drift rule", console,
            async (parsed, client, cancellation) =>
            {
                string name = parsed.GetValue(target)!;
                string of = parsed.GetValue(zone) is { } only ? $"?zone={Uri.EscapeDataString(only)}" : "";
                await client.PostAsync($"api/v1/targets/{Uri.EscapeDataString(name)}/repair{of}", cancellation);
                _options.Tell(
                    parsed,
                    console,
                    new { target = name, zone = parsed.GetValue(zone), order = "repair", outcome = "begun" },
                    $"{name} repair begun");
                return ExitCode.Done;
            });
        command.Add(target);
        command.Add(zone);
        return command;
    }

    private async Task<int> ShowAsync(string? only, ParseResult parsed, ApiClient client, CancellationToken cancellation)
    {
        JsonElement answer = await client.GetAsync(
            only is null ? "api/v1/drift" : $"api/v1/targets/{Uri.EscapeDataString(only)}/drift", cancellation);
        List<JsonElement> targets = only is null ? [.. ApiClient.Items(answer, "targets")] : [answer];
        if (_options.WantsJson(parsed)) JsonOutput.Write(console, answer);
        else Write(targets);
        return targets.TrueForAll(target => !ApiClient.Items(target, "drift").Any()) ? ExitCode.Done : ExitCode.Failed;
    }

    private void Write(List<JsonElement> targets)
    {
        TableWriter.Write(console, TargetHeadings, targets.Select(TargetRow));
        TableWriter.Write(console, ZoneHeadings, targets.SelectMany(
            target => Zones(target).Select(zone => ZoneRow(ApiClient.Text(target, "target"), zone))));
        foreach (JsonElement zone in targets.SelectMany(target => ApiClient.Items(target, "drift")))
        {
            console.Output.WriteLine(PlainText.Of($"{ApiClient.Text(zone, "zone")}: {Summary(zone)}"));
            foreach (JsonElement line in ApiClient.Items(zone, "foreign")) console.Output.WriteLine(PlainText.Of($"- {line.GetString()}"));
            foreach (JsonElement line in ApiClient.Items(zone, "missing")) console.Output.WriteLine(PlainText.Of($"+ {line.GetString()}"));
        }
    }

    private static IEnumerable<JsonElement> Zones(JsonElement target) =>
        ApiClient.Items(target, "drift").Concat(ApiClient.Items(target, "repaired"));

    private static string Summary(JsonElement zone) => ApiClient.Text(zone, "proof") switch
    {
        "" when ApiClient.Text(zone, "settings") is { Length: > 0 } settings => $"its settings are not those of the target: it {settings}",
        "" => "its records were not compared",
        "sample" => $"{Counts(zone)}, of a sample",
        _ => Counts(zone),
    };

    private static string Counts(JsonElement zone) =>
        $"{ApiClient.Text(zone, "foreignCount")} records that are not wanted (-), "
        + $"{ApiClient.Text(zone, "missingCount")} that are missing (+)";

    private static string[] TargetRow(JsonElement target) =>
    [
        .. Texts(target, "target", "node", "rule", "state", "looked", "sweptAt"),
        (ApiClient.Items(target, "drift").Count() + target.GetProperty("further").GetInt32()).ToString(
            System.Globalization.CultureInfo.InvariantCulture),
        AskCommands.ReasonOf(target),
    ];

    private static string[] ZoneRow(string target, JsonElement zone) =>
        [target, .. Texts(zone, "zone", "kind", "servedSerial", "wantedSerial", "state", "foundAt")];

    private static IEnumerable<string> Texts(JsonElement element, params string[] members) =>
        members.Select(member => ApiClient.Text(element, member));
}
