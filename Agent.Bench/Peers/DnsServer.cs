using System.Net;

namespace Agent.Bench.Peers;

/// <summary>
/// A real DNS server as a child of the test process, on 127.0.0.1 and ::1 at a free port, with its configuration and data in a folder of
/// its own.
/// </summary>
public abstract class DnsServer(string purpose) : IAsyncDisposable
{
    private const int TriesMax = 20;
    private static readonly TimeSpan BetweenTries = TimeSpan.FromMilliseconds(100);

    protected TemporaryFolder Folder { get; } = new(purpose);

    public string FolderPath => Folder.FullPath;

    public int Port { get; init; } = LoopbackPort.Next();

    /// <summary>Where the server runs.</summary>
    public Placement Place { get; init; } = Placement.Loopback;

    public IPEndPoint EndPoint => new(Place.Address, Port);

    public IPEndPoint EndPointIPv6 => new(IPAddress.IPv6Loopback, Port);

    /// <summary>Null until started and while stopped.</summary>
    public ChildProcess? Process { get; private set; }

    public string Output => Process?.Output ?? "";

    /// <summary>Starts the server, again after a stop with the data it left, and waits until it answers DNS.</summary>
    /// <remarks>Its port was free, and is in use after all at times, for moments: see <see cref="LoopbackPort.Open"/>.</remarks>
    public virtual async Task StartAsync()
    {
        byte[] probe = DnsTestMessage.Request(1, 0, "probe.invalid", DnsTestMessage.TypeSoa);
        for (int tries = 1; ; tries++)
        {
            Process = await LaunchAsync();
            await Eventually.HoldsAsync(
                async () => !Process.IsRunning || await DnsSender.AskByUdpAsync(EndPoint, probe, TimeSpan.FromSeconds(1)) is not null,
                () => $"{Process.Program} answers\n{Output}");
            if (Process.IsRunning) return;
            int exitCode = await Process.Exited;
            if (tries == TriesMax || !Output.Contains("in use", StringComparison.OrdinalIgnoreCase))
                throw new InvalidOperationException($"{Process.Program} ended with {exitCode}:\n{Output}");
            await KillAsync();
            await Task.Delay(BetweenTries);
        }
    }

    /// <summary>Ends the server as an administrator would; its data stay.</summary>
    public async Task StopAsync()
    {
        if (Process is { } process)
        {
            Process = null;
            await using (process)
            {
                await process.StopAsync();
            }
        }
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

    /// <summary>Kills the server and takes everything from it that it ever kept; the next start is its first.</summary>
    public async Task WipeAsync()
    {
        await KillAsync();
        foreach (string file in Directory.EnumerateFiles(FolderPath)) File.Delete(file);
        foreach (string folder in Directory.EnumerateDirectories(FolderPath)) TemporaryFolder.Remove(folder);
    }

    public virtual async ValueTask DisposeAsync()
    {
        await KillAsync();
        Folder.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Writes the configuration and starts the program in the foreground.</summary>
    protected abstract Task<ChildProcess> LaunchAsync();
}
