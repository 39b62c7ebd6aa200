using System.Net;
using System.Net.Sockets;

namespace Agent.Dns.Net;

/// <summary>A UDP socket that moves datagrams in batches and answers from the address that was asked.</summary>
/// <remarks>
/// Two forms behind one face: <see cref="UdpBatchSocket"/> on Linux, <see cref="PortableUdpSocket"/> elsewhere.
/// <see cref="Receive"/> and <see cref="Send"/> belong to one thread; <see cref="SendOne"/> may be called by any.
/// </remarks>
public abstract class UdpSocket : IDisposable
{
    private long _sendDrops;
    private long _unreachable;

    private protected UdpSocket(Socket socket)
    {
        Socket = socket;
        LocalEndpoint = NetworkEndpoint.From((IPEndPoint)socket.LocalEndPoint!);
    }

    /// <summary>The bound endpoint, with the port that was really taken.</summary>
    public NetworkEndpoint LocalEndpoint { get; }

    /// <summary>Datagrams that the kernel would not take: full buffers, no route, refused by the peer's host.</summary>
    public long SendDrops => Interlocked.Read(ref _sendDrops);

    /// <summary>How often the system reported that the peer of a connected socket cannot be reached: its port is closed, or no route
    /// leads there.</summary>
    public long UnreachableReports => Interlocked.Read(ref _unreachable);

    private protected Socket Socket { get; }

    /// <summary>Opens and binds a socket.</summary>
    /// <exception cref="SocketException">The endpoint cannot be bound.</exception>
    public static UdpSocket Open(UdpSocketOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return Libc.IsAvailable && !options.Portable ? UdpBatchSocket.Create(options) : PortableUdpSocket.Create(options);
    }

    /// <summary>Receives up to a batch.</summary>
    /// <param name="batch">Its received slots are overwritten.</param>
    /// <param name="wait">Block for the first datagram, at most the receive timeout; else take only what is there.</param>
    /// <returns>The number received; 0 when there was none; -1 when the socket is closed.</returns>
    public abstract int Receive(MmsgBatch batch, bool wait);

    /// <summary>Sends all that was committed and empties that side of the batch. Never waits: what the kernel refuses is dropped.</summary>
    /// <returns>The number sent.</returns>
    public abstract int Send(MmsgBatch batch);

    /// <summary>Sends one datagram at once, from any thread.</summary>
    /// <returns>Whether the kernel took it.</returns>
    public abstract bool SendOne(ReadOnlySpan<byte> datagram, in NetworkEndpoint destination, in NetworkEndpoint local);

    /// <summary>Lets nothing new in: whoever sends from now on is told that the port is closed, and may go elsewhere at once. What has come
    /// before can still be received, and everybody can still be answered.</summary>
    /// <returns>Whether the system can do that; otherwise datagrams go on to arrive.</returns>
    public virtual bool TurnAway() => false;

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    internal abstract bool IsReadable(int timeoutMs);

    /// <summary>Closes the socket.</summary>
    protected virtual void Dispose(bool disposing)
    {
        if (disposing)
        {
            Socket.Dispose();
        }
    }

    private protected void CountDrop() => Interlocked.Increment(ref _sendDrops);

    private protected void CountUnreachable() => Interlocked.Increment(ref _unreachable);

    private protected static Socket NewSocket(UdpSocketOptions options)
    {
        bool ipv6 = !options.Local.IsIPv4;
        var socket = new Socket(ipv6 ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            if (ipv6)
            {
                // One socket on "::" serves both families; a socket on a real IPv6 address serves that address only.
                socket.DualMode = options.Local.IsWildcard;
            }
            socket.ReceiveBufferSize = options.ReceiveBufferBytes;
            socket.SendBufferSize = options.SendBufferBytes;
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
