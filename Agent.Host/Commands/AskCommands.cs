using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Agent.Actors.Zones;

namespace Agent.Host.Commands;

/// <summary>The commands that ask a running agent: zones, targets and masters.</summary>
internal sealed class AskCommands(CommandConsole console)
{
    private const int PageSize = 1000;
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(200);
    private static readonly string[] ZoneHeadings = ["ZONE", "STATE", "SERIAL", "WANTED", "RECORDS", "TARGETS", "REASON"];
    internal static readonly string[] TargetHeadings =
        ["TARGET", "DRIVER", "VERSION", "NODE", "STATE", "BEHIND", "UNDER WAY", "ESCALATED", "DRIFTED", "REASON"];
    private readonly ApiOptions _options = new();

    public IEnumerable<Command> ZoneCommands() =>
    [
        List(),
        WithZone("status", "Shows a zone with its targets", ShowZoneAsync),
        History(),
        WithZone("refresh", "Asks the masters for the zone's serial and transfers it if it is newer",
            (zone, parsed, client, cancellation) => OrderAsync(zone, "refresh", parsed, client, cancellation)),
        WithZone("retransfer", "Transfers the whole zone again, whatever its serial",
            (zone, parsed, client, cancellation) => OrderAsync(zone, "retransfer", parsed, client, cancellation)),
        Remove(),
        .. new UndeleteCommands(console).ZoneCommands(),
        Decide("approve", "Uses the content that a guard stopped", "approved"),
        Decide("reject", "Gives up the content that a guard stopped; its serial is not fetched again", "rejected"),
        Diff(),
        Wait(),
    ];

    public Command TargetCommand() => new("target", "The servers that the agent brings level")
    {
        _options.Asking("list", "Lists the targets", console, (parsed, client, cancellation) =>
            TargetsAsync(null, withDetails: false, parsed, client, cancellation)),
        TargetStatus(),
        new DriftCommands(console).Drift(),
        new DriftCommands(console).Repair(),
    };

    public Command MasterCommand() => new("master", "The servers that zones come from")
    {
        _options.Asking("list", "Lists the masters and their state", console, MastersAsync),
    };

    public Command KeyCommand() => new("key", "The TSIG keys of requests and transfers")
    {
        _options.Asking("list", "Lists the keys, who uses them, and what became of them at this node; never a secret", console, KeysAsync),
    };

    private Command List()
    {
        var state = new Option<string?>("--state") { Description = "Only zones in this state, such as ok or stale", HelpName = "STATE" };
        var prefix = new Option<string?>("--prefix") { Description = "Only zones whose name begins so", HelpName = "TEXT" };
        var limit = new LimitOption("At most this many (default: all)");
        Command command = _options.Asking("list", "Lists the zones", console, async (parsed, client, cancellation) =>
        {
            var filter = new List<string>();
            if (parsed.GetValue(state) is { } wanted) filter.Add($"state={Uri.EscapeDataString(wanted)}");
            if (parsed.GetValue(prefix) is { } start) filter.Add($"prefix={Uri.EscapeDataString(start)}");
            (List<JsonElement> zones, bool complete) = await ReadPagesAsync(
                client, filter, parsed.GetValue(limit) ?? int.MaxValue, cancellation);
            if (_options.WantsJson(parsed)) WriteJson(new { zones, complete });
            else TableWriter.Write(console, ZoneHeadings, zones.Select(ZoneRow));
            if (complete) return ExitCode.Done;
            throw new ApiException(
                ExitCode.Failed, "the list is not whole: some shards have no owner at the moment, or one that cannot be reached");
        });
        foreach (Option option in new Option[] { state, prefix, limit }) command.Add(option);
        return command;
    }

    private static async Task<(List<JsonElement> Zones, bool IsComplete)> ReadPagesAsync(
        ApiClient client, List<string> filter, int limit, CancellationToken cancellation)
    {
        var zones = new List<JsonElement>();
        bool isComplete = true;
        string after = "";
        do
        {
            List<string> query = [.. filter, $"limit={Math.Min(PageSize, limit - zones.Count)}"];
            if (after.Length > 0) query.Add($"after={Uri.EscapeDataString(after)}");
            JsonElement page = await client.GetAsync("api/v1/zones?" + string.Join('&', query), cancellation);
            int before = zones.Count;
            zones.AddRange(ApiClient.Items(page, "zones"));
            after = zones.Count > before ? ApiClient.Text(page, "next") : "";

            // An agent of an older release does not say.
            isComplete &= !page.TryGetProperty("complete", out JsonElement complete) || complete.GetBoolean();
        }
        while (after.Length > 0 && zones.Count < limit);
        return (zones, isComplete);
    }

    private Command WithZone(string name, string description, Func<string, ParseResult, ApiClient, CancellationToken, Task<int>> ask) =>
        _options.AskingOf("The zone", name, description, console, ask);

    private async Task<int> ShowZoneAsync(string zone, ParseResult parsed, ApiClient client, CancellationToken cancellation)
    {
        JsonElement answer = await client.GetAsync(PathOf(zone), cancellation);
        if (_options.WantsJson(parsed))
        {
            WriteJson(answer);
            return ExitCode.Done;
        }

        TableWriter.Write(console, ZoneHeadings, [ZoneRow(answer)]);
        if (answer.TryGetProperty("candidate", out JsonElement candidate) && candidate.ValueKind == JsonValueKind.Object)
        {
            TableWriter.Write(console, ["STOPPED", "STATE", "RECORDS", "GUARD"],
                [[.. Texts(candidate, "serial", "state", "records"), ReasonOf(candidate)]]);
        }

        IEnumerable<string[]> targets = ApiClient.Items(answer, "targets")
            .Select(target => (string[])[.. Texts(target, "name", "node", "state", "serial", "verifiedAt"), ReasonOf(target)]);
        TableWriter.Write(console, ["TARGET", "NODE", "STATE", "SERIAL", "VERIFIED", "REASON"], targets);
        return ExitCode.Done;
    }

    private Command History()
    {
        var limit = new LimitOption("At most this many events") { DefaultValueFactory = _ => 100 };
        Command command = WithZone("history", "Shows what happened to a zone", async (zone, parsed, client, cancellation) =>
        {
            JsonElement answer = await client.GetAsync($"{PathOf(zone)}/history?limit={parsed.GetValue(limit)}", cancellation);
            if (_options.WantsJson(parsed)) WriteJson(answer);
            else TableWriter.Write(console, ["AT", "EVENT", "SERIAL", "TARGET", "TEXT"],
                ApiClient.Items(answer, "events").Select(EventRow));
            return ExitCode.Done;
        });
        command.Add(limit);
        return command;
    }

    private static string[] EventRow(JsonElement entry) => Texts(entry, "at", "code", "serial", "target", "text");

    private async Task<int> OrderAsync(string zone, string order, ParseResult parsed, ApiClient client, CancellationToken cancellation)
    {
        await client.PostAsync($"{PathOf(zone)}/{order}", cancellation);
        _options.Tell(parsed, console, new { zone, order, outcome = "begun" }, $"{zone} {order} begun");
        return ExitCode.Done;
    }

    private Command Remove()
    {
        var force = new Option<bool>("--force") { Description = "Also a zone that belongs to a master set" };
        Command command = WithZone(
            "remove",
            "Takes the zone off its servers by the management interface, not by a DNS message",
            async (zone, parsed, client, cancellation) =>
            {
                await client.DeleteAsync(PathOf(zone) + (parsed.GetValue(force) ? "?force=true" : ""), cancellation);
                _options.Tell(parsed, console, new { zone, order = "remove", outcome = "removed" }, $"{zone} removed");
                return ExitCode.Done;
            });
        command.Add(force);
        return command;
    }

    /// <summary>The content that the operator sees now is named in the order: what has come since stays undecided.</summary>
    private Command Decide(string order, string description, string done)
    {
        var serial = new Option<uint?>("--serial") { Description = "Only if this serial waits (default: any)", HelpName = "N" };
        Command command = WithZone(order, description, async (zone, parsed, client, cancellation) =>
        {
            JsonElement answer = await client.GetAsync(PathOf(zone), cancellation);
            if (!answer.TryGetProperty("candidate", out JsonElement candidate) || ApiClient.Text(candidate, "state") != "waiting")
                throw new ApiException(ExitCode.Failed, $"nothing-waits: no content of {zone} waits for a decision");
            string waiting = ApiClient.Text(candidate, "serial");
            string wanted = parsed.GetValue(serial)?.ToString(CultureInfo.InvariantCulture) ?? waiting;
            string hash = wanted == waiting ? $"&hash={ApiClient.Text(candidate, "hash")}" : "";
            await client.PostAsync($"{PathOf(zone)}/{order}?serial={wanted}{hash}", cancellation);
            _options.Tell(
                parsed,
                console,
                new
                {
                    zone,
                    order,
                    outcome = done,
                    serial = uint.Parse(wanted, CultureInfo.InvariantCulture),
                    reason = candidate.TryGetProperty("reason", out JsonElement reason) ? reason : (JsonElement?)null,
                },
                $"{zone} serial {waiting} {done}: {ReasonOf(candidate)}");
            return ExitCode.Done;
        });
        command.Add(serial);
        return command;
    }

    private Command Diff()
    {
        var limit = new LimitOption("At most this many records that go, and as many that come") { DefaultValueFactory = _ => 100 };
        var target = new Option<string?>("--target")
        {
            Description = "Compare what this target serves with what the agent holds instead; ends with 1 when they differ",
            HelpName = "NAME",
        };
        const string description = "Shows what content that a guard stopped would change";
        Command command = WithZone("diff", description, async (zone, parsed, client, cancellation) =>
        {
            string query = $"{PathOf(zone)}/diff?limit={parsed.GetValue(limit)}";
            string? asked = parsed.GetValue(target);
            if (asked is not null) query += $"&target={Uri.EscapeDataString(asked)}";
            JsonElement answer = await client.GetAsync(query, cancellation);
            if (_options.WantsJson(parsed)) WriteJson(answer);
            else if (asked is null) ZoneDifference.Write(console, answer);
            else ZoneDifference.WriteTarget(console, answer);
            return asked is null || answer.GetProperty("isEqual").GetBoolean() ? ExitCode.Done : ExitCode.Failed;
        });
        command.Add(limit);
        command.Add(target);
        return command;
    }

    private Command Wait()
    {
        var serial = new Option<uint?>("--serial") { Description = "Wait for this serial or a later one (RFC 1982)", HelpName = "N" };
        var least = new Argument<uint?>("SERIAL") { Description = "The same as --serial", Arity = ArgumentArity.ZeroOrOne };
        var timeout =
            new Option<double>("--timeout") { Description = "Seconds to wait", DefaultValueFactory = _ => 60, HelpName = "SECONDS" };
        var quorum = new Option<string>("--quorum")
        {
            Description = "How many targets must serve it: all, majority or a number",
            DefaultValueFactory = _ => "all",
            HelpName = "N",
        };
        quorum.Validators.Add(result =>
        {
            if (!Quorum.TryParse(result.GetValueOrDefault<string>() ?? "", out _))
                result.AddError("--quorum: all, majority or a number from 1 is needed");
        });
        Command command = WithZone("wait", "Waits until the targets serve the zone", async (zone, parsed, client, cancellation) =>
        {
            _ = Quorum.TryParse(parsed.GetValue(quorum)!, out Quorum needed);
            double seconds = parsed.GetValue(timeout);
            if (!double.IsFinite(seconds) || seconds < 0) throw new ApiException(ExitCode.Usage, "--timeout must be 0 or more seconds");
            long started = Stopwatch.GetTimestamp();
            string shown = "";
            while (true)
            {
                JsonElement answer = await client.GetAsync(PathOf(zone), cancellation);
                ZoneProgress progress = ZoneProgress.Of(answer, parsed.GetValue(serial) ?? parsed.GetValue(least), needed);
                if (needed.Kind == QuorumKind.Number && progress.Targets > 0 && needed.Number > progress.Targets)
                    throw new ApiException(ExitCode.Usage, $"--quorum {needed}: {zone} has no more than {progress.Targets} targets");
                bool isLate = Stopwatch.GetElapsedTime(started).TotalSeconds >= seconds;
                if (progress.IsLevel || progress.IsStopped || isLate)
                {
                    if (_options.WantsJson(parsed)) WriteJson(answer);
                    else console.Output.WriteLine(PlainText.Of($"{zone} {progress}"));
                    return progress.ExitCode;
                }

                if (console.IsTerminal && shown != progress.ToString()) console.Error.WriteLine(PlainText.Of($"{zone} {progress}"));
                shown = progress.ToString();
                await Task.Delay(PollInterval, cancellation);
            }
        });
        command.Add(least);
        command.Add(serial);
        command.Add(quorum);
        command.Add(timeout);
        command.Validators.Add(result =>
        {
            if (result.GetResult(serial) is not null && result.GetResult(least) is { Tokens.Count: > 0 })
                result.AddError("give the serial once: as SERIAL or with --serial");
        });
        return command;
    }

    private Command TargetStatus()
    {
        var target = new Argument<string?>("NAME")
        {
            Description = "The target, in a cluster also as NAME@NODE (default: all)",
            Arity = ArgumentArity.ZeroOrOne,
        };
        Command command = _options.Asking("status", "Shows one target or all", console, (parsed, client, cancellation) =>
            TargetsAsync(parsed.GetValue(target), withDetails: true, parsed, client, cancellation));
        command.Add(target);
        return command;
    }

    private async Task<int> TargetsAsync(
        string? only, bool withDetails, ParseResult parsed, ApiClient client, CancellationToken cancellation)
    {
        JsonElement answer = await client.GetAsync("api/v1/targets", cancellation);
        List<JsonElement> targets = [.. ApiClient.Items(answer, "targets").Where(target => only is null || IsCalled(target, only))];
        if (only is not null && targets.Count == 0) throw new ApiException(ExitCode.Failed, $"the agent has no target named {only}");
        if (_options.WantsJson(parsed) && only is null) WriteJson(new { targets });
        else if (_options.WantsJson(parsed)) WriteJson(targets.Count == 1 ? (object)targets[0] : new { targets });
        else if (withDetails) TargetDetails.Write(console, targets);
        else TableWriter.Write(console, TargetHeadings, targets.Select(TargetRow));
        return ExitCode.Done;
    }

    /// <summary>By its name alone, which in a cluster can be that of one target on each node, or as NAME@NODE.</summary>
    private static bool IsCalled(JsonElement target, string asked)
    {
        string name = ApiClient.Text(target, "name");
        return name == asked || $"{name}@{ApiClient.Text(target, "node")}" == asked;
    }

    internal static string[] TargetRow(JsonElement target) =>
    [
        .. Texts(target, "name", "driver", "version", "node", "state", "zonesBehind", "ordersUnderWay", "zonesEscalated", "zonesDrifted"),
        ReasonOf(target),
    ];

    private async Task<int> MastersAsync(ParseResult parsed, ApiClient client, CancellationToken cancellation)
    {
        JsonElement answer = await client.GetAsync("api/v1/masters", cancellation);
        if (_options.WantsJson(parsed)) WriteJson(answer);
        else TableWriter.Write(console, ["MASTER", "ADDRESS", "STATE", "CIRCUIT", "FAILURES", "ZONES", "REASON"],
            ApiClient.Items(answer, "masters").Select(MasterRow));
        return ExitCode.Done;
    }

    /// <summary>One that answers may be the last to be asked for zones nevertheless.</summary>
    internal static string[] MasterRow(JsonElement master)
    {
        string name = ApiClient.Text(master, "name");
        string profile = ApiClient.Text(master, "tls");
        JsonElement[] rests = [.. ApiClient.Items(master, "rests")];
        string reason = Array.Exists(rests, r => ReasonOf(r) == ReasonOf(master)) ? "" : ReasonOf(master);
        IEnumerable<string> reasons = rests.Select(r => $"comes last ({ApiClient.Text(r, "fault")}): {ReasonOf(r)}");
        return
        [
            profile.Length > 0 ? $"{name} (tls {profile})" : name,
            .. Texts(master, "address", "state", "circuit", "failures"),
            string.Join(' ', ApiClient.Items(master, "zones").Select(z => z.GetString())),
            string.Join("; ", reasons.Prepend(reason).Where(r => r.Length > 0)),
        ];
    }

    private async Task<int> KeysAsync(ParseResult parsed, ApiClient client, CancellationToken cancellation)
    {
        JsonElement answer = await client.GetAsync("api/v1/keys", cancellation);
        if (_options.WantsJson(parsed)) WriteJson(answer);
        else TableWriter.Write(console, ["KEY", "ALGORITHM", "USED BY", "LAST GOOD", "LAST FAILURE"],
            ApiClient.Items(answer, "keys").Select(KeyRow));
        return ExitCode.Done;
    }

    private static string[] KeyRow(JsonElement key) =>
    [
        .. Texts(key, "name", "algorithm"),
        string.Join(' ', ApiClient.Items(key, "usedBy").Select(user => user.GetString())),
        ApiClient.Text(key, "lastGood"),
        key.TryGetProperty("lastFailure", out JsonElement failure) && failure.ValueKind == JsonValueKind.Object
            ? $"{ApiClient.Text(failure, "at")} {ApiClient.Text(failure, "reason")}"
            : "",
    ];

    private static string[] ZoneRow(JsonElement zone)
    {
        List<JsonElement> targets = [.. ApiClient.Items(zone, "targets")];
        int level = targets.Count(target => ApiClient.Text(target, "state") == ZoneProgress.VerifiedState);
        return
        [
            .. Texts(zone, "name", "state", "serial", "wantedSerial", "records"),
            string.Create(CultureInfo.InvariantCulture, $"{level}/{targets.Count}"),
            ReasonOf(zone),
        ];
    }

    private static string[] Texts(JsonElement element, params ReadOnlySpan<string> members)
    {
        string[] texts = new string[members.Length];
        for (int i = 0; i < members.Length; i++) texts[i] = ApiClient.Text(element, members[i]);
        return texts;
    }

    internal static string ReasonOf(JsonElement element) =>
        element.TryGetProperty("reason", out JsonElement reason) && reason.ValueKind == JsonValueKind.Object
            ? $"{ApiClient.Text(reason, "code")}: {ApiClient.Text(reason, "text")}"
            : "";

    // A single dot would be taken out of the path, so the root zone goes by the name that its file has.
    internal static string PathOf(string zone) => $"api/v1/zones/{(zone == "." ? "@" : Uri.EscapeDataString(zone))}";

    private void WriteJson<T>(T value) => JsonOutput.Write(console, value);
}
