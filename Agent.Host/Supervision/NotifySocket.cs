using System.Net.Sockets;
using System.Text;

namespace Agent.Host.Supervision;

/// <summary>
/// The socket on which a service manager hears its services: datagrams of lines <c>NAME=VALUE</c>. Whoever manages this process may be gone
/// or slow; that never costs the service more than a moment.
/// </summary>
internal sealed class NotifySocket : IDisposable
{
    private const int SendTimeoutMs = 2_000;

    private readonly Socket _socket;

    private NotifySocket(Socket socket) => _socket = socket;

    /// <summary>Opens the socket of a path, or of an abstract name, which begins with <c>@</c>.</summary>
    /// <exception cref="ArgumentException">The address is neither, or too long.</exception>
    /// <exception cref="SocketException">Nobody listens there.</exception>
    public static NotifySocket Open(string address)
    {
        bool isAbstract = address.StartsWith('@');
        if (!isAbstract && !address.StartsWith('/'))
            throw new ArgumentException($"'{address}' is no path and no abstract name", nameof(address));
        var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { SendTimeout = SendTimeoutMs };
        try
        {
            // The kernel takes a name of zero octet and text as abstract; the end point counts the octets, so nothing follows the text.
            socket.Connect(new UnixDomainSocketEndPoint(isAbstract ? '\0' + address[1..] : address));
            return new NotifySocket(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Sends one message. False: it did not arrive.</summary>
    public bool Send(params ReadOnlySpan<string> lines)
    {
        byte[] message = Encoding.UTF8.GetBytes(string.Join('\n', lines));
        try
        {
            return _socket.Send(message) == message.Length;
        }
        catch (Exception failure) when (failure is SocketException or ObjectDisposedException)
        {
            return false;
        }
    }

    public void Dispose() => _socket.Dispose();
}
