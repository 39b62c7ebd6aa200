using System.Globalization;
using Agent.Bench.Peers;
using Agent.Tests.TestKit;

namespace Agent.Tests.Scenarios;

/// <summary>The program with real masters over TLS, and with two keys for one master.</summary>
[Trait("Category", "Long")]
public sealed class TlsFarmTests : IDisposable
{
    private const string Zone = "xot.example.";

    private readonly TestAuthority _authority = new();
    private readonly int _tlsPort = LoopbackPort.Next();

    public void Dispose() => _authority.Dispose();

    [Fact]
    public async Task BIND_gives_zones_and_changes_over_mutual_TLS()
    {
        (string certificate, string key) = _authority.Issue("server", "xot.test");
        (string own, string ownKey) = _authority.Issue("agent");
        var master = new BindServer
        {
            ExtraOptions = $"listen-on port {Text(_tlsPort)} tls xot {{ 127.0.0.1; }};",
            ExtraStatements = $"tls xot {{ cert-file \"{certificate}\"; key-file \"{key}\"; ca-file \"{_authority.CaFile}\"; "
                + "protocols { TLSv1.3; }; };",
        };
        await using Farm farm = await Farm.StartAsync(master, $$"""
            tls.xot {
              hostname = xot.test, ca-file = "{{_authority.CaFile}}", certificate-file = "{{own}}", key-file = "{{ownKey}}"
            }
            masters = [{ address = "127.0.0.1:{{Text(_tlsPort)}}", tls = xot }]
            """);
        await farm.Master.SetZoneAsync(MasterZone.WithHosts(Zone, 1, 200));
        await farm.Agent.Worker.CreateAcceptedAsync(Zone);
        await farm.TargetEqualsMasterAsync(Zone);
        await farm.Master.BumpAsync(Zone, "more A 192.0.2.77");
        await farm.Master.NotifyAsync(Zone);
        await farm.TargetEqualsMasterAsync(Zone);

        // Without its certificate the agent is not let in, and says so; what is served stays.
        farm.Agent.Settings = farm.Agent.Settings.Replace("certificate-file", "#", StringComparison.Ordinal);
        await farm.Agent.WriteConfigurationAsync();
        farm.Agent.Process!.Signal(PosixSignalNumber.Hangup);
        await farm.Master.BumpAsync(Zone, "again A 192.0.2.78");
        await Eventually.HoldsAsync(
            async () =>
            {
                await farm.Master.NotifyAsync(Zone);
                return await SaysAsync(farm.Agent, "tls-failed");
            },
            () => farm.Agent.Output);
    }

    [Fact]
    public async Task NSD_without_the_protocol_is_a_master_for_a_lenient_profile_only()
    {
        (string certificate, string key) = _authority.Issue("server", "127.0.0.1");
        var master = new NsdServer
        {
            ExtraServerLines = $"    ip-address: 127.0.0.1@{Text(_tlsPort)}\n    tls-port: {Text(_tlsPort)}\n"
                + $"    tls-service-key: \"{key}\"\n    tls-service-pem: \"{certificate}\"",
        };
        await using Farm farm = await Farm.StartAsync(master, $$"""
            tls.nsd { ca-file = "{{_authority.CaFile}}", alpn = strict }
            masters = [{ address = "127.0.0.1:{{Text(_tlsPort)}}", tls = nsd }]
            """);
        await farm.Master.SetZoneAsync(MasterZone.WithHosts(Zone, 1, 20));
        Task<DnsReply> created = farm.Agent.Worker.CreateAsync(Zone);
        await Eventually.HoldsAsync(() => SaysAsync(farm.Agent, "tls-alpn"), () => farm.Agent.Output);

        farm.Agent.Settings = farm.Agent.Settings.Replace("alpn = strict", "alpn = lenient", StringComparison.Ordinal);
        await farm.Agent.WriteConfigurationAsync();
        farm.Agent.Process!.Signal(PosixSignalNumber.Hangup);
        await created;
        await Eventually.HoldsAsync(
            () => farm.Agent.Output.Contains("configuration reloaded", StringComparison.Ordinal), () => farm.Agent.Output);
        await farm.Agent.Worker.CreateAcceptedAsync(Zone);
        await farm.TargetEqualsMasterAsync(Zone);
    }

    /// <summary>The master knows the second key only, under a name that is written in another case.</summary>
    [Fact]
    public async Task Two_keys_are_tried_in_turn()
    {
        const string oldSecret = "b2xkb2xkb2xkb2xkb2xkb2xkb2xkb2xk", newSecret = "bmV3bmV3bmV3bmV3bmV3bmV3bmV3bmV3";
        var master = new BindServer { Key = new("new-key", newSecret) };
        await using Farm farm = await Farm.StartAsync(master, $$"""
            keys { old-key { secret = "{{oldSecret}}" }, New-Key { secret = "{{newSecret}}" } }
            allow-notify = ["127.0.0.1"]
            masters = [{ address = "{{master.EndPoint}}", key = [old-key, New-Key] }]
            """);
        await farm.Master.SetZoneAsync(MasterZone.WithHosts(Zone, 1, 20));
        DnsReply created = await farm.Agent.Worker.CreateAsync(Zone);
        Assert.True(created.ResponseCode == 0, farm.Agent.Output);
        await farm.TargetEqualsMasterAsync(Zone);

        // When the exchange is over on the master's side too, the new key comes first.
        farm.Agent.Settings = farm.Agent.Settings.Replace("[old-key, New-Key]", "[New-Key, old-key]", StringComparison.Ordinal);
        await farm.Agent.RestartAsync(byKill: false);
        await farm.Master.BumpAsync(Zone, "more A 192.0.2.77");
        await farm.Agent.Worker.NotifyAsync(Zone);
        await farm.TargetEqualsMasterAsync(Zone);
    }

    /// <summary>Whether the log and the page of the masters give this reason.</summary>
    private static async Task<bool> SaysAsync(AgentProcess agent, string code) =>
        agent.Output.Contains($"transfer-failed: {code}: ", StringComparison.Ordinal)
            && (await agent.GetTextAsync("/api/v1/masters")).Contains($"\"code\":\"{code}\"", StringComparison.Ordinal);

    private static string Text(int port) => port.ToString(CultureInfo.InvariantCulture);
}
