namespace Agent.Bench.Peers;

/// <summary>BIRD 2 in a network of its own, with a configuration file and a control socket in a folder of its own.</summary>
public sealed class BirdServer : IAsyncDisposable
{
    private readonly NetworkNamespace _network;
    private readonly TemporaryFolder _folder = new("bird");

    /// <param name="network">Where it runs.</param>
    /// <param name="configuration">Its configuration; <c>log syslog</c> becomes its error stream.</param>
    public BirdServer(NetworkNamespace network, string configuration)
    {
        _network = network;
        _folder.Write("bird.conf", configuration.Replace("log syslog", "log stderr", StringComparison.Ordinal));
        Directory.CreateDirectory(_folder.Combine("anycast"));
    }

    public string ControlSocket => _folder.Combine("ctl");

    /// <summary>A file that the configuration may include by this name.</summary>
    public string FileNamed(string name) => _folder.Combine(name);

    public string Output => Process?.Output ?? "";

    /// <summary>Null before the start.</summary>
    public ChildProcess? Process { get; private set; }

    public void Write(string name, string text) => _folder.Write(name, text);

    public async Task StartAsync()
    {
        string[] command = [.. _network.Launcher, Tool.Find("bird"), "-f", "-c", _folder.Combine("bird.conf"), "-s", ControlSocket];
        Process = await ChildProcess.StartAsync(command[0], command[1..], _folder.FullPath);
        await Eventually.HoldsAsync(async () => (await ShowAsync("status")).ExitCode == 0, () => $"bird answers\n{Output}");
    }

    public Task<ToolResult> ShowAsync(params string[] what) => Tool.RunAsync("birdc", ["-s", ControlSocket, "show", .. what]);

    public async ValueTask DisposeAsync()
    {
        if (Process is { } process) await process.DisposeAsync();
        _folder.Dispose();
    }
}
