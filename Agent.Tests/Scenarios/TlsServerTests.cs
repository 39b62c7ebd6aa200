using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using Agent.Bench.Peers;
using Agent.Tests.TestKit;

namespace Agent.Tests.Scenarios;

/// <summary>The program as a server of DNS over TLS: for the tools of others, and for secondaries over mutual TLS.</summary>
public sealed class TlsServerTests : IDisposable
{
    private const string Zone = "served.example.";

    private readonly TestAuthority _authority = new();

    public void Dispose() => _authority.Dispose();

    [Fact]
    public async Task Kdig_and_BIND_are_served_and_told_over_mutual_TLS_and_a_reload_takes_another_certificate()
    {
        (string certificate, string key) = _authority.Issue("server", "127.0.0.1", "ns1.test");
        (string bindCertificate, string bindKey) = _authority.Issue("bind", "127.0.0.1", "bind.test");
        int bindTls = LoopbackPort.Next();
        string ca = _authority.CaFile;
        await using BindServer bind = new()
        {
            ExtraOptions = $"listen-on port {Text(bindTls)} tls xot {{ 127.0.0.1; }};",
            ExtraStatements = $"tls xot {{ cert-file \"{bindCertificate}\"; key-file \"{bindKey}\"; ca-file \"{ca}\"; "
                + "remote-hostname \"ns1.test\"; protocols { TLSv1.3; }; };",
            MasterTls = "xot",
        };
        ScriptedZone zone = new(Zone, 5, hosts: 2000);
        await using ScriptedMaster master = new(zone);
        await bind.StartAsync();
        await using AgentProcess agent = await AgentProcess.StartedAsync($$"""
            masters = ["{{master.EndPoint}}"]
            backend-driver = embedded
            tls-listen { enabled = true, port = 0, certificate-file = "{{certificate}}", key-file = "{{key}}", ca-file = "{{ca}}" }
            allow-transfer = ["tls:bind.test"]
            transfer-transport = tls
            tls.bind { ca-file = "{{ca}}", certificate-file = "{{certificate}}", key-file = "{{key}}" }
            also-notify = [{ address = "127.0.0.1:{{Text(bindTls)}}", tls = bind }]
            """);
        await agent.Worker.CreateAcceptedAsync(Zone);

        // Somebody with a certificate gets the zone, somebody without is refused, the clear is refused to everybody.
        string whole = await KdigAsync(agent, Zone, "AXFR", $"+tls-certfile={bindCertificate}", $"+tls-keyfile={bindKey}");
        Assert.Contains("2004 records", whole, StringComparison.Ordinal);
        Assert.Contains("REFUSED", await KdigAsync(agent, Zone, "AXFR"), StringComparison.Ordinal);
        Assert.False(await DigTool.CanTransferAsync(agent.Dns, Zone));
        string answer = await KdigAsync(agent, "host1." + Zone, "A", "+edns", "+padding=64");
        Assert.Contains("PADDING", answer, StringComparison.Ordinal);

        await bind.AddSecondaryAsync(Zone, agent.DnsOverTls!, SecondaryWay.Differences);
        await WorkerClient.ServedAsync(bind.EndPoint, Zone, 5, () => bind.Output + agent.Output);
        (zone.Serial, zone.Hosts) = (6, 2001);
        await agent.Worker.NotifyAcceptedAsync(Zone);
        await WorkerClient.ServedAsync(bind.EndPoint, Zone, 6, () => bind.Output + agent.Output);
        string metrics = await agent.GetTextAsync("/metrics");
        Assert.Contains("dnsagent_notify_out_total{result=\"done\"}", metrics, StringComparison.Ordinal);
        Assert.Contains("dnsagent_tls_handshakes_total{result=\"done\"}", metrics, StringComparison.Ordinal);

        using (TcpClient stranger = new())
        {
            await stranger.ConnectAsync(agent.DnsOverTls!);
            await using SslStream stream = new(stranger.GetStream());
            await Assert.ThrowsAnyAsync<Exception>(() => stream.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions { TargetHost = "ns1.test", ApplicationProtocols = [SslApplicationProtocol.Http2] }));
        }

        await Eventually.HoldsAsync(
            async () => (await agent.MetricsAsync())["dnsagent_tls_handshakes_total{result=\"alpn\"}"] >= 1, () => agent.Output);

        (string other, string otherKey) = _authority.Issue("other", "ns2.test");
        agent.Settings = agent.Settings.Replace($"port = 0, certificate-file = \"{certificate}\", key-file = \"{key}\"",
            $"port = 0, certificate-file = \"{other}\", key-file = \"{otherKey}\"", StringComparison.Ordinal);
        await agent.WriteConfigurationAsync();
        agent.Process!.Signal(PosixSignalNumber.Hangup);
        await Eventually.HoldsAsync(
            async () => (await KdigAsync(agent, Zone, "SOA", "+tls-hostname=ns2.test")).Contains("NOERROR", StringComparison.Ordinal),
            () => agent.Output);
    }

    /// <summary>As a client NSD 4.6 names the protocol; as a server it does not (see the farm's tests).</summary>
    [Fact]
    public async Task NSD_is_a_secondary_over_TLS_and_gets_nothing_of_another_name()
    {
        (string certificate, string key) = _authority.Issue("server", "127.0.0.1", "ns1.test");
        await using NsdServer nsd = new() { MasterTlsName = "ns1.test", ExtraServerLines = TrustedLine() };
        await using NsdServer misled = new() { MasterTlsName = "ns2.test", ExtraServerLines = TrustedLine() };
        await using ScriptedMaster master = new(new ScriptedZone(Zone, 5, hosts: 2000));
        await Task.WhenAll(nsd.StartAsync(), misled.StartAsync());
        await using AgentProcess agent = await AgentProcess.StartedAsync($$"""
            masters = ["{{master.EndPoint}}"]
            backend-driver = embedded
            tls-listen { enabled = true, port = 0, certificate-file = "{{certificate}}", key-file = "{{key}}", alpn = strict }
            allow-transfer = ["127.0.0.1"], transfer-transport = tls
            """);
        await agent.Worker.CreateAcceptedAsync(Zone);
        await misled.AddSecondaryAsync(Zone, agent.DnsOverTls!);
        await nsd.AddSecondaryAsync(Zone, agent.DnsOverTls!);

        await WorkerClient.ServedAsync(nsd.EndPoint, Zone, 5, () => $"{agent.Output}\n{nsd.Output}");
        Assert.Equal(
            await DigTool.QueryAsync(agent.Dns, "host1999." + Zone, "A"), await DigTool.QueryAsync(nsd.EndPoint, "host1999." + Zone, "A"));
        Assert.Equal(0u, await WorkerClient.PollSerialAsync(misled.EndPoint, Zone));

        string TrustedLine() => $"    tls-cert-bundle: \"{_authority.CaFile}\"";
    }

    /// <summary>With no host name among the options, the server must be ns1.test.</summary>
    private async Task<string> KdigAsync(AgentProcess agent, string name, string type, params string[] options)
    {
        bool isNamed = options.Any(option => option.StartsWith("+tls-hostname", StringComparison.Ordinal));
        string[] host = isNamed ? [] : ["+tls-hostname=ns1.test"];
        string port = Text(agent.DnsOverTls!.Port);
        ToolResult said = await Tool.RunAsync(
            "kdig", ["@127.0.0.1", "-p", port, $"+tls-ca={_authority.CaFile}", .. host, .. options, name, type]);
        return said.Output + said.Error;
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
