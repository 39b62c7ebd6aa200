using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Text;
using Agent.Bench.Peers;

namespace Agent.Tests.Backends.Nsd;

/// <summary>
/// The other end of a control channel that does as a test tells: it hands every command, and the lines that follow some, to the script,
/// which gives the answer that is sent before the connection is closed.
/// </summary>
internal sealed class ScriptedNsd : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new("nsd");
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly CancellationTokenSource _end = new();
    private readonly Func<string, string[], string> _script;
    private readonly Task _accepting;

    public ScriptedNsd(Func<string, string[], string> script)
    {
        _script = script;
        Path = _folder.Combine("control");
        _listener.Bind(new UnixDomainSocketEndPoint(Path));
        _listener.Listen();
        _accepting = AcceptAsync();
    }

    public string Path { get; }

    public string ZoneFolder => _folder.FullPath;

    /// <summary>The commands so far, without the lines that followed.</summary>
    public ConcurrentQueue<string> Commands { get; } = new();

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _accepting;
        _listener.Dispose();
        _end.Dispose();
        _folder.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                using Socket socket = await _listener.AcceptAsync(_end.Token);
                await using NetworkStream stream = new(socket);
                using StreamReader reader = new(stream, Encoding.Latin1, leaveOpen: true);
                string first = await reader.ReadLineAsync(_end.Token) ?? "";
                Assert.StartsWith("NSDCT1 ", first, StringComparison.Ordinal);
                string command = first["NSDCT1 ".Length..];
                Commands.Enqueue(command);
                List<string> lines = [];
                while (command is "addzones" or "delzones" && await reader.ReadLineAsync(_end.Token) is { } line and not "\u0004")
                    lines.Add(line);
                await stream.WriteAsync(Encoding.Latin1.GetBytes(_script(command, [.. lines])), _end.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }
    }
}
