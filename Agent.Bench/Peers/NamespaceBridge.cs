using System.Net;
using System.Net.Sockets;

namespace Agent.Bench.Peers;

/// <summary>Lets programs in another network reach a server on this one's loopback, at the same address and port.</summary>
public sealed class NamespaceBridge : IAsyncDisposable
{
    private readonly CancellationTokenSource _end = new();
    private readonly List<TcpListener> _listeners;
    private readonly Task _accepting;

    public NamespaceBridge(NetworkNamespace network, IEnumerable<int> ports)
    {
        _listeners = network.Inside(() => ports.Select(port => Listening(port)).ToList());
        _accepting = Task.WhenAll(_listeners.Select(AcceptAsync));
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        foreach (TcpListener listener in _listeners) listener.Stop();
        await _accepting;
        _end.Dispose();
    }

    private static TcpListener Listening(int port)
    {
        TcpListener listener = new(IPAddress.Loopback, port);
        listener.Start();
        return listener;
    }

    private async Task AcceptAsync(TcpListener listener)
    {
        List<Task> running = [];
        try
        {
            while (true) running.Add(PassBothAsync(await listener.AcceptTcpClientAsync(_end.Token), (IPEndPoint)listener.LocalEndpoint));
        }
        catch (Exception over) when (over is OperationCanceledException or SocketException)
        {
            await Task.WhenAll(running);
        }
    }

    private async Task PassBothAsync(TcpClient near, IPEndPoint target)
    {
        using TcpClient far = new();
        using (near)
        {
            try
            {
                near.NoDelay = far.NoDelay = true;
                await far.ConnectAsync(target, _end.Token);
                await Task.WhenAny(
                    near.GetStream().CopyToAsync(far.GetStream(), _end.Token), far.GetStream().CopyToAsync(near.GetStream(), _end.Token));
            }
            catch (Exception over) when (over is OperationCanceledException or SocketException or IOException)
            {
                // Either end is gone, or everything is.
            }
        }
    }
}
