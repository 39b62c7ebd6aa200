using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Agent.Backends.Shared;
using Agent.Dns.Net;
using Agent.Host.Configuration;

namespace Agent.Host.Etcd;

/// <summary>The connections to all endpoints, and the TLS files behind them. Files that were replaced are read again when an endpoint is
/// greeted, so that a new certificate needs no restart.</summary>
/// <remarks>Any thread.</remarks>
internal sealed class EtcdTransport : IDisposable
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    private readonly EtcdOptions _options;
    private readonly Action<string> _filesRefused;
    private readonly Lock _gate = new();
    private readonly List<HttpMessageInvoker> _former = [];
    private string _stamp;
    private volatile HttpMessageInvoker _invoker;
    private volatile X509Certificate2? _own;

    /// <exception cref="EtcdOptionsException">A TLS file cannot be used.</exception>
    public EtcdTransport(EtcdOptions options, Action<string> filesRefused)
    {
        _options = options;
        _filesRefused = filesRefused;
        _stamp = Stamp();
        _invoker = Create();
    }

    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellation) =>
        _invoker.SendAsync(request, cancellation);

    /// <summary>What is wrong with the dates of our own certificate: a member that is shown one that is over only closes the connection.
    /// Null when nothing is.</summary>
    public string? OwnProblem(DateTimeOffset now) =>
        _own is { } own && CertificateDates.Problem(own, now) is { } problem
            ? $"our own certificate in {_options.CertificateFile} {problem}"
            : null;

    /// <summary>Connections that are opened from now on use the files as they are now.</summary>
    public void FollowFiles()
    {
        if (!_options.UsesTlsFiles) return;
        lock (_gate)
        {
            string stamp = Stamp();
            if (stamp == _stamp) return;
            _stamp = stamp;
            try
            {
                HttpMessageInvoker next = Create();
                // Requests and watches on good connections go on; the idle ones close by themselves.
                _former.Add(_invoker);
                _invoker = next;
            }
            catch (EtcdOptionsException failure)
            {
                _filesRefused(failure.Message);
            }
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _invoker.Dispose();
            foreach (HttpMessageInvoker former in _former) former.Dispose();
        }
    }

    private static ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellation)
    {
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        // A watch is silent for minutes: the kernel finds out that its other end has gone without a word.
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, 5);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, 2);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, 3);
        return ConnectedStream.OpenAsync(socket, context.DnsEndPoint, cancellation);
    }

    private HttpMessageInvoker Create()
    {
        SocketsHttpHandler handler = new()
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            ActivityHeadersPropagator = null,
            ConnectTimeout = _options.Timeout * 0.3,
            ConnectCallback = ConnectAsync,
            PooledConnectionIdleTimeout = TimeSpan.FromMinutes(1),
            PooledConnectionLifetime = TimeSpan.FromMinutes(10),
            MaxResponseHeadersLength = 16,
            MaxResponseDrainSize = 0,
        };
        try
        {
            if (_options.UsesTlsFiles) handler.SslOptions = ReadFiles();
            return new HttpMessageInvoker(handler);
        }
        catch (Exception failure)
            when (failure is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            handler.Dispose();
            throw new EtcdOptionsException($"the TLS files for etcd cannot be used: {failure.Message}", failure);
        }
    }

    private SslClientAuthenticationOptions ReadFiles()
    {
        SslClientAuthenticationOptions tls = new();
        if (_options.CaFile.Length > 0)
        {
            X509ChainPolicy policy = new()
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
                DisableCertificateDownloads = true,
            };
            policy.ApplicationPolicy.Add(new Oid(ServerAuthentication));
            policy.CustomTrustStore.ImportFromPemFile(_options.CaFile);
            if (policy.CustomTrustStore.Count == 0) throw new CryptographicException($"{_options.CaFile} holds no certificate");
            tls.CertificateChainPolicy = policy;
        }

        if (_options.CertificateFile.Length > 0)
        {
            X509Certificate2 own = X509Certificate2.CreateFromPemFile(
                _options.CertificateFile, _options.KeyFile.Length > 0 ? _options.KeyFile : null);
            X509Certificate2Collection chain = [];
            chain.ImportFromPemFile(_options.CertificateFile);
            _own = own;
            tls.ClientCertificateContext = SslStreamCertificateContext.Create(own, chain, offline: true);
        }

        return tls;
    }

    private string Stamp() => FileStamp.Of(_options.CaFile, _options.CertificateFile, _options.KeyFile);
}
