using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Agent.Bench.Peers;
using YamlDotNet.Serialization;

namespace Agent.Tests.Deploy.Designate;

/// <summary>The backend of <c>deploy/designate</c> in Debian's Designate, with its MiniDNS for a master, against running agents.</summary>
[Trait("Category", "Peer")]
public sealed class DesignateBackendTests(DesignateRig rig) : IClassFixture<DesignateRig>
{
    private const string Secret = "c2VjcmV0IG9mIHRoZSB0ZXN0cyBvZiBkZXNpZ25hdGU=";

    [Theory]
    [InlineData("false")]
    [InlineData("true")]
    public async Task A_zone_of_Designate_comes_changes_and_goes(string tcp)
    {
        string zone = $"life-{tcp}.example.";
        await using AgentProcess agent = await StartAsync("");
        Dictionary<string, string> options = OptionsOf(agent.Dns, ("tcp", tcp));
        await rig.SetZoneAsync(zone, 7, hosts: 3);
        await rig.SucceedAsync("create", zone, options);
        await agent.ZoneIsOkAsync(zone, 7);
        Assert.Equal(7u, await WorkerClient.PollSerialAsync(agent.Dns, zone));

        await rig.SetZoneAsync(zone, 8, hosts: 4);
        await rig.SucceedAsync("update", zone, options);
        await agent.ZoneIsOkAsync(zone, 8);

        await rig.SucceedAsync("delete", zone, options);
        await WorkerClient.GoneAsync(agent.Dns, zone, () => agent.Output);
        await rig.SucceedAsync("delete", zone, options);
    }

    [Fact]
    public async Task An_update_creates_a_zone_that_the_agent_does_not_know()
    {
        const string zone = "unknown.example.";
        await using AgentProcess agent = await StartAsync("");
        await rig.SetZoneAsync(zone, 3, hosts: 1);
        await rig.SucceedAsync("update", zone, OptionsOf(agent.Dns));
        await agent.ZoneIsOkAsync(zone, 3);
    }

    [Fact]
    public async Task The_exception_says_why_the_agent_did_not_do_it()
    {
        await using AgentProcess agent = await StartAsync("");
        (string? error, _) = await rig.ActAsync("create", "nowhere.example.", OptionsOf(agent.Dns));
        Assert.StartsWith($"CREATE nowhere.example.: {agent.Dns}: SERVFAIL (22) ", error, StringComparison.Ordinal);
        Assert.Contains(rig.Master.ToString(), error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_next_agent_is_asked_when_one_is_silent_and_gets_the_NOTIFY_of_the_worker_too()
    {
        const string zone = "next.example.";
        using var silent = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        var silentAgent = (IPEndPoint)silent.Client.LocalEndPoint!;
        await using AgentProcess agent = await StartAsync("");
        await rig.SetZoneAsync(zone, 5, hosts: 1);
        Dictionary<string, string> options = OptionsOf(silentAgent, ("agents", agent.Dns.ToString()), ("next_after", "0.2"));
        Assert.Equal((null, agent.Dns), await rig.ActAsync("create", zone, options));
        await agent.ZoneIsOkAsync(zone, 5);
        int asked = silent.Available;

        Assert.Equal((null, agent.Dns), await rig.ActAsync("delete", zone, options));
        Assert.Equal(asked, silent.Available);

        Dictionary<string, string> nobody = OptionsOf(silentAgent, ("next_after", "0.2"), ("timeout", "0.5"));
        (string? error, _) = await rig.ActAsync("delete", zone, nobody);
        Assert.Equal($"DELETE {zone}: {silentAgent}: no answer within 0.5 s", error);
    }

    [Fact]
    public async Task A_closed_agent_is_no_obstacle_over_TCP()
    {
        const string zone = "closed.example.";
        var closed = new IPEndPoint(IPAddress.Loopback, LoopbackPort.Next());
        await using AgentProcess agent = await StartAsync("");
        await rig.SetZoneAsync(zone, 5, hosts: 1);
        Dictionary<string, string> options = OptionsOf(closed, ("agents", agent.Dns.ToString()), ("tcp", "true"));
        Assert.Equal((null, agent.Dns), await rig.ActAsync("create", zone, options));
        (string? error, _) = await rig.ActAsync("delete", zone, OptionsOf(closed, ("tcp", "true")));
        Assert.Equal($"DELETE {zone}: {closed}: Connection refused", error);
    }

    [Fact]
    public async Task Whoever_has_the_key_is_heard()
    {
        const string zone = "signed.example.";
        using var folder = new TemporaryFolder("key");
        string key = KeyFile(folder, "designate", Secret);
        await using AgentProcess agent = await StartAsync($$"""
            keys { designate { algorithm = hmac-sha256, secret = "{{Secret}}" } }
            allow-control = ["key:designate"]
            allow-notify = ["key:designate", "127.0.0.1"]
            """);
        await rig.SetZoneAsync(zone, 2, hosts: 1);
        Dictionary<string, string> signed = OptionsOf(agent.Dns, ("tsig_key_file", key));
        await rig.SucceedAsync("create", zone, signed);
        await rig.SetZoneAsync(zone, 3, hosts: 1);
        await rig.SucceedAsync("update", zone, signed);
        await agent.ZoneIsOkAsync(zone, 3);
        await agent.Worker.NotifyAcceptedAsync(zone);

        Assert.Equal($"DELETE {zone}: {agent.Dns}: REFUSED (18) not in allow-control", await ErrorAsync(OptionsOf(agent.Dns)));
        string other = KeyFile(folder, "designate", Convert.ToBase64String(new byte[32]), "other.key");
        string? wrong = await ErrorAsync(OptionsOf(agent.Dns, ("tsig_key_file", other)));
        Assert.StartsWith($"DELETE {zone}: {agent.Dns}: NOTAUTH", wrong, StringComparison.Ordinal);
        string? missing = await ErrorAsync(OptionsOf(agent.Dns, ("tsig_key_file", "/nonexistent")));
        Assert.Contains("tsig_key_file: ", missing, StringComparison.Ordinal);
        await rig.SucceedAsync("delete", zone, signed);

        async Task<string?> ErrorAsync(Dictionary<string, string> options) => (await rig.ActAsync("delete", zone, options)).Error;
    }

    [Fact]
    public async Task Its_own_tests_are_green()
    {
        ToolResult run = await DesignateRig.PythonAsync(
            "-c", "import sys, unittest; sys.path[0] = sys.argv.pop(1); sys.dont_write_bytecode = True; unittest.main(module=None)",
            rig.Packages, "discover", "-s", DeployFiles.PathOf("designate/tests"));
        Assert.True(run.ExitCode == 0, run.Output + run.Error);
        Assert.Matches("Ran [1-9][0-9]* tests", run.Error);
    }

    [Fact]
    public async Task The_example_names_options_that_the_backend_takes()
    {
        var pools = new Deserializer().Deserialize<List<Dictionary<string, object>>>(DeployFiles.Text("designate/pools.yaml"));
        var target = (Dictionary<object, object>)Assert.Single((List<object>)Assert.Single(pools)["targets"]);
        Assert.Equal("zone_agent", target["type"]);
        string settings = DeployFiles.Text("designate/designate_zone_agent/settings.py");
        var options = ((Dictionary<object, object>)target["options"]).ToDictionary(pair => (string)pair.Key, pair => (string)pair.Value);
        Assert.All(options.Keys, option => Assert.Contains($"'{option}'", settings, StringComparison.Ordinal));
        options.Remove("tsig_key_file");
        (string? error, _) = await rig.ActAsync("delete", "x.example.", new Dictionary<string, string>(options) { ["timeout"] = "0.1" });
        Assert.StartsWith("DELETE x.example.: ", error, StringComparison.Ordinal);
    }

    private Task<AgentProcess> StartAsync(string settings) => AgentProcess.StartedAsync($$"""
        backend-driver = embedded
        masters = ["{{rig.Master}}"]
        {{settings}}
        """);

    private static Dictionary<string, string> OptionsOf(IPEndPoint agent, params (string Name, string Value)[] further)
    {
        var options = new Dictionary<string, string>
        {
            ["host"] = agent.Address.ToString(),
            ["port"] = agent.Port.ToString(CultureInfo.InvariantCulture),
        };
        foreach ((string name, string value) in further) options[name] = value;
        return options;
    }

    private static string KeyFile(TemporaryFolder folder, string name, string secret, string file = "a.key") =>
        folder.Write(file, $"key \"{name}\" {{\n\talgorithm hmac-sha256;\n\tsecret \"{secret}\";\n}};\n");
}
