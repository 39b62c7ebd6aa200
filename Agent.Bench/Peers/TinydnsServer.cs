using System.Globalization;
using System.Net;

namespace Agent.Bench.Peers;

/// <summary>
/// tinydns as a target: it answers from the data.cdb of its folder, by UDP at port 53 only, so each has a loopback address of its own. It
/// says nothing to questions about names that it does not have.
/// </summary>
public sealed class TinydnsServer : IAsyncDisposable
{
    private const int DnsPort = 53;

    private readonly TemporaryFolder _folder = new("tinydns");
    private readonly int _number = LoopbackPort.Next();

    /// <summary>Where it answers.</summary>
    public IPEndPoint EndPoint => new(new IPAddress([127, 53, (byte)(_number >> 8), (byte)_number]), DnsPort);

    /// <summary>The folder of data.cdb.</summary>
    public string Root => Directory.CreateDirectory(_folder.Combine("root")).FullName;

    /// <summary>What it answers from.</summary>
    public string Data => Path.Combine(Root, "data.cdb");

    /// <summary>Settings of a target by which an agent drives this server.</summary>
    public string TargetSettings => $"driver = tinydns, server = \"{EndPoint}\", root = \"{Root}\"";

    /// <summary>Null until started and while killed.</summary>
    public ChildProcess? Process { get; private set; }

    public string Output => Process?.Output ?? "";

    /// <summary>Starts it, again after a kill with the data that are there.</summary>
    public async Task StartAsync()
    {
        string user = Environment.UserName == "root" ? "0" : (await Tool.RunAsync("id", ["-u"])).EnsureSuccess().Output.Trim();
        Dictionary<string, string> environment = new()
        {
            ["IP"] = EndPoint.Address.ToString(),
            ["ROOT"] = Root,
            ["UID"] = user,
            ["GID"] = user,
        };
        Process = await ChildProcess.StartAsync("tinydns", [], _folder.FullPath, environment);
        await Eventually.HoldsAsync(
            () => !Process.IsRunning || Output.Contains("starting tinydns", StringComparison.Ordinal), () => $"tinydns starts\n{Output}");
        if (!Process.IsRunning) throw new InvalidOperationException($"tinydns ended with {await Process.Exited}:\n{Output}");
    }

    /// <summary>
    /// The serial that it shows, 0 when it has none. To a name of no zone it says nothing, so tinydns' own look into its data comes first.
    /// </summary>
    public async Task<uint> SerialAsync(string zone)
    {
        ToolResult look = await Tool.RunAsync("sh", ["-c", $"cd '{Root}' && exec '{Tool.Find("tinydns-get")}' soa \"$0\"", zone]);
        return look.EnsureSuccess().Output.Contains(", authoritative, noerror", StringComparison.Ordinal)
            ? await WorkerClient.PollSerialAsync(EndPoint, zone)
            : 0;
    }

    /// <summary>Ends the server as an administrator would; its data stay.</summary>
    public async Task StopAsync()
    {
        if (Process is not { } process) return;
        Process = null;
        await using (process) await process.StopAsync();
    }

    /// <summary>Ends the server as a power cut would; its data stay.</summary>
    public async Task KillAsync()
    {
        if (Process is { } process)
        {
            Process = null;
            await process.DisposeAsync();
        }
    }

    /// <summary>Kills it and takes its folder away with everything in it.</summary>
    public async Task WipeAsync()
    {
        await KillAsync();
        TemporaryFolder.Remove(Root);
        Directory.CreateDirectory(Root);
    }

    /// <summary>Has tinydns' own compiler make a data.cdb of these lines, as somebody would by hand.</summary>
    public async Task CompileAsync(params string[] lines)
    {
        await File.WriteAllLinesAsync(Path.Combine(Root, "data"), lines);
        string compile = string.Create(CultureInfo.InvariantCulture, $"cd '{Root}' && '{Tool.Find("tinydns-data")}'");
        (await Tool.RunAsync("sh", ["-c", compile])).EnsureSuccess();
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _folder.Dispose();
    }
}
