using System.Net.Security;
using System.Net.Sockets;
using Agent.Actors.Reasons;
using Agent.Actors.Transfers;

namespace Agent.Host.Transfers;

/// <summary>A TCP connection to a master, in the clear or over TLS, used by one exchange at a time.</summary>
internal sealed class MasterConnection : IDisposable
{
    private readonly Socket _socket;
    private readonly SslStream? _tls;
    private Reason? _refusal;

    public MasterConnection(Socket socket, MasterAddress address, TlsProfile? profile = null, SslStream? tls = null)
    {
        _socket = socket;
        _tls = tls;
        Address = address;
        Profile = profile;
    }

    public MasterAddress Address { get; }

    /// <summary>What the master was judged by; null in the clear.</summary>
    public TlsProfile? Profile { get; }

    /// <summary>An earlier exchange went well over it; the master may have closed it since.</summary>
    public bool IsReused { get; set; }

    /// <summary>Timestamp of its return to the pool.</summary>
    public long IdleSince { get; set; }

    /// <summary>
    /// Why the master ended a fresh connection before a word was said, as far as TLS tells; null in the clear. It sees our certificate, or
    /// misses one, after we believe that all is well, and its last word is often lost behind the question that we sent meanwhile.
    /// </summary>
    public Reason? Refusal => _refusal ?? (Profile is null ? null : new Reason(
        ReasonCode.TlsFailed,
        "it closed the connection right after the TLS handshake; "
            + (Profile.Own is null ? "perhaps it wants a certificate of ours" : "perhaps it does not accept our certificate")));

    /// <summary>Whether nothing came and nothing was closed while it was idle.</summary>
    public bool IsQuiet
    {
        get
        {
            try
            {
                return !_socket.Poll(0, SelectMode.SelectRead);
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
            {
                return false;
            }
        }
    }

    /// <exception cref="SocketException">The connection is lost.</exception>
    public async ValueTask SendAsync(ReadOnlyMemory<byte> octets, CancellationToken cancellation)
    {
        if (_tls is null)
        {
            await _socket.SendAsync(octets, cancellation);
            return;
        }

        try
        {
            await _tls.WriteAsync(octets, cancellation);
        }
        catch (IOException failure)
        {
            throw Lost(failure);
        }
    }

    /// <summary>Receives what is there; 0 at the end, which need not be announced over TLS: some servers just hang up.</summary>
    /// <exception cref="SocketException">The connection is lost.</exception>
    public ValueTask<int> ReceiveAsync(Memory<byte> room, CancellationToken cancellation) =>
        _tls is null ? _socket.ReceiveAsync(room, cancellation) : ReceiveOverTlsAsync(_tls, room, cancellation);

    public void Dispose()
    {
        _tls?.Dispose();
        _socket.Dispose();
    }

    private async ValueTask<int> ReceiveOverTlsAsync(SslStream tls, Memory<byte> room, CancellationToken cancellation)
    {
        try
        {
            return await tls.ReadAsync(room, cancellation);
        }
        catch (IOException failure)
        {
            throw Lost(failure);
        }
    }

    private SocketException Lost(IOException failure)
    {
        Exception inmost = failure;
        while (inmost.InnerException is { } inner)
            inmost = inner;
        if (inmost is SocketException lost)
            return lost;
        if (inmost != failure)
            _refusal = TlsDoor.Describe(failure);
        return new SocketException((int)SocketError.ConnectionReset);
    }
}
