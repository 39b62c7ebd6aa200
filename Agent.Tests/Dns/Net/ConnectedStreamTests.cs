using System.Net;
using System.Net.Sockets;
using Agent.Dns.Net;

namespace Agent.Tests.Dns.Net;

public sealed class ConnectedStreamTests
{
    [Fact]
    public async Task A_server_that_has_reset_its_new_connection_was_not_reached()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        using SocketsHttpHandler handler = new() { ConnectCallback = async (_, cancellation) => await ResetAsync(listener, cancellation) };
        using HttpClient client = new(handler);

        HttpRequestException failure = await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync(new Uri("http://server/")));

        Assert.IsType<SocketException>(failure.InnerException);
    }

    [Fact]
    public async Task The_socket_of_a_connection_that_fails_is_gone()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        EndPoint nobody = listener.LocalEndpoint;
        listener.Stop();
        using Socket socket = new(SocketType.Stream, ProtocolType.Tcp);

        await Assert.ThrowsAsync<SocketException>(() => ConnectedStream.OpenAsync(socket, nobody, CancellationToken.None).AsTask());

        Assert.True(socket.SafeHandle.IsClosed);
    }

    /// <summary>What the HTTP client gets: a connection of which it cannot know yet that it has ended.</summary>
    private static async Task<Stream> ResetAsync(TcpListener listener, CancellationToken cancellation)
    {
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(listener.LocalEndpoint, cancellation);
            using (Socket accepted = await listener.AcceptSocketAsync(cancellation)) accepted.LingerState = new LingerOption(true, 0);
            // The end is here once there is something to read, and nothing was written.
            while (!socket.Poll(TimeSpan.FromSeconds(1), SelectMode.SelectRead)) cancellation.ThrowIfCancellationRequested();
            return ConnectedStream.Over(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
