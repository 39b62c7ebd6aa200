using Agent.Bench.Measure;
using Agent.Bench.Peers;

namespace Agent.Tests.Scenarios;

/// <summary>Every algorithm of TSIG between us and the programs of others, each way; docs/guide.md has the table.</summary>
public sealed class TsigMatrixTests
{
    private const string Secret = "c2VjcmV0IG9mIGF0IGxlYXN0IDMyIG9jdGV0cyEhISE=";

    private static readonly string[] Algorithms = ["hmac-md5", "hmac-sha1", "hmac-sha224", "hmac-sha256", "hmac-sha384", "hmac-sha512"];

    [Fact]
    public async Task BIND_and_Knot_take_and_give_signatures_of_every_algorithm()
    {
        await using BindServer bind = new()
        {
            ExtraStatements = string.Concat(Algorithms.Select(a => $"key \"k-{a}\" {{ algorithm {a}; secret \"{Secret}\"; }};\n")),
        };
        await bind.StartAsync();
        string keys = string.Join(", ", Algorithms.Select(a => $"k-{a} {{ algorithm = {a}, secret = \"{Secret}\" }}"));
        string zones = string.Join(", ", Algorithms.Select(
            a => $"\"{ZoneOf(a)}\" {{ masters = [{{ address = \"{bind.EndPoint}\", key = k-{a} }}] }}"));
        string named = string.Join(", ", Algorithms.Select(a => $"\"key:k-{a}\""));
        string told = string.Join(", ", Algorithms.Select(a => $"{{ address = \"{bind.EndPoint}\", key = k-{a} }}"));
        await using AgentProcess agent = await AgentProcess.StartedAsync($$"""
            backend-driver = embedded
            keys { {{keys}} }
            zones { {{zones}} }
            allow-control = ["127.0.0.1"], allow-transfer = [{{named}}], allow-notify = [{{named}}]
            also-notify = [{{told}}]
            transfer { notify-retry = 500ms, notify-tries = 2 }
            """);

        foreach (string algorithm in Algorithms)
        {
            // In from BIND, which signs every message of the stream.
            string zone = ZoneOf(algorithm);
            await bind.SetZoneAsync(MasterZone.WithHosts(zone, 1, 2000));
            await agent.Worker.CreateAcceptedAsync(zone);

            // Out to BIND's code and to Knot's, which verify each message.
            string key = $"{algorithm}:k-{algorithm}:{Secret}";
            IReadOnlyList<string> records = await DigTool.TransferAsync(agent.Dns, zone, key);
            Assert.Equal(await DigTool.TransferAsync(bind.EndPoint, zone), records);
            Assert.Contains($" {records.Count + 1} records", await KdigAsync(agent, key, zone, "AXFR"), StringComparison.Ordinal);

            // A NOTIFY of Knot's code that only its key admits, and its answer verified there.
            string noted = await KdigAsync(agent, key, zone, "NOTIFY");
            Assert.Contains("status: NOERROR", noted, StringComparison.Ordinal);
            Assert.DoesNotContain("WARNING", noted, StringComparison.Ordinal);
        }

        Assert.Contains("REFUSED", await KdigAsync(agent, null, ZoneOf(Algorithms[0]), "NOTIFY"), StringComparison.Ordinal);
        // Every zone was announced under every key. An answer whose signature does not hold would count as none.
        await Eventually.HoldsAsync(
            async () => Notified(await agent.MetricsAsync(), "done") >= Algorithms.Length * Algorithms.Length,
            () => agent.Output + bind.Output);
        foreach (string algorithm in Algorithms)
            Assert.Contains($"'{ZoneOf(algorithm).TrimEnd('.')}': TSIG 'k-{algorithm}'", bind.Output, StringComparison.Ordinal);
        Assert.Equal(0, Notified(await agent.MetricsAsync(), "no_answer"));
    }

    private static string ZoneOf(string algorithm) => $"{algorithm}.example.";

    private static double Notified(MetricsPage metrics, string result) => 
        metrics[$"dnsagent_notify_out_total{{result=\"{result}\"}}"];

    private static async Task<string> KdigAsync(AgentProcess agent, string? key, string zone, string type)
    {
        string[] signed = key is null ? [] : ["-y", key];
        ToolResult said = await Tool.RunAsync(
            "kdig", [$"@{agent.Dns.Address}", "-p", $"{agent.Dns.Port}", .. signed, zone, type], deadline: TimeSpan.FromSeconds(30));
        return said.Output + said.Error;
    }
}
