using System.Text.Json;
using Agent.Bench.Peers;

namespace Agent.Tests.Scenarios;

/// <summary>What each wrong signature is answered (RFC 8945 5.2 and 5.3), on all that can be signed, and that it does nothing.</summary>
[Trait("Category", "Peer")]
public sealed class TsigQuestionTests
{
    private const string NotAuthorized = "9";
    private const string FormatError = "1";

    private static readonly string Secret = Convert.ToBase64String(TsigForgery.RightSecret);

    private static readonly string[] Good =
        ["good", "good-other-key", "good-key-in-capitals", "good-of-a-forwarder", "good-with-edns"];

    /// <summary>Response code, TSIG error, what the answer's own MAC is worth; BADTIME has both clocks.</summary>
    private static readonly Dictionary<string, string> Bad = new(StringComparer.Ordinal)
    {
        ["key-without-rights"] = "5 0 right-mac",
        ["unknown-key"] = $"{NotAuthorized} 17 no-mac",
        ["other-algorithm"] = $"{NotAuthorized} 17 no-mac",
        ["unknown-algorithm"] = $"{NotAuthorized} 17 no-mac",
        ["other-secret"] = $"{NotAuthorized} 16 no-mac",
        ["one-bit"] = $"{NotAuthorized} 16 no-mac",
        ["changed-flags"] = $"{NotAuthorized} 16 no-mac",
        ["an-hour-ago"] = $"{NotAuthorized} 18 right-mac client-time server-time",
        ["an-hour-ahead"] = $"{NotAuthorized} 18 right-mac client-time server-time",
        ["half-a-mac"] = $"{NotAuthorized} 22 right-mac",
        ["nine-octets"] = $"{FormatError} - unsigned",
        ["no-mac"] = $"{FormatError} - unsigned",
        ["long-mac"] = $"{FormatError} - unsigned",
        ["opt-behind"] = $"{FormatError} - unsigned",
        ["two-signatures"] = $"{FormatError} - unsigned",
        ["in-authority"] = $"{FormatError} - unsigned",
        ["class-in"] = $"{FormatError} - unsigned",
        ["with-ttl"] = $"{FormatError} - unsigned",
        ["cut-rdata"] = $"{FormatError} - unsigned",
    };

    private static readonly string[] Operations =
        ["NOTIFY udp", "CREATE udp", "CREATE tcp", "DELETE udp", "DELETE tcp", "AXFR tcp", "SOA udp"];

    [Fact]
    public async Task Wrong_signatures_are_named_in_the_answer_and_cause_nothing_and_either_key_of_two_is_good()
    {
        ScriptedZones zones = new();
        await using ScriptedMaster master = new(zones.Answer);
        await using AgentProcess agent = await AgentProcess.StartedAsync($$"""
            backend-driver = embedded
            masters = ["{{master.EndPoint}}"]
            keys {
              k1 { algorithm = hmac-sha256, secret = "{{Secret}}" }
              k2 { algorithm = hmac-sha512, secret = "{{Secret}}" }
              k3 { algorithm = hmac-sha256, secret = "{{Secret}}" }
              k4 { algorithm = hmac-sha384, secret = "{{Secret}}" }
              k5 { algorithm = hmac-sha256, secret = "{{Secret}}" }
            }
            zones { "keyed.example" { masters = [{ address = "{{master.EndPoint}}", key = k4 }] } }
            allow-notify = ["key:k1", "key:k2"], allow-control = ["key:k1", "key:k2"], allow-transfer = ["key:k1", "key:k2"]
            allow-query = ["key:k1", "key:k2"]
            """);
        zones.Set(new ScriptedZone(TsigQuestions.Forged, 1));
        foreach (string name in Good) zones.Set(new ScriptedZone($"{name}.example.", 1));

        // Nobody forges a zone into being.
        await AllAnsweredAsync(agent, Operations.Where(operation => operation.StartsWith("CREATE", StringComparison.Ordinal)), Bad);
        Assert.Null(await agent.ZoneAsync(TsigQuestions.Forged));
        Assert.Empty(master.Queries);

        await TsigQuestions.AskAsync(agent, [$"CREATE good {TsigQuestions.Forged} udp"]);
        int asked = master.Queries.Count;
        zones[TsigQuestions.Forged].Serial = 2;
        await AllAnsweredAsync(agent, Operations, Bad);
        Assert.Equal(asked, master.Queries.Count);
        Assert.Equal(1u, (await agent.ZoneAsync(TsigQuestions.Forged))!.Value.GetProperty("serial").GetUInt32());

        // Both keys are good for everything, as they are while one replaces the other.
        string[] order = ["CREATE udp", "NOTIFY udp", "SOA udp", "AXFR tcp", "DELETE udp"];
        foreach (string operation in order)
        {
            IEnumerable<string> lines = Good.Select(name => Line(operation, name, $"{name}.example."));
            string[] answers = await TsigQuestions.AskAsync(agent, lines);
            Assert.Equal(Good.Select(name => $"{Word(operation)} {name} {operation.Split(' ')[1]} 0 0 right-mac"), answers);
        }

        await TheKeysTellAsync(agent, master);
    }

    /// <summary>What an operator sees of it: who uses each key, when it was good, and what was wrong; never the secret.</summary>
    private static async Task TheKeysTellAsync(AgentProcess agent, ScriptedMaster master)
    {
        // This master knows nothing of its key.
        Assert.Equal(["CREATE good udp 2 0 right-mac"], await TsigQuestions.AskAsync(agent, ["CREATE good keyed.example. udp"]));

        JsonElement[] keys = [.. (await agent.GetAsync("/api/v1/keys"))!.Value.GetProperty("keys").EnumerateArray()];
        ToolResult shown = await agent.CommandAsync("key", "list", "--api", $"http://{agent.Management}");

        Assert.Equal(["k1", "k2", "k3", "k4", "k5"], keys.Select(key => key.GetProperty("name").GetString()));
        const string lists = "allow-notify allow-control allow-transfer allow-query";
        Assert.Equal([lists, lists, "", $"master {master.EndPoint}", ""], keys.Select(UsersOf));
        Assert.Equal([true, true, true, false, false], keys.Select(key => key.GetProperty("lastGood").ValueKind == JsonValueKind.String));
        Assert.Equal(
            ["BAD", "none", "none", $"master {master.EndPoint}: the answer is not signed with key k4., as it must be", "none"],
            keys.Select(FailureOf));
        string[] lines = shown.EnsureSuccess().Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(6, lines.Length);
        Assert.Contains("hmac-sha384", lines[4], StringComparison.Ordinal);
        Assert.Contains("is not signed with key k4.", lines[4], StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, shown.Output + string.Concat(keys.Select(key => key.GetRawText())), StringComparison.Ordinal);
    }

    private static string UsersOf(JsonElement key) => string.Join(' ', key.GetProperty("usedBy").EnumerateArray());

    private static string? FailureOf(JsonElement key)
    {
        JsonElement failure = key.GetProperty("lastFailure");
        string? reason = failure.ValueKind == JsonValueKind.Object ? failure.GetProperty("reason").GetString() : "none";
        return reason!.StartsWith("from 127.0.0.1:", StringComparison.Ordinal) && reason.Contains("(BAD", StringComparison.Ordinal)
            ? "BAD"
            : reason;
    }

    private static async Task AllAnsweredAsync(AgentProcess agent, IEnumerable<string> operations, Dictionary<string, string> expected)
    {
        (string Operation, string Case)[] all = [.. operations.SelectMany(operation => expected.Keys.Select(name => (operation, name)))];
        string[] answers = await TsigQuestions.AskAsync(agent, all.Select(one => Line(one.Operation, one.Case, TsigQuestions.Forged)));
        Assert.Equal(all.Select(one => $"{Word(one.Operation)} {one.Case} {one.Operation.Split(' ')[1]} {expected[one.Case]}"), answers);
    }

    private static string Line(string operation, string name, string zone) =>
        $"{Word(operation)} {name} {zone} {operation.Split(' ')[1]}";

    private static string Word(string operation) => operation.Split(' ')[0];
}
