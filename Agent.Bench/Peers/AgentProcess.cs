using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text.Json;
using Agent.Bench.Measure;
using Agent.Dns.Net;

namespace Agent.Bench.Peers;

/// <summary>
/// The built program <c>agent run</c> with a configuration and a data folder of its own, on ports of its choice, seen as its users see it:
/// DNS, HTTP, the ready line, exit codes.
/// </summary>
public sealed class AgentProcess : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new("run");
    private readonly HttpClient _http;
    private NetworkNamespace? _network;
    private string _earlierOutput = "";

    /// <param name="settings">Lines of HOCON inside the <c>agent</c> object. Ports are 0 and the data folder is set.</param>
    public AgentProcess(string settings)
    {
        Settings = settings;
        SocketsHttpHandler handler = new() { UseProxy = false, ConnectCallback = ConnectAsync };
        _http = new HttpClient(handler) { Timeout = TimeSpan.FromSeconds(30) };
    }

    /// <summary>The program that the build put beside this one, or the one that AGENT_TEST_PROGRAM names (an installed one,
    /// say).</summary>
    public static string Program { get; } =
        System.Environment.GetEnvironmentVariable("AGENT_TEST_PROGRAM") ?? Path.Combine(AppContext.BaseDirectory, "agent");

    /// <summary>What the configuration file holds from the next start or <see cref="WriteConfigurationAsync"/> on.</summary>
    public string Settings { get; set; }

    /// <summary>Variables for the process beside those of this one.</summary>
    public Dictionary<string, string> Environment { get; } = new(StringComparer.Ordinal);

    /// <summary>Where it runs: it listens on that address only.</summary>
    public Placement Place { get; set; } = Placement.Loopback;

    /// <summary>The network that it runs in, and is asked over HTTP in; null for this process's own.</summary>
    public NetworkNamespace? Network
    {
        get => _network;
        set => (_network, Place) = (value, Placement.Loopback with { Launcher = value?.Launcher ?? [] });
    }

    /// <summary>How long its start, or another command of the program, may take.</summary>
    public TimeSpan StartDeadline { get; init; } = TimeSpan.FromSeconds(60);

    public string DataFolder => _folder.Combine("data");

    public string ConfigurationFile => _folder.Combine("agent.conf");

    public ChildProcess? Process { get; private set; }

    /// <summary>Everything that it wrote, also before restarts.</summary>
    public string Output => _earlierOutput + Process?.Output;

    public IReadOnlyList<IPEndPoint> DnsEndPoints { get; private set; } = [];

    /// <summary>The first bound address.</summary>
    public IPEndPoint Dns => DnsEndPoints[0];

    /// <summary>Where it answers over TLS, if it does.</summary>
    public IPEndPoint? DnsOverTls { get; private set; }

    public IPEndPoint Management { get; private set; } = new(IPAddress.None, 0);

    /// <summary>Where it hears other nodes; null for an agent that stands alone.</summary>
    public IPEndPoint? Link { get; private set; }

    public WorkerClient Worker => new(Dns);

    public WorkerClient WorkerByTcp => new(Dns, useTcp: true);

    public static async Task<AgentProcess> StartedAsync(string settings, params string[] sets)
    {
        AgentProcess agent = new(settings);
        try
        {
            await agent.StartAsync(sets);
            return agent;
        }
        catch
        {
            await agent.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts it, or starts it again with the data that it left, and waits for the ready line.</summary>
    /// <param name="sets">Values for <c>--set</c>.</param>
    public async Task StartAsync(params string[] sets)
    {
        if (Process is { IsRunning: false } ended)
        {
            Forget(ended);
            await ended.DisposeAsync();
        }

        Process = await LaunchAsync(sets);
        string line = await Process.StandardOutputLineAsync(text => text.StartsWith("ready ", StringComparison.Ordinal), StartDeadline);
        Dictionary<string, string> values = line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Skip(1)
            .Select(part => part.Split('=', 2)).ToDictionary(part => part[0], part => part[1], StringComparer.Ordinal);
        DnsEndPoints = [.. values["dns"].Split(',').Select(IPEndPoint.Parse)];
        DnsOverTls = values.TryGetValue("tls", out string? tls) ? IPEndPoint.Parse(tls.Split(',')[0]) : null;
        Management = IPEndPoint.Parse(values["management"]);
        Link = values.TryGetValue("node", out string? node) ? IPEndPoint.Parse(node) : null;
    }

    /// <summary>Starts it without waiting: for starts that must fail.</summary>
    public async Task<ChildProcess> LaunchAsync(params string[] sets)
    {
        await WriteConfigurationAsync();
        string[] arguments = ["run", "--config", ConfigurationFile, .. sets.SelectMany(set => (string[])["--set", set])];
        return await Place.StartAsync(Program, arguments, _folder.FullPath, Environment);
    }

    public Task WriteConfigurationAsync() => File.WriteAllTextAsync(ConfigurationFile, $$"""
        agent {
          host = "{{Place.Address}}"
          port = 0
          management { host = "{{Place.Address}}", port = 0 }
          data-dir = "{{DataFolder}}"
          {{Settings}}
        }

        """);

    /// <summary>SIGTERM, and the exit code.</summary>
    public async Task<int> StopAsync()
    {
        await using ChildProcess process = Process ?? throw new InvalidOperationException("not running");
        int exitCode = await process.StopAsync();
        Forget(process);
        return exitCode;
    }

    /// <summary>SIGKILL: nothing of what was in memory survives.</summary>
    public async Task KillAsync()
    {
        await using ChildProcess process = Process ?? throw new InvalidOperationException("not running");
        await process.KillAsync();
        Forget(process);
    }

    public async Task RestartAsync(bool byKill, params string[] sets)
    {
        if (byKill)
        {
            await KillAsync();
        }
        else
        {
            int exitCode = await StopAsync();
            if (exitCode != 0)
            {
                throw new InvalidOperationException($"the agent ended with {exitCode}\n{Output}");
            }
        }

        await StartAsync(sets);
    }

    /// <summary>A GET on the management interface; null for 404.</summary>
    public async Task<JsonElement?> GetAsync(string path)
    {
        using HttpResponseMessage response = await AskAsync(path);
        string body = await response.Content.ReadAsStringAsync();
        if (response.StatusCode == HttpStatusCode.NotFound)
        {
            return null;
        }

        if (!response.IsSuccessStatusCode)
        {
            throw new InvalidOperationException($"GET {path}: {response.StatusCode} {body}");
        }

        return JsonDocument.Parse(body).RootElement.Clone();
    }

    /// <summary>A GET whose answer is JSON whatever its status, such as that of <c>/anycast</c>.</summary>
    public async Task<JsonElement> GetAnyAsync(string path)
    {
        using HttpResponseMessage response = await _http.GetAsync(Url(path));
        return JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement.Clone();
    }

    /// <summary>A GET on the management interface whose answer is plain text, such as the metrics.</summary>
    public async Task<string> GetTextAsync(string path)
    {
        using HttpResponseMessage response = await AskAsync(path);
        return await response.EnsureSuccessStatusCode().Content.ReadAsStringAsync();
    }

    public async Task<HttpStatusCode> GetStatusAsync(string path)
    {
        using HttpResponseMessage response = await AskAsync(path);
        return response.StatusCode;
    }

    /// <summary>What it counts, at this moment.</summary>
    public async Task<MetricsPage> MetricsAsync() => new(await GetTextAsync("/metrics"));

    /// <summary>A write, with the token from the data folder unless told otherwise.</summary>
    public async Task<HttpStatusCode> SendAsync(HttpMethod method, string path, bool withToken = true)
    {
        using HttpRequestMessage request = new(method, Url(path));
        if (withToken)
        {
            request.Headers.Authorization = await TokenAsync();
        }

        using HttpResponseMessage response = await _http.SendAsync(request);
        return response.StatusCode;
    }

    /// <summary>The zone as the management interface shows it; null when it is not there.</summary>
    public Task<JsonElement?> ZoneAsync(string name) => GetAsync($"/api/v1/zones/{Uri.EscapeDataString(name)}");

    /// <summary>When the newest event of this code happened to a zone; null when its history holds none.</summary>
    public async Task<DateTimeOffset?> EventAtAsync(string zone, string code)
    {
        JsonElement? history = await GetAsync($"/api/v1/zones/{Uri.EscapeDataString(zone)}/history");
        return history?.GetProperty("events").EnumerateArray()
            .Where(line => line.GetProperty("code").GetString() == code)
            .Select(line => (DateTimeOffset?)line.GetProperty("at").GetDateTimeOffset())
            .Max();
    }

    /// <summary>Waits until the interface shows the zone with this serial verified by every target.</summary>
    public Task ZoneIsOkAsync(string name, uint serial) => Eventually.HoldsAsync(
        async () => await ZoneAsync(name) is { } zone && zone.GetProperty("state").GetString() == "ok"
            && zone.GetProperty("serial").ValueKind == JsonValueKind.Number && zone.GetProperty("serial").GetUInt32() == serial,
        () => $"{name} ok with serial {serial.ToString(CultureInfo.InvariantCulture)}\n{Output}");

    /// <summary>Runs another command of the program to its end, <c>zone list</c> for example.</summary>
    public Task<ToolResult> CommandAsync(params string[] arguments) => Tool.RunAsync(Program, arguments, deadline: StartDeadline);

    public async ValueTask DisposeAsync()
    {
        if (Process is { } process)
        {
            await process.DisposeAsync();
        }

        _http.Dispose();
        _folder.Dispose();
    }

    /// <summary>Beyond loopback also reading needs the token.</summary>
    private async Task<HttpResponseMessage> AskAsync(string path)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, Url(path));
        if (!IPAddress.IsLoopback(Place.Address)) request.Headers.Authorization = await TokenAsync();
        return await _http.SendAsync(request);
    }

    private async Task<AuthenticationHeaderValue> TokenAsync() =>
        new("Bearer", (await File.ReadAllTextAsync(Path.Combine(DataFolder, "api-token"))).Trim());

    private ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellation)
    {
        static Socket Make() => new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        return ConnectedStream.OpenAsync(_network is { } network ? network.Inside(Make) : Make(), Management, cancellation);
    }

    private void Forget(ChildProcess process)
    {
        _earlierOutput += process.Output;
        Process = null;
    }

    private Uri Url(string path) => new($"http://{Management}{path}");
}
