using System.Net.Sockets;

namespace Agent.Backends.Shared;

/// <summary>Connections to the control socket of a server on this machine. Where there is none, the runtime's own words would speak of
/// addresses.</summary>
internal static class ControlSocket
{
    /// <summary>Connects to whoever listens at a path.</summary>
    /// <exception cref="SocketException">Nobody does, or does not let us; its message is a sentence part about the path.</exception>
    public static async Task<Socket> ConnectAsync(string path, CancellationToken cancellation)
    {
        Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellation);
            return socket;
        }
        catch (SocketException error) when (Text(error.SocketErrorCode, path) is { } text)
        {
            socket.Dispose();
            throw new SocketException((int)error.SocketErrorCode, text);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Null for what the runtime says well enough.</summary>
    private static string? Text(SocketError error, string path) => error switch
    {
        // ENOENT; ENOTDIR and ELOOP have no code of their own.
        SocketError.AddressNotAvailable or SocketError.SocketError when !File.Exists(path) => $"there is no socket {path}",
        SocketError.ConnectionRefused => $"nobody listens at {path}",
        SocketError.AccessDenied => $"permission denied for {path}",
        _ => null,
    };
}
