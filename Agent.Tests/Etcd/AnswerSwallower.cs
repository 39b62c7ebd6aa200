using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Agent.Tests.Etcd;

/// <summary>A relay of connections that, once told to, lets a request through and keeps its answer to itself.</summary>
internal sealed class AnswerSwallower : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly int _target;
    private readonly Task _accepting;
    private volatile string? _path;
    private int _swallowed;

    public AnswerSwallower(int target)
    {
        _target = target;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public string Address => $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";

    public int Swallowed => Volatile.Read(ref _swallowed);

    /// <summary>From the next request of this path on, its connection brings nothing back.</summary>
    public void Swallow(string path) => _path = path;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting;
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                TcpClient client = await _listener.AcceptTcpClientAsync(_stop.Token);
                _ = RelayAsync(client);
            }
        }
        catch (Exception failure) when (failure is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task RelayAsync(TcpClient client)
    {
        using TcpClient server = new();
        try
        {
            await server.ConnectAsync(IPAddress.Loopback, _target, _stop.Token);
            bool isSilent = false;
            Task back = CopyAsync(server.GetStream(), client.GetStream(), _ => Volatile.Read(ref isSilent));
            await CopyAsync(client.GetStream(), server.GetStream(), octets =>
            {
                if (_path is { } path && Encoding.ASCII.GetString(octets.Span).Contains($"POST {path} ", StringComparison.Ordinal))
                {
                    Volatile.Write(ref isSilent, true);
                    Interlocked.Increment(ref _swallowed);
                }

                return false;
            });
            await back;
        }
        catch (Exception failure) when (failure is OperationCanceledException or SocketException or IOException or ObjectDisposedException)
        {
            // One side has gone.
        }
        finally
        {
            client.Dispose();
        }
    }

    private async Task CopyAsync(NetworkStream from, NetworkStream to, Func<ReadOnlyMemory<byte>, bool> keepsBack)
    {
        byte[] octets = new byte[16 * 1024];
        while (await from.ReadAsync(octets, _stop.Token) is var count and > 0)
        {
            if (!keepsBack(octets.AsMemory(0, count))) await to.WriteAsync(octets.AsMemory(0, count), _stop.Token);
        }
    }
}
