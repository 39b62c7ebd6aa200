using Agent.Bench.Peers;
using Agent.Host.Configuration;
using Agent.Tests.Architecture;

namespace Agent.Tests.Deploy;

[Trait("Category", "Peer")]
public sealed class SystemdUnitTests : IDisposable
{
    /// <summary>In tenths, as systemd-analyze takes it; 100 would be a service that may do everything.</summary>
    private const string ExposureMax = "16";

    private readonly TemporaryFolder _folder = new("unit");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_unit_is_what_systemd_understands_and_exposes_little()
    {
        string unit = _folder.Combine("agent.service");
        string text = DeployFiles.Text("systemd/agent.service");
        await File.WriteAllTextAsync(unit, text.Replace("/usr/bin/agent", AgentProcess.Program, StringComparison.Ordinal));

        ToolResult verified = await Tool.RunAsync("systemd-analyze", ["verify", "--man=no", unit]);
        Assert.Equal((0, ""), (verified.ExitCode, verified.Output + verified.Error));
        ToolResult security = await Tool.RunAsync(
            "systemd-analyze", ["security", "--offline=true", $"--threshold={ExposureMax}", "--no-pager", unit]);
        Assert.True(security.ExitCode == 0, security.Output);
    }

    [Fact]
    public async Task The_check_finds_a_unit_that_systemd_does_not_understand()
    {
        string unit = _folder.Combine("agent.service");
        string text = DeployFiles.Text("systemd/agent.service").Replace("/usr/bin/agent", AgentProcess.Program, StringComparison.Ordinal);
        await File.WriteAllTextAsync(unit, text.Replace("ProtectHome=", "ProtectHomes=", StringComparison.Ordinal));

        ToolResult verified = await Tool.RunAsync("systemd-analyze", ["verify", "--man=no", unit]);

        Assert.Contains("ProtectHomes", verified.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("anycast.conf")]
    [InlineData("bind9.conf")]
    [InlineData("credentials.conf")]
    public async Task A_drop_in_fits_the_unit(string dropIn)
    {
        string folder = _folder.CreateFolder("agent.service.d");
        string text = DeployFiles.Text("systemd/agent.service");
        string unit = _folder.Combine("agent.service");
        await File.WriteAllTextAsync(unit, text.Replace("/usr/bin/agent", AgentProcess.Program, StringComparison.Ordinal));
        File.Copy(DeployFiles.PathOf($"systemd/{dropIn}"), Path.Combine(folder, dropIn));

        ToolResult verified = await Tool.RunAsync("systemd-analyze", ["verify", "--man=no", unit]);

        Assert.Equal((0, ""), (verified.ExitCode, verified.Output + verified.Error));
    }

    [Fact]
    public void A_node_that_announces_itself_may_do_what_the_anycast_page_asks_of_it()
    {
        string dropIn = DeployFiles.Text("systemd/anycast.conf");
        string page = DeployFiles.Text("anycast/README.md");

        Assert.All(Settings(dropIn, "AmbientCapabilities"), given => Assert.Contains(given, Settings(dropIn, "CapabilityBoundingSet")));
        Assert.Contains("CAP_NET_ADMIN", Settings(dropIn, "AmbientCapabilities"));
        string folder = Assert.Single(Settings(dropIn, "ReadWritePaths"));
        Assert.Contains($"ipv4-file = {folder}/ipv4.conf", page, StringComparison.Ordinal);
        Assert.Contains($"ipv6-file = {folder}/ipv6.conf", page, StringComparison.Ordinal);
        string group = Assert.Single(Settings(dropIn, "SupplementaryGroups"));
        Assert.Contains($"install -d -o agent -g {group} -m 2755 {folder} ", page, StringComparison.Ordinal);
        Assert.Contains("/etc/systemd/system/agent.service.d/anycast.conf", page, StringComparison.Ordinal);

        static string[] Settings(string text, string key) => [.. text.Split('\n')
            .Where(line => line.StartsWith($"{key}=", StringComparison.Ordinal)).Select(line => line[(key.Length + 1)..])];
    }

    [Fact]
    public void The_configuration_reads_its_secrets_from_the_credentials_of_the_service()
    {
        string[] named = [.. DeployFiles.Text("systemd/credentials.conf").Split('\n')
            .Where(line => line.StartsWith("LoadCredential=", StringComparison.Ordinal)).Select(line => line.Split('=', ':')[1])];
        foreach (string name in named) File.WriteAllText(_folder.Combine(name), "c2VjcmV0IG9mIHRoaXMgdGVzdA==");
        File.WriteAllText(_folder.Combine("rndc.key"), "key \"rndc\" { algorithm hmac-sha256; secret \"c2VjcmV0IG9mIHRoaXMgdGVzdA==\"; };");
        string file = DeployFiles.PathOf("systemd/credentials-agent.conf");

        AgentOptions options = AgentConfiguration.Load(new ConfigurationSources([file], [])
        {
            Environment = name => name == "CREDENTIALS_DIRECTORY" ? _folder.FullPath : null,
        }).Options;

        Assert.Equal("secret of this test"u8.ToArray(), options.Keys["designate"].Secret.Reveal().ToArray());
        Assert.Equal(_folder.Combine("node.key"), options.Cluster.Tls!.KeyFile);
        Assert.Equal(_folder.Combine("ca.pem"), options.Cluster.Etcd.CaFile);
        string text = File.ReadAllText(file);
        Assert.All(named, name => Assert.Contains($"${{CREDENTIALS_DIRECTORY}}/{name}", text, StringComparison.Ordinal));
    }

    [Fact]
    public void The_unit_waits_longer_than_the_agent_takes_to_leave()
    {
        string text = DeployFiles.Text("systemd/agent.service");
        AgentOptions defaults = AgentConfiguration.Load(
            new ConfigurationSources([Path.Combine(SourceTree.Root, "hocon", "agent.conf")], []) { Environment = _ => null }).Options;
        string stop = text.Split('\n').Single(line => line.StartsWith("TimeoutStopSec=", StringComparison.Ordinal));
        Assert.True(int.Parse(stop.Split('=')[1].TrimEnd('s'), null) >= defaults.Cluster.DrainTimeout.TotalSeconds + 30);
    }
}
