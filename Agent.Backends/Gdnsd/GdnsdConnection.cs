using System.Net.Sockets;
using Agent.Backends.Shared;

namespace Agent.Backends.Gdnsd;

/// <summary>
/// A connection to gdnsd's control socket that is kept open: one request, one answer, both of eight octets. gdnsd closes it only when it
/// ends, so a kept one that turns out to be closed is made anew, once. One that was left in the middle of an exchange is not used again:
/// its answer would be taken for that to a later request.
/// </summary>
/// <remarks>For any number of callers; they wait for each other, because gdnsd answers one request of a connection at a time.</remarks>
internal sealed class GdnsdConnection(string path, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan UntilLater = TimeSpan.FromSeconds(1);

    // What the request says we are: a client of the protocol as it is since this version.
    private static ReadOnlySpan<byte> ClientVersion => [3, 8, 1];

    private readonly SemaphoreSlim _turn = new(1);
    private Socket? _socket;

    /// <summary>Asks, and again as long as gdnsd says later.</summary>
    /// <exception cref="BackendException">gdnsd cannot be reached, or broke off.</exception>
    /// <exception cref="OperationCanceledException">The token said so.</exception>
    public async Task<GdnsdReply> CallAsync(char request, Action? onSent, CancellationToken cancellation)
    {
        while (true)
        {
            GdnsdReply reply = await TakeTurnAsync(request, onSent, cancellation);
            if (!reply.IsLater)
                return reply;
            await Task.Delay(UntilLater, time, cancellation);
        }
    }

    /// <summary>Connects unless the kept connection still stands; asks nothing.</summary>
    /// <exception cref="BackendException">gdnsd cannot be reached.</exception>
    /// <exception cref="OperationCanceledException">The token said so.</exception>
    public async Task ReachAsync(CancellationToken cancellation)
    {
        await _turn.WaitAsync(cancellation);
        try
        {
            // Nothing is due on it, so what can be read is its end.
            if (_socket?.Poll(0, SelectMode.SelectRead) == true)
                Close();
            _socket ??= await ControlSocket.ConnectAsync(path, cancellation);
        }
        catch (SocketException error)
        {
            throw Unreachable(error);
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Dispose()
    {
        _socket?.Dispose();
        _turn.Dispose();
    }

    private async Task<GdnsdReply> TakeTurnAsync(char request, Action? onSent, CancellationToken cancellation)
    {
        await _turn.WaitAsync(cancellation);
        try
        {
            bool isKept = _socket is not null;
            GdnsdReply? reply = await ExchangeAsync(request, onSent, cancellation);
            if (reply is null && isKept)
                reply = await ExchangeAsync(request, onSent, cancellation);
            if (reply is { IsLater: true })
                Close();
            return reply ?? throw BackendException.Away($"gdnsd closed the control connection to {path} without an answer");
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Null when gdnsd closed the connection.</summary>
    private async Task<GdnsdReply?> ExchangeAsync(char request, Action? onSent, CancellationToken cancellation)
    {
        bool isOver = false;
        try
        {
            _socket ??= await ControlSocket.ConnectAsync(path, cancellation);
            byte[] octets = new byte[GdnsdReply.Size];
            octets[0] = (byte)request;
            ClientVersion.CopyTo(octets.AsSpan(1));
            await _socket.SendAsync(octets, SocketFlags.None, cancellation);
            onSent?.Invoke();
            for (int held = 0; held < octets.Length;)
            {
                int got = await _socket.ReceiveAsync(octets.AsMemory(held), SocketFlags.None, cancellation);
                if (got == 0)
                    return null;
                held += got;
            }

            isOver = true;
            return GdnsdReply.Read(octets);
        }
        catch (SocketException error) when (error.SocketErrorCode is SocketError.ConnectionReset or SocketError.Shutdown)
        {
            return null;
        }
        catch (SocketException error)
        {
            throw Unreachable(error);
        }
        finally
        {
            if (!isOver)
                Close();
        }
    }

    private BackendException Unreachable(SocketException error) =>
        BackendException.Away($"gdnsd cannot be reached over its control socket {path}: {error.Message}", error);

    private void Close()
    {
        _socket?.Dispose();
        _socket = null;
    }
}
