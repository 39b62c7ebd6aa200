using System.Globalization;

namespace Agent.Bench.Peers;

/// <summary>PEM files of a server that speaks TLS and wants certificates of its clients.</summary>
/// <param name="ClientFile">Certificate of a client, for etcdctl.</param>
public sealed record EtcdTlsFiles(string CaFile, string ServerFile, string ServerKeyFile, string ClientFile, string ClientKeyFile);

/// <summary>
/// One member of an etcd cluster as a child of the test process, on free ports, with its data in a folder of its own and every
/// write synced. Killed and started again it goes on with its data.
/// </summary>
public sealed class EtcdServer(string name) : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new("etcd");
    private readonly int _metricsPort = LoopbackPort.Next();

    public string Name { get; } = name;

    public int ClientPort { get; } = LoopbackPort.Next();

    public int PeerPort { get; } = LoopbackPort.Next();

    public EtcdTlsFiles? Tls { get; init; }

    /// <summary>Where the member runs.</summary>
    public Placement Place { get; init; } = Placement.Loopback;

    /// <summary>More arguments for etcd.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    public ChildProcess? Process { get; private set; }

    public string Output => Process?.Output ?? "";

    public bool IsRunning => Process is { IsRunning: true };

    public string Address => $"{(Tls is null ? "http" : "https")}://{Place.Address}:{Text(ClientPort)}";

    public string InitialCluster => $"{Name}={PeerAddress}";

    private string PeerAddress => $"http://{Place.Address}:{Text(PeerPort)}";

    /// <summary>A cluster of one member, started and in order.</summary>
    public static async Task<EtcdServer> StartedAsync(EtcdTlsFiles? tls = null, params string[] arguments)
    {
        EtcdServer server = new("single") { Tls = tls, Arguments = arguments };
        try
        {
            await server.LaunchAsync(server.InitialCluster);
            await server.WaitAsync();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts the program; the members of a cluster are in order only when most of them run.</summary>
    public async Task LaunchAsync(string initialCluster)
    {
        string[] tls = Tls is null
            ? []
            :
            [
                "--client-cert-auth", "--trusted-ca-file", Tls.CaFile, "--cert-file", Tls.ServerFile, "--key-file", Tls.ServerKeyFile,
            ];
        Process = await Place.StartAsync(
            "etcd",
            [
                "--name", Name, "--data-dir", _folder.Combine("data"), "--logger", "zap", "--log-level", "warn",
                "--listen-client-urls", Address, "--advertise-client-urls", Address,
                "--listen-peer-urls", PeerAddress, "--initial-advertise-peer-urls", PeerAddress,
                "--initial-cluster", initialCluster, "--initial-cluster-state", "new",
                "--listen-metrics-urls", $"http://{Place.Address}:{Text(_metricsPort)}",
                .. tls, .. Arguments,
            ],
            _folder.FullPath);
    }

    /// <summary>Waits until the member takes part in a cluster with a leader.</summary>
    public async Task WaitAsync()
    {
        using HttpClient client = new() { Timeout = TimeSpan.FromSeconds(2) };
        await Eventually.HoldsAsync(
            async () => !IsRunning || await IsHealthyAsync(client), () => $"etcd {Name} is healthy\n{Output}");
        if (Process is { IsRunning: false } ended)
            throw new InvalidOperationException($"etcd {Name} ended with {await ended.Exited}:\n{ended.Output}");
    }

    /// <summary>A power cut for the member.</summary>
    public async Task KillAsync()
    {
        if (Process is not { } process) return;
        Process = null;
        await process.DisposeAsync();
    }

    /// <summary>Stops the member where it is, or lets it go on.</summary>
    public void Signal(PosixSignalNumber signal) => Process!.Signal(signal);

    /// <summary>One command by etcd's own tool, at this member.</summary>
    public Task<ToolResult> CtlAsync(params string[] command) => CtlAsync(Address, command);

    /// <summary>One command by etcd's own tool, at these members.</summary>
    public Task<ToolResult> CtlAsync(string addresses, string[] command) => Tool.RunAsync(
        "env",
        [
            "ETCDCTL_API=3", Tool.Find("etcdctl"), "--endpoints", addresses,
            .. Tls is null
                ? (string[])[]
                : ["--cacert", Tls.CaFile, "--cert", Tls.ClientFile, "--key", Tls.ClientKeyFile],
            .. command,
        ]);

    /// <summary>From here on every request needs a user; this one has the rights of what begins with the prefix, and no others.</summary>
    public async Task EnableUserAsync(string user, string password, string prefix)
    {
        foreach (string[] command in (string[][])
            [
                ["user", "add", "root:root"],
                ["user", "grant-role", "root", "root"],
                ["user", "add", $"{user}:{password}"],
                ["role", "add", user],
                ["role", "grant-permission", user, "--prefix=true", "readwrite", prefix],
                ["user", "grant-role", user, user],
                ["auth", "enable"],
            ])
        {
            (await CtlAsync(command)).EnsureSuccess();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _folder.Dispose();
    }

    private async Task<bool> IsHealthyAsync(HttpClient client)
    {
        try
        {
            string answer = await client.GetStringAsync(new Uri($"http://{Place.Address}:{Text(_metricsPort)}/health"));
            return answer.Contains("true", StringComparison.Ordinal);
        }
        catch (Exception failure) when (failure is HttpRequestException or OperationCanceledException)
        {
            return false;
        }
    }

    private static string Text(int port) => port.ToString(CultureInfo.InvariantCulture);
}
