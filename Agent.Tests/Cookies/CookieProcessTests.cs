using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using Agent.Bench.Peers;
using Agent.Tests.Scenarios;

namespace Agent.Tests.Cookies;

/// <summary>Whole programs asked by BIND's dig, which checks that its own cookie comes back.</summary>
public sealed partial class CookieProcessTests
{
    private const string Zone = "cookies.example.";
    private const string Secret = "c0ffee0000000000c0ffee0000000000";

    [Fact]
    [Trait("Category", "Peer")]
    public async Task Two_agents_with_one_secret_answer_for_one_another_and_a_reload_changes_it()
    {
        await using ScriptedMaster master = new(new ScriptedZone(Zone, 1));
        using TemporaryFolder folder = new("cookies");
        string file = folder.Write("secrets", $"# of the anycast address\n{Secret}\n");
        string settings = $$"""
            masters = ["{{master.EndPoint}}"]
            backend-driver = embedded
            cookies { required = true, secret-file = "{{file}}" }
            """;
        await using AgentProcess one = await AgentProcess.StartedAsync(settings);
        await using AgentProcess other = await AgentProcess.StartedAsync(settings);
        foreach (AgentProcess agent in (AgentProcess[])[one, other])
        {
            await agent.Worker.CreateAcceptedAsync(Zone);
            await WorkerClient.ServedAsync(agent.Dns, Zone, 1, () => agent.Output);
        }

        // dig takes the cookie from BADCOOKIE and asks again with it.
        (string cookie, string output) = await DigAsync(one.Dns, "+cookie");
        Assert.Contains("BADCOOKIE, retrying", output, StringComparison.Ordinal);
        Assert.Contains("status: NOERROR", output, StringComparison.Ordinal);

        // At the other agent it is good at once; where the secret is another one, it is not.
        (string again, output) = await DigAsync(other.Dns, $"+cookie={cookie}");
        Assert.DoesNotContain("BADCOOKIE", output, StringComparison.Ordinal);
        Assert.Equal(cookie, again);
        await File.WriteAllTextAsync(file, new string('d', 32));
        other.Process!.Signal(PosixSignalNumber.Hangup);
        await Eventually.HoldsAsync(
            async () => (await DigAsync(other.Dns, $"+cookie={cookie}")).Output.Contains("BADCOOKIE, retrying", StringComparison.Ordinal),
            () => $"the new secret is taken up\n{other.Output}");
        Assert.True((await other.MetricsAsync())["dnsagent_cookies_total{result=\"good\"}"] >= 1);

        // Clients that know no cookies, and TCP, are answered.
        Assert.Equal(1u, await WorkerClient.PollSerialAsync(one.Dns, Zone));
        Assert.Contains("status: NOERROR", (await DigAsync(one.Dns, "+cookie", "+tcp")).Output, StringComparison.Ordinal);
    }

    internal static async Task<(string Cookie, string Output)> DigAsync(IPEndPoint server, params string[] options)
    {
        string[] arguments = ["@" + server.Address, "-p", server.Port.ToString(CultureInfo.InvariantCulture), .. options, Zone, "SOA"];
        string output = (await Tool.RunAsync("dig", arguments)).EnsureSuccess().Output;
        Match match = GivenCookie().Match(output);
        Assert.True(match.Success, output);
        return (match.Groups["cookie"].Value, output);
    }

    [GeneratedRegex(@"; COOKIE: (?<cookie>[0-9a-f]{48}) \(good\)(?!.*; COOKIE)", RegexOptions.Singleline)]
    private static partial Regex GivenCookie();
}

/// <summary>A cluster needs no secret in its configuration: its nodes draw and share one.</summary>
[Trait("Category", "Peer")]
public sealed class CookieClusterProcessTests(SteadyClusterFixture cluster) : IClassFixture<SteadyClusterFixture>
{
    [Fact]
    public async Task A_cookie_of_one_node_is_good_at_the_others()
    {
        (string cookie, _) = await CookieProcessTests.DigAsync(cluster.Agents[0].Dns, "+cookie");
        foreach (AgentProcess agent in cluster.Agents)
        {
            double before = (await agent.MetricsAsync()).Total("dnsagent_cookies_total");
            (string again, _) = await CookieProcessTests.DigAsync(agent.Dns, $"+cookie={cookie}");
            Assert.Equal(cookie, again);
            Assert.True((await agent.MetricsAsync()).Total("dnsagent_cookies_total") > before);
        }
    }
}
