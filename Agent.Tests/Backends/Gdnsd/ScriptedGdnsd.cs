using System.Net.Sockets;
using Agent.Bench.Peers;

namespace Agent.Tests.Backends.Gdnsd;

/// <summary>Answers on a control socket as a gdnsd would that does what the script says, and counts.</summary>
internal sealed class ScriptedGdnsd : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new("gdnsd");
    private readonly CancellationTokenSource _ending = new();
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly Func<ScriptedGdnsd, byte[]?> _reload;
    private readonly Task _work;
    private int _reloads;
    private int _connections;

    /// <param name="reload">Answers a reload; null closes the connection instead.</param>
    public ScriptedGdnsd(Func<ScriptedGdnsd, byte[]?> reload)
    {
        _reload = reload;
        ZoneFolder = _folder.CreateFolder("zones");
        ControlPath = _folder.Combine("control.sock");
        _listener.Bind(new UnixDomainSocketEndPoint(ControlPath));
        _listener.Listen();
        _work = AcceptAsync();
    }

    public string ControlPath { get; }

    public string ZoneFolder { get; }

    public int Reloads => Volatile.Read(ref _reloads);

    public int Connections => Volatile.Read(ref _connections);

    /// <summary>What gdnsd would read.</summary>
    public string[] Files => [.. Directory.GetFiles(ZoneFolder).Select(path => Path.GetFileName(path)).Where(name => name[0] != '.')];

    public static byte[] Answer(char key) => [(byte)key, 0, 0, 0, 0, 0, 0, 0];

    /// <summary>It ends as by a kill; its folder stays.</summary>
    public async Task EndAsync()
    {
        await _ending.CancelAsync();
        _listener.Dispose();
        await _work;
    }

    public async ValueTask DisposeAsync()
    {
        await EndAsync();
        _ending.Dispose();
        _folder.Dispose();
    }

    private async Task AcceptAsync()
    {
        List<Task> sessions = [];
        try
        {
            while (true)
            {
                Socket socket = await _listener.AcceptAsync(_ending.Token);
                Interlocked.Increment(ref _connections);
                sessions.Add(ServeAsync(socket));
            }
        }
        catch (Exception end) when (end is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(sessions);
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        using Socket mine = socket;
        byte[] request = new byte[8];
        try
        {
            while (await mine.ReceiveAsync(request, _ending.Token) == request.Length)
            {
                byte[]? answer = request[0] == (byte)'I' ? [(byte)'A', 3, 8, 1, 7, 0, 0, 0] : Reload();
                if (answer is null)
                    return;
                // In two parts, as a stream may bring them.
                await mine.SendAsync(answer.AsMemory(0, 3), _ending.Token);
                await mine.SendAsync(answer.AsMemory(3), _ending.Token);
            }
        }
        catch (Exception end) when (end is OperationCanceledException or SocketException)
        {
            // The driver has gone, or the test is over.
        }
    }

    private byte[]? Reload()
    {
        Interlocked.Increment(ref _reloads);
        return _reload(this);
    }
}
