using System.Text.Json;

namespace Agent.Host.Commands;

/// <summary>Shows targets with who their servers are, what can be done with them and what they hold.</summary>
internal static class TargetDetails
{
    public static void Write(CommandConsole console, IReadOnlyList<JsonElement> targets)
    {
        TableWriter.Write(console, AskCommands.TargetHeadings, targets.Select(AskCommands.TargetRow));
        TableWriter.Write(console, ["TARGET", "NODE", "IDENTITY", "NSID", "CONTROLLED", "FEATURES", "LIMITS"], targets.Select(Row));
    }

    private static string[] Row(JsonElement target) =>
    [
        ApiClient.Text(target, "name"),
        ApiClient.Text(target, "node"),
        ApiClient.Text(target, "identity"),
        ApiClient.Text(target, "nsid"),
        ApiClient.Text(target, "controlledVersion"),
        string.Join(' ', ApiClient.Items(target, "features").Select(feature => feature.GetString())),
        Limits(target),
    ];

    private static string Limits(JsonElement target)
    {
        if (!target.TryGetProperty("limits", out JsonElement limits) || limits.ValueKind != JsonValueKind.Object) return "";
        var texts = new List<string>();
        foreach (JsonProperty limit in limits.EnumerateObject())
        {
            switch (limit.Value.ValueKind)
            {
                case JsonValueKind.Number: texts.Add($"{limit.Name}={limit.Value}"); break;
                case JsonValueKind.Object:
                    texts.AddRange(limit.Value.EnumerateObject().Select(each => $"{limit.Name}.{each.Name}={each.Value}"));
                    break;
                case JsonValueKind.Array when limit.Value.GetArrayLength() > 0:
                    texts.Add($"{limit.Name}={string.Join(',', limit.Value.EnumerateArray().Select(each => each.GetString()))}");
                    break;
            }
        }

        return string.Join(' ', texts);
    }
}
