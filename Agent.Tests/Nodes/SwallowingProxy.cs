using System.Net;
using System.Net.Sockets;

namespace Agent.Tests.Nodes;

/// <summary>Passes octets on between a link and its peer until it is told to swallow them: connections stay, and nothing comes any
/// more.</summary>
internal sealed class SwallowingProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new();
    private readonly IPEndPoint _target;
    private readonly Task _accepting;
    private volatile bool _isSwallowing;

    public SwallowingProxy(IPEndPoint target)
    {
        _target = target;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public string Address => _listener.LocalEndpoint.ToString()!;

    public void Swallow(bool isSwallowing) => _isSwallowing = isSwallowing;

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _listener.Stop();
        await _accepting;
        _end.Dispose();
    }

    private async Task AcceptAsync()
    {
        List<Task> running = [];
        try
        {
            while (true)
            {
                TcpClient near = await _listener.AcceptTcpClientAsync(_end.Token);
                running.Add(PassBothAsync(near));
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException)
        {
            await Task.WhenAll(running);
        }
    }

    private async Task PassBothAsync(TcpClient near)
    {
        using (near)
        {
            using var far = new TcpClient();
            await far.ConnectAsync(_target);
            await Task.WhenAny(PassAsync(near.GetStream(), far.GetStream()), PassAsync(far.GetStream(), near.GetStream()));
        }
    }

    private async Task PassAsync(NetworkStream from, NetworkStream to)
    {
        var buffer = new byte[65536];
        try
        {
            while (await from.ReadAsync(buffer, _end.Token) is > 0 and var got)
            {
                if (!_isSwallowing) await to.WriteAsync(buffer.AsMemory(0, got), _end.Token);
            }
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // One end is gone.
        }
    }
}
