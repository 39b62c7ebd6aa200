using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace Agent.Tests.TestKit;

/// <summary>TLS in front of a server that speaks in the clear: what comes is passed on, and the other way.</summary>
internal sealed class TlsFront : IAsyncDisposable
{
    private readonly IPEndPoint _behind;
    private readonly X509Certificate2 _certificate;
    private readonly TcpListener _listener;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _accepting;
    private int _accepted;

    public TlsFront(IPEndPoint behind, (string CertificateFile, string KeyFile) files)
    {
        _behind = behind;
        _certificate = X509Certificate2.CreateFromPemFile(files.CertificateFile, files.KeyFile);
        _listener = new TcpListener(IPAddress.Loopback, 0);
        _listener.Start();
        EndPoint = (IPEndPoint)_listener.LocalEndpoint;
        _accepting = AcceptAsync();
    }

    public IPEndPoint EndPoint { get; }

    public SslProtocols Protocols { get; init; } = SslProtocols.Tls13;

    /// <summary>Null: it does not know of ALPN.</summary>
    public string? Alpn { get; init; } = "dot";

    public bool NeedsClientCertificate { get; init; }

    /// <summary>After so many octets of the answer the TCP connection is closed without a word; null: never.</summary>
    public int? CutAfter { get; init; }

    public int ConnectionsAccepted => Volatile.Read(ref _accepted);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        _certificate.Dispose();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        var sessions = new List<Task>();
        try
        {
            while (true)
                sessions.Add(ServeAsync(await _listener.AcceptSocketAsync(_stop.Token)));
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException or InvalidOperationException)
        {
            // A listener that was stopped between two calls says that it is not listening.
            await Task.WhenAll(sessions);
        }
    }

    private async Task ServeAsync(Socket client)
    {
        using (client)
        {
            Interlocked.Increment(ref _accepted);
            try
            {
                using var tls = new SslStream(new NetworkStream(client));
                await tls.AuthenticateAsServerAsync(
                    new SslServerAuthenticationOptions
                    {
                        ServerCertificate = _certificate,
                        EnabledSslProtocols = Protocols,
                        ApplicationProtocols = Alpn is null ? null : [new SslApplicationProtocol(Alpn)],
                        ClientCertificateRequired = NeedsClientCertificate,
                        RemoteCertificateValidationCallback = (_, shown, _, _) => !NeedsClientCertificate || shown is not null,
                    },
                    _stop.Token);
                using var server = new TcpClient();
                await server.ConnectAsync(_behind, _stop.Token);
                await Task.WhenAny(
                    CopyAsync(tls, server.GetStream(), int.MaxValue), CopyAsync(server.GetStream(), tls, CutAfter ?? int.MaxValue));
                if (CutAfter is not null)
                    client.Close();
            }
            catch (Exception exception)
                when (exception is IOException or AuthenticationException or OperationCanceledException or SocketException)
            {
                // The client has heard, or does not want to hear.
            }
        }
    }

    private async Task CopyAsync(Stream from, Stream to, int most)
    {
        var buffer = new byte[4096];
        try
        {
            while (most > 0 && await from.ReadAsync(buffer.AsMemory(0, Math.Min(buffer.Length, most)), _stop.Token) is > 0 and var count)
            {
                await to.WriteAsync(buffer.AsMemory(0, count), _stop.Token);
                most -= count;
            }
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // The other direction ends with it.
        }
    }
}
