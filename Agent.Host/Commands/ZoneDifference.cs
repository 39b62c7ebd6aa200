using System.Text.Json;

namespace Agent.Host.Commands;

/// <summary>A difference of two contents as lines: what goes with <c>-</c> in front, what comes with <c>+</c>.</summary>
internal static class ZoneDifference
{
    public static void Write(CommandConsole console, JsonElement difference)
    {
        string serials = $"serial {ApiClient.Text(difference, "fromSerial")} to {ApiClient.Text(difference, "toSerial")}";
        string counts = $"{ApiClient.Text(difference, "removedCount")} records go, {ApiClient.Text(difference, "addedCount")} come";
        console.Output.WriteLine(
            PlainText.Of($"{ApiClient.Text(difference, "zone")} {serials}: {counts}; {AskCommands.ReasonOf(difference)}"));
        WriteHalves(console, difference, "removed", "added");
    }

    /// <summary>What a target serves beside what is held: <c>-</c> is what it should not serve, <c>+</c> what it should.</summary>
    public static void WriteTarget(CommandConsole console, JsonElement difference)
    {
        string serials = $"serial {ApiClient.Text(difference, "servedSerial")}, held is {ApiClient.Text(difference, "heldSerial")}";
        string verdict = difference.GetProperty("isEqual").GetBoolean()
            ? "every record is the same"
            : $"{ApiClient.Text(difference, "foreignCount")} records are not held, "
                + $"{ApiClient.Text(difference, "missingCount")} are missing";
        console.Output.WriteLine(PlainText.Of(
            $"{ApiClient.Text(difference, "zone")} at {ApiClient.Text(difference, "target")} has {serials}: {verdict}"));
        WriteHalves(console, difference, "foreign", "missing");
    }

    private static void WriteHalves(CommandConsole console, JsonElement difference, string goes, string comes)
    {
        WriteHalf("-", goes);
        WriteHalf("+", comes);
        if (difference.GetProperty("isTruncated").GetBoolean()) console.Error.WriteLine("agent: there is more; --limit shows it");

        void WriteHalf(string sign, string member)
        {
            // Columns are set apart by tabs, which PlainText would not let pass.
            foreach (JsonElement line in ApiClient.Items(difference, member))
                console.Output.WriteLine($"{sign} {PlainText.Of((line.GetString() ?? "").Replace('\t', ' '))}");
        }
    }
}
