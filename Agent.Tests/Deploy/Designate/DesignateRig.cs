using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.RegularExpressions;
using Agent.Bench.Peers;
using Agent.Tests.Architecture;

namespace Agent.Tests.Deploy.Designate;

/// <summary>
/// Debian's Designate in one process (rig.py): MiniDNS with a database of its own, and a worker's calls of the backend of
/// <c>deploy/designate</c>, which is installed from its package for this.
/// </summary>
public sealed partial class DesignateRig : IAsyncLifetime
{
    private const string Python = "/usr/bin/python3";
    private static readonly TimeSpan StartDeadline = TimeSpan.FromSeconds(90);
    private readonly TemporaryFolder _folder = new("designate");
    private ChildProcess? _process;
    private TcpClient? _orders;
    private StreamReader? _answers;

    /// <summary>Where MiniDNS hands out the zones.</summary>
    public IPEndPoint Master { get; } = new(IPAddress.Loopback, LoopbackPort.Next());

    /// <summary>Where the package is installed.</summary>
    public string Packages { get; private set; } = "";

    public string Output => _process?.Output ?? "";

    public static Task<ToolResult> PythonAsync(params string[] arguments) =>
        Tool.RunAsync(Python, ["-W", "ignore", .. arguments], deadline: StartDeadline);

    public async Task InitializeAsync()
    {
        // Built in a copy, for a build leaves folders beside what it builds.
        string source = _folder.CreateFolder("source");
        foreach (string file in Directory.EnumerateFiles(DeployFiles.PathOf("designate"), "*", SearchOption.AllDirectories))
        {
            string copy = Path.Combine(source, Path.GetRelativePath(DeployFiles.PathOf("designate"), file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }

        await InstallAsync(source);
        string script = Path.Combine(SourceTree.Root, "Agent.Tests", "Deploy", "Designate", "rig.py");
        string port = Master.Port.ToString(CultureInfo.InvariantCulture);
        var environment = new Dictionary<string, string> { ["PYTHONPATH"] = Packages };
        string[] arguments = ["-W", "ignore", script, _folder.CreateFolder("state"), port];
        _process = await ChildProcess.StartAsync(Python, arguments, _folder.FullPath, environment);
        string line = await _process.StandardOutputLineAsync(text => OrdersLine().IsMatch(text), StartDeadline);
        _orders = new TcpClient();
        await _orders.ConnectAsync(IPAddress.Loopback, int.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture));
        _answers = new StreamReader(_orders.GetStream());
    }

    public async Task DisposeAsync()
    {
        _answers?.Dispose();
        _orders?.Dispose();
        if (_process is not null) await _process.DisposeAsync();
        _folder.Dispose();
    }

    /// <summary>Designate has this zone from now on.</summary>
    public Task SetZoneAsync(string zone, uint serial, int hosts) => AskAsync(new { @do = "set", zone, serial, hosts });

    /// <summary>Designate has this zone no more.</summary>
    public Task RemoveZoneAsync(string zone) => AskAsync(new { @do = "remove", zone });

    /// <summary>What the worker does with one target; the error, or where it would send the next NOTIFY.</summary>
    /// <param name="action">create, update or delete.</param>
    public async Task<(string? Error, IPEndPoint? Target)> ActAsync(string action, string zone, IReadOnlyDictionary<string, string> options)
    {
        JsonElement answer = await AskAsync(new { @do = action, zone, options });
        if (answer.TryGetProperty("error", out JsonElement error)) return (error.GetString(), null);
        string host = answer.GetProperty("host").GetString()!;
        int port = int.Parse(answer.GetProperty("port").GetString()!, CultureInfo.InvariantCulture);
        return (null, new IPEndPoint(IPAddress.Parse(host), port));
    }

    /// <summary>As <see cref="ActAsync"/>, and it must succeed.</summary>
    public async Task SucceedAsync(string action, string zone, IReadOnlyDictionary<string, string> options) =>
        Assert.Null((await ActAsync(action, zone, options)).Error);

    /// <summary>
    /// By the line of the page, for a user whose home is the test's: what pip refuses to do beside Debian's packages it refuses there too.
    /// </summary>
    private async Task InstallAsync(string source)
    {
        string page = DeployFiles.Text("designate/README.md");
        string[] line = page.Split('\n').First(l => l.StartsWith("pip install ", StringComparison.Ordinal)).Split(' ');
        string home = _folder.CreateFolder("home");
        string[] here = ["--quiet", "--user", "--root-user-action=ignore"];
        string[] command = [$"PYTHONUSERBASE={home}", Python, "-W", "ignore", "-m", .. line[..^1], .. here, source];
        (await Tool.RunAsync("/usr/bin/env", command, deadline: StartDeadline)).EnsureSuccess();
        Packages = Path.Combine(Assert.Single(Directory.GetDirectories(Path.Combine(home, "lib"), "python3*")), "site-packages");
    }

    private async Task<JsonElement> AskAsync<T>(T order)
    {
        await _orders!.GetStream().WriteAsync((byte[])[.. JsonSerializer.SerializeToUtf8Bytes(order), (byte)'\n']);
        string? line = await _answers!.ReadLineAsync().WaitAsync(StartDeadline);
        return line is null
            ? throw new InvalidOperationException($"the rig ended\n{Output}")
            : JsonSerializer.Deserialize<JsonElement>(line);
    }

    [GeneratedRegex("^orders [0-9]+$")]
    private static partial Regex OrdersLine();
}
