using System.Globalization;
using System.Text.RegularExpressions;
using Agent.Bench.Peers;
using Agent.Tests.TestKit;

namespace Agent.Tests.Deploy;

[Trait("Category", "Peer")]
public sealed partial class EtcdSettingsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new("etcd-settings");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_real_etcd_runs_with_the_file_and_takes_every_setting()
    {
        using TestAuthority authority = new(_folder, "etcd");
        EtcdTlsFiles files = authority.ServerFiles("127.0.0.1");
        int client = LoopbackPort.Next(), peer = LoopbackPort.Next(), metrics = LoopbackPort.Next();
        string text = Cluster().Replace(DeployFiles.Text("etcd/etcd.conf.yml"), $"initial-cluster: etcd1=https://127.0.0.1:{Text(peer)}")
            .Replace("https://192.0.2.21:2379,https://127.0.0.1:2379", $"https://127.0.0.1:{Text(client)}", StringComparison.Ordinal)
            .Replace("192.0.2.21:2379", $"127.0.0.1:{Text(client)}", StringComparison.Ordinal)
            .Replace("192.0.2.21:2380", $"127.0.0.1:{Text(peer)}", StringComparison.Ordinal)
            .Replace("127.0.0.1:2381", $"127.0.0.1:{Text(metrics)}", StringComparison.Ordinal)
            .Replace("/var/lib/etcd", _folder.Combine("data"), StringComparison.Ordinal)
            .Replace("/etc/etcd/server.pem", files.ServerFile, StringComparison.Ordinal)
            .Replace("/etc/etcd/server.key", files.ServerKeyFile, StringComparison.Ordinal)
            .Replace("/etc/etcd/ca.pem", files.CaFile, StringComparison.Ordinal);
        string file = _folder.Write("etcd.conf.yml", text);
        await using ChildProcess etcd = await ChildProcess.StartAsync("etcd", ["--config-file", file], _folder.FullPath);

        ToolResult written = new("", 1, "", "");
        await Eventually.HoldsAsync(
            async () => (written = await Tool.RunAsync(
                "env",
                [
                    "ETCDCTL_API=3", Tool.Find("etcdctl"), "--endpoints", $"https://127.0.0.1:{Text(client)}", "--cacert", files.CaFile,
                    "--cert", files.ClientFile, "--key", files.ClientKeyFile, "put", "/agent/agent/v1/config", "x",
                ])).ExitCode == 0,
            () => $"etcd takes a write: {written.Error}\n{etcd.Output}");

        // A key that etcd does not know is passed over in silence, so what it took is read from what it says at its start.
        foreach (string taken in (string[])
            [
                "\"heartbeat-interval\":\"100ms\"", "\"election-timeout\":\"1s\"", "\"pre-vote\":true", "\"quota-size-bytes\":2147483648",
                "\"auto-compaction-mode\":\"periodic\"", "\"auto-compaction-retention\":\"1h0m0s\"", "\"snapshot-count\":10000",
            ])
        {
            Assert.Contains(taken, etcd.Output, StringComparison.Ordinal);
        }
    }

    private static string Text(int port) => port.ToString(CultureInfo.InvariantCulture);

    [GeneratedRegex("^initial-cluster: .*$", RegexOptions.Multiline)]
    private static partial Regex Cluster();
}
