using System.CommandLine;
using System.Globalization;
using System.Text.Json;

namespace Agent.Host.Commands;

/// <summary>The commands that ask one node about the cluster, and tell it what an operator wants of it.</summary>
internal sealed class ClusterCommands(CommandConsole console)
{
    private const string Path = "api/v1/cluster";
    private readonly ApiOptions _options = new();

    public Command ClusterCommand() => new("cluster", "The agents that work as one")
    {
        _options.Asking("status", "Shows the nodes and how the shards are divided", console, StatusAsync), Drain(), Pins(), Forget(),
    };

    private async Task<int> StatusAsync(ParseResult parsed, ApiClient client, CancellationToken cancellation)
    {
        JsonElement cluster = await client.GetAsync(Path, cancellation);
        if (_options.WantsJson(parsed))
        {
            JsonOutput.Write(console, cluster);
            return ExitCode.Done;
        }

        string coordinator = ApiClient.Text(cluster, "coordinator");
        TableWriter.Write(console, ["NODE", "STATE", "SHARDS", "ZONES", "ADDRESS", "VERSION", ""],
            ApiClient.Items(cluster, "members").Select(member => (string[])
            [
                ApiClient.Text(member, "name"), ApiClient.Text(member, "state"), ApiClient.Text(member, "shards"),
                ApiClient.Text(member, "zones"), ApiClient.Text(member, "address"), ApiClient.Text(member, "version"),
                ApiClient.Text(member, "name") == coordinator ? "coordinator" : "",
            ]));
        JsonElement shards = cluster.GetProperty("shards");
        console.Output.WriteLine(PlainText.Of(
            $"{ApiClient.Text(shards, "total")} shards, {ApiClient.Text(shards, "unowned")} without an owner"));
        if (ApiClient.Text(cluster, "disagreement") is { Length: > 0 } differs) console.Output.WriteLine(PlainText.Of(differs));
        if (ApiClient.Text(cluster, "stale") is { Length: > 0 } stale) console.Output.WriteLine(PlainText.Of($"this may be old: {stale}"));
        return ExitCode.Done;
    }

    private Command Drain()
    {
        var undo = new Option<bool>("--undo") { Description = "Take shards again" };
        Command command = _options.Asking(
            "drain",
            "Gives the shards of the asked node to the others; it goes on answering",
            console,
            async (parsed, client, cancellation) =>
            {
                bool isUndone = parsed.GetValue(undo);
                if (isUndone) await client.DeleteAsync($"{Path}/drain", cancellation);
                else await client.PostAsync($"{Path}/drain", cancellation);
                _options.Tell(
                    parsed,
                    console,
                    new { order = "drain", outcome = isUndone ? "undone" : "begun" },
                    isUndone ? "the node takes shards again" : "drain begun");
                return ExitCode.Done;
            });
        command.Add(undo);
        return command;
    }

    private Command Pins()
    {
        var shard = new Option<int?>("--shard") { Description = "The shard to pin", HelpName = "N" };
        var node = new Option<string?>("--node") { Description = "Where to pin it; without this the pin is taken away", HelpName = "NAME" };
        Command command = _options.Asking(
            "pins", "Lists, sets and removes pins of shards to nodes", console, (parsed, client, cancellation) =>
                parsed.GetValue(shard) is { } number
                    ? PinAsync(number, parsed.GetValue(node), parsed, client, cancellation)
                    : ListPinsAsync(parsed, client, cancellation));
        command.Add(shard);
        command.Add(node);
        command.Validators.Add(result =>
        {
            if (result.GetValue(node) is not null && result.GetValue(shard) is null) result.AddError("--node needs --shard");
        });
        return command;
    }

    private async Task<int> PinAsync(int shard, string? node, ParseResult parsed, ApiClient client, CancellationToken cancellation)
    {
        string path = string.Create(CultureInfo.InvariantCulture, $"{Path}/pins/{shard}");
        if (node is null) await client.DeleteAsync(path, cancellation);
        else await client.PutAsync(path, new { node }, cancellation);
        _options.Tell(
            parsed,
            console,
            new { shard, node, order = "pin", outcome = node is null ? "unpinned" : "pinned" },
            node is null ? $"shard {shard} unpinned" : $"shard {shard} pinned to {node}");
        return ExitCode.Done;
    }

    private async Task<int> ListPinsAsync(ParseResult parsed, ApiClient client, CancellationToken cancellation)
    {
        JsonElement answer = await client.GetAsync($"{Path}/pins", cancellation);
        if (_options.WantsJson(parsed)) JsonOutput.Write(console, answer);
        else TableWriter.Write(console, ["SHARD", "NODE"],
            ApiClient.Items(answer, "pins").Select(pin => (string[])[ApiClient.Text(pin, "shard"), ApiClient.Text(pin, "node")]));
        return ExitCode.Done;
    }

    private Command Forget()
    {
        var node = new Argument<string>("NODE") { Description = "A node that is down and will not return" };
        Command command = _options.Asking(
            "forget",
            "Says that a node will not return: its servers are owed nothing any more",
            console,
            async (parsed, client, cancellation) =>
            {
                string name = parsed.GetValue(node)!;
                await client.DeleteAsync($"{Path}/nodes/{Uri.EscapeDataString(name)}", cancellation);
                _options.Tell(
                    parsed, console, new { node = name, order = "forget", outcome = "forgotten" }, $"{name} is forgotten");
                return ExitCode.Done;
            });
        command.Add(node);
        return command;
    }
}
