using System.Net;
using System.Net.Sockets;

namespace Agent.Dns.Net;

/// <summary>
/// TCP connections for .NET's HTTP client. It asks each new connection for its peer's address, and lets pass the bare
/// <see cref="SocketException"/> that this throws where the peer has reset the connection by then, so that none of its callers' handlers
/// for a server that is away would see it. Here the address is asked for while connecting, when the client still makes an
/// <see cref="HttpRequestException"/> of it; the socket remembers it.
/// </summary>
public static class ConnectedStream
{
    /// <summary>Connects by whatever family the destination has.</summary>
    /// <exception cref="SocketException">There is no connection.</exception>
    public static ValueTask<Stream> OpenAsync(EndPoint destination, CancellationToken cancellation) =>
        OpenAsync(new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true }, destination, cancellation);

    /// <summary>Connects this socket, which belongs to the stream, and is disposed when there is none.</summary>
    /// <exception cref="SocketException">There is no connection.</exception>
    public static async ValueTask<Stream> OpenAsync(Socket socket, EndPoint destination, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(socket);
        try
        {
            await socket.ConnectAsync(destination, cancellation);
            return Over(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>The stream over a socket that is connected.</summary>
    /// <exception cref="SocketException">The peer has reset the connection.</exception>
    internal static NetworkStream Over(Socket socket)
    {
        _ = socket.RemoteEndPoint;
        return new NetworkStream(socket, ownsSocket: true);
    }
}
