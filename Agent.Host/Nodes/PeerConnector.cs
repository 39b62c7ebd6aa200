using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Agent.Actors.Cluster;
using Agent.Host.Configuration;

namespace Agent.Host.Nodes;

/// <summary>
/// Connections to one peer for HttpClient, which speaks HTTP/2 on them without asking. TLS is done here, not by the handler, so that each
/// connection has the certificate that is in force when it is opened.
/// </summary>
internal sealed class PeerConnector(NodePeer peer, NodeLinkOptions options, NodeTls? tls)
{
    /// <summary>A client whose connections go to the peer, whatever the address of a request says.</summary>
    public HttpClient CreateClient()
    {
        var handler = new SocketsHttpHandler
        {
            ConnectCallback = async (_, cancelled) => await ConnectAsync(cancelled),
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            ActivityHeadersPropagator = null,
            ConnectTimeout = options.GreetingMax,
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
            MaxResponseHeadersLength = 16,
        };
        return new HttpClient(handler, disposeHandler: true)
        {
            Timeout = Timeout.InfiniteTimeSpan,
            BaseAddress = new Uri("http://node-link/"),
            DefaultRequestVersion = HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
    }

    private async Task<Stream> ConnectAsync(CancellationToken cancelled)
    {
        HostEndpoint endpoint = HostEndpoint.Parse(peer.Address, 0) is { Port: > 0 } parsed
            ? parsed
            : throw new IOException($"'{peer.Address}' is not an address with a port");
        Socket socket = await OpenAsync(endpoint, cancelled);
        Stream stream = new NetworkStream(socket, ownsSocket: true);
        if (tls is null) return stream;
        var secured = new SslStream(stream);
        try
        {
            await secured.AuthenticateAsClientAsync(tls.ForClient(options.Cluster, peer.Node), cancelled);
            return secured;
        }
        catch
        {
            await secured.DisposeAsync();
            throw;
        }
    }

    private async Task<Socket> OpenAsync(HostEndpoint endpoint, CancellationToken cancelled)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(endpoint.ToEndPoint(), cancelled);
            bool isNear = socket.RemoteEndPoint is IPEndPoint { Address: var address }
                && IPAddress.IsLoopback(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address);
            return tls is not null || options.AllowPlaintext || isNear
                ? socket
                : throw new IOException($"without TLS only peers on loopback are reached, and not {endpoint}");
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
