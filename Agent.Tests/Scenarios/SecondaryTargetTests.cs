using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using Agent.Bench.Peers;

namespace Agent.Tests.Scenarios;

/// <summary>
/// An agent whose servers transfer the zones from it, with a key, one of each kind that can. The first answers the queries that the agent
/// passes on, so the agent itself must tell it the serials: whoever else asks gets that server's answer.
/// </summary>
[Trait("Category", "Peer")]
public sealed class SecondaryTargetTests
{
    private const string Zone = "kept.example.";

    private static readonly TransferKey Key = new("out.example", Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)));

    private readonly ScriptedZone _zone = new(Zone, 10, hosts: 50);

    [Fact]
    public async Task Servers_of_four_kinds_go_over_and_follow_the_agent()
    {
        int port = LoopbackPort.Next();
        await using ScriptedMaster master = new(_zone);
        await using BindServer bind = new() { Key = Key };
        await using KnotServer knot = new() { HasDatabase = true, Key = Key };
        await using NsdServer nsd = new() { Key = Key, PatternPrimary = new IPEndPoint(IPAddress.Loopback, port) };
        await using PowerDnsTarget pdns = new() { IsSecondary = true };
        DnsServer[] servers = [bind, knot, nsd, pdns];
        await Task.WhenAll(servers.Select(server => server.StartAsync()));
        (await pdns.UtilAsync("import-tsig-key", Key.Name, Key.Algorithm, Key.Secret)).EnsureSuccess();
        await using AgentProcess agent = await AgentProcess.StartedAsync(Settings("", NsdServer.TargetPattern));
        await agent.Worker.CreateAcceptedAsync(Zone);
        await AllServeAsync();

        // Nothing changes but the style, which a comparison of the settings finds.
        agent.Settings = Settings($"style = secondary, primary-key = \"{Key.Name}\"", $"{NsdServer.SecondaryPattern}, style = secondary");
        await agent.RestartAsync(byKill: false);
        await TransferredAsync(agent, "ns1", "type: secondary", () => bind.RndcAsync("zonestatus", "kept.example"));
        await TransferredAsync(agent, "ns2", "role: slave", () => knot.KnotcAsync("zone-status", Zone));
        await TransferredAsync(agent, "ns3", "pattern: secondary", () => nsd.ControlAsync("zonestatus", "kept.example"));
        await TransferredAsync(agent, "ns4", "Slave zone", () => pdns.UtilAsync("show-zone", "kept.example"));
        await AllServeAsync();

        await ChangeAsync(11, hosts: 51);
        Assert.Equal(11u, await WorkerClient.PollSerialAsync(agent.Dns, Zone));
        await agent.RestartAsync(byKill: true);
        await ChangeAsync(12, hosts: 40);

        // Back, as after a control plane that was restored.
        await ChangeAsync(3, hosts: 41);

        await agent.Worker.DeleteAcceptedAsync(Zone);
        foreach (DnsServer server in servers) await WorkerClient.GoneAsync(server.EndPoint, Zone, Described);
        Assert.Empty(Directory.EnumerateFiles(bind.ZoneFolder, "*.zone*"));
        Assert.Empty(Directory.EnumerateFiles(knot.ZoneFolder));

        string Settings(string style, string pattern) => $$"""
            port = {{port}}
            masters = ["{{master.EndPoint}}"]
            keys { "{{Key.Name}}" { algorithm = {{Key.Algorithm}}, secret = "{{Key.Secret}}" } }
            allow-transfer = ["key:{{Key.Name}}"]
            guard.older-serial = accept
            targets {
              ns1 { {{bind.TargetSettings}}, {{style}} }
              ns2 { {{knot.TargetSettings}}, {{style}} }
              ns3 {
                driver = nsd, server = "{{nsd.EndPoint}}", control = "unix:{{nsd.ControlPath}}", zone-directory = "{{nsd.ZoneFolder}}"
                pattern = {{pattern}}
              }
              ns4 { {{pdns.ApiTargetSettings}}, {{style}} }
            }
            """;

        async Task ChangeAsync(uint serial, int hosts)
        {
            (_zone.Serial, _zone.Hosts) = (serial, hosts);
            await agent.Worker.NotifyAcceptedAsync(Zone);
            await AllServeAsync();
        }

        async Task AllServeAsync()
        {
            foreach (DnsServer server in servers) await WorkerClient.ServedAsync(server.EndPoint, Zone, _zone.Serial, Described);
            await agent.ZoneIsOkAsync(Zone, _zone.Serial);
            string[] wanted = Sorted(await DigTool.TransferAsync(master.EndPoint, Zone));
            foreach (DnsServer server in servers) Assert.Equal(wanted, Sorted(await DigTool.TransferAsync(server.EndPoint, Zone)));
        }

        string Described() => string.Join("\n--\n", servers.Select(server => server.Output).Prepend(agent.Output));
    }

    /// <summary>By the server's own tool.</summary>
    private static async Task TransferredAsync(AgentProcess agent, string target, string words, Func<Task<ToolResult>> askAsync)
    {
        string token = Path.Combine(agent.DataFolder, "api-token");
        string api = $"http://{agent.Management}";
        (await agent.CommandAsync("target", "repair", target, "--api", api, "--token-file", token)).EnsureSuccess();
        string shown = "";
        await Eventually.HoldsAsync(
            async () => (shown = (await askAsync()).Output.Replace('\t', ' ')).Contains(words, StringComparison.Ordinal),
            () => $"{target}: {words}, not {shown}\n{agent.Output}");
    }

    /// <summary>The server asks the first node, which has the zones of both from their owners; when it is gone, the other.</summary>
    [Fact]
    public async Task Any_node_of_a_cluster_hands_out_every_zone()
    {
        string[] names = [.. Enumerable.Range(0, 6).Select(i => $"shared{i.ToString(CultureInfo.InvariantCulture)}.example.")];
        ScriptedZones zones = new();
        foreach (string name in names) zones.Set(new ScriptedZone(name, 1));
        await using ScriptedMaster master = new(zones.Answer);
        await using BindServer bind = new();
        await bind.StartAsync();
        int[] ports = [LoopbackPort.Next(), LoopbackPort.Next()];
        string primaries = string.Join(", ", ports.Select(port => $"\"127.0.0.1:{port.ToString(CultureInfo.InvariantCulture)}\""));
        await using AgentCluster cluster = await AgentCluster.StartedAsync(2, node => $$"""
            port = {{ports[node]}}
            masters = ["{{master.EndPoint}}"]
            allow-transfer = ["127.0.0.1"]
            targets { bind { {{bind.TargetSettings}}, style = secondary, primaries = [{{primaries}}] } }
            """);
        foreach (string name in names) await cluster.Agents[0].Worker.CreateAcceptedAsync(name);
        foreach (string name in names) await WorkerClient.ServedAsync(bind.EndPoint, name, 1, () => $"{cluster.Output}\n{bind.Output}");
        AgentProcess[] owners = await Task.WhenAll(names.Select(cluster.OwnerOfAsync));
        Assert.Contains(cluster.Agents[1], owners);
        Assert.DoesNotContain("transfer to others", cluster.Agents[1].Output, StringComparison.Ordinal);

        await cluster.Agents[0].StopAsync();
        zones[names[0]].Serial = 2;
        await cluster.Agents[1].Worker.NotifyAcceptedAsync(names[0]);
        await WorkerClient.ServedAsync(bind.EndPoint, names[0], 2, () => $"{cluster.Output}\n{bind.Output}");
    }

    private static string[] Sorted(IReadOnlyList<string> lines) => [.. lines.Order(StringComparer.Ordinal)];
}
