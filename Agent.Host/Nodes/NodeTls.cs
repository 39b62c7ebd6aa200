using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Agent.Backends.Shared;
using Agent.Host.Telemetry;

namespace Agent.Host.Nodes;

/// <summary>
/// Mutual TLS from files. At each new connection the files are looked at, and read again when they have changed; files that cannot be used
/// leave what was read before in force. Connections that stand are not looked at again.
/// </summary>
internal sealed partial class NodeTls : IDisposable
{
    private readonly Lock _gate = new();
    private readonly NodeTlsFiles _files;
    private readonly ILogger _logger;
    private readonly RepeatGuard _refusals = new(TimeProvider.System);
    private Material _material;
    private string _complainedOf = "";

    /// <exception cref="NodeLinkException">The files cannot be used, or the certificate does not name this node.</exception>
    public NodeTls(NodeTlsFiles files, string cluster, string node, ILogger logger)
    {
        _files = files;
        _logger = logger;
        try
        {
            _material = Load(Stamp());
        }
        catch (Exception exception) when (IsUnusable(exception))
        {
            throw new NodeLinkException($"the certificate of the node link cannot be used: {exception.Message}", exception);
        }
        if (CertificateNames.Allow(_material.Certificate, cluster, node)) return;
        string names = CertificateNames.Describe(_material.Certificate);
        throw new NodeLinkException($"{files.CertificateFile} must name the node {node} as DNS or URI, and names {names}");
    }

    /// <summary>For a connection that a peer opened from there. Every certificate of the authorities passes; its name is compared with the
    /// greeting.</summary>
    public SslServerAuthenticationOptions ForServer(EndPoint? from)
    {
        Material material = Current();
        return new SslServerAuthenticationOptions
        {
            ServerCertificateContext = material.Context,
            ClientCertificateRequired = true,
            ApplicationProtocols = [SslApplicationProtocol.Http2],
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            CertificateChainPolicy = material.ChainPolicy(),
            RemoteCertificateValidationCallback = (_, certificate, chain, errors) =>
            {
                string? problem = Problem(certificate, chain, errors);
                if (problem is not null) SayRefused(certificate as X509Certificate2, from, problem);
                return problem is null;
            },
        };
    }

    /// <summary>For a connection to a node; what comes back must name it.</summary>
    public SslClientAuthenticationOptions ForClient(string cluster, string node)
    {
        Material material = Current();
        return new SslClientAuthenticationOptions
        {
            TargetHost = node,
            ClientCertificateContext = material.Context,
            ApplicationProtocols = [SslApplicationProtocol.Http2],
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            CertificateChainPolicy = material.ChainPolicy(),
            RemoteCertificateValidationCallback = (_, certificate, chain, errors) =>
            {
                string? problem = Problem(certificate, chain, errors);
                if (problem is null && !CertificateNames.Allow((X509Certificate2)certificate!, cluster, node))
                    problem = $"its certificate names {CertificateNames.Describe((X509Certificate2)certificate!)}";
                return problem is null ? true : throw new AuthenticationException($"certificate: {problem}");
            },
        };
    }

    public void Dispose() => _material.Certificate.Dispose();

    private static string? Problem(X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (certificate is not X509Certificate2) return "it shows no certificate";
        if (!errors.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors)) return null; // The name is compared elsewhere.
        X509ChainStatusFlags flags = (chain?.ChainStatus ?? []).Aggregate(
            X509ChainStatusFlags.NoError, (all, status) => all | status.Status);
        // Trust first: a date in a certificate of a stranger means nothing.
        return (flags & ~X509ChainStatusFlags.NotTimeNested) switch
        {
            X509ChainStatusFlags.NotTimeValid => Late(chain!),
            X509ChainStatusFlags.NotValidForUsage => "its certificate is not for this use: it needs both, server and client",
            _ => $"its certificate is not one of our authority ({flags})",
        };
    }

    /// <summary>The certificate, or one of the authorities above it, is over or not valid yet.</summary>
    private static string Late(X509Chain chain)
    {
        X509ChainElement? late = chain.ChainElements.FirstOrDefault(
            element => element.ChainElementStatus.Any(status => status.Status == X509ChainStatusFlags.NotTimeValid));
        if (late is null) return "its certificate is not valid at this time";
        X509Certificate2 certificate = late.Certificate;
        string which = late == chain.ChainElements[0] ? "its certificate" : $"the certificate of its authority {certificate.Subject}";
        (DateTime from, DateTime until) = (certificate.NotBefore.ToUniversalTime(), certificate.NotAfter.ToUniversalTime());
        return $"{which} is valid from {from:u} to {until:u}";
    }

    /// <summary>Once a minute for each peer and problem: a node tries again several times in a second, each time from another
    /// port.</summary>
    private void SayRefused(X509Certificate2? certificate, EndPoint? from, string problem)
    {
        string address = from is IPEndPoint there ? there.Address.ToString() : "an address that is not known";
        string peer = $"{(certificate is null ? "a peer" : CertificateNames.Describe(certificate))} at {address}";
        if (_refusals.MaySay($"{peer} {problem}")) LogRefused(_logger, peer, problem);
    }

    private static bool IsUnusable(Exception exception) =>
        exception is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException;

    private Material Current()
    {
        lock (_gate)
        {
            string stamp = "";
            try
            {
                stamp = Stamp();
                if (stamp == _material.Stamp) return _material;
                _material = Load(stamp); // The former stays alive with the connections that use it.
                LogReloaded(_logger, _files.CertificateFile, _material.Certificate.NotAfter.ToUniversalTime());
            }
            catch (Exception exception) when (IsUnusable(exception))
            {
                if (stamp != _complainedOf) LogKept(_logger, _files.CertificateFile, exception.Message);
                _complainedOf = stamp;
            }
            return _material;
        }
    }

    private string Stamp() => FileStamp.Of(_files.AuthorityFile, _files.CertificateFile, _files.KeyFile);

    private Material Load(string stamp)
    {
        X509Certificate2 certificate = X509Certificate2.CreateFromPemFile(_files.CertificateFile, _files.KeyFile);
        X509Certificate2Collection behind = [];
        behind.ImportFromPemFile(_files.CertificateFile);
        X509Certificate2Collection authorities = [];
        authorities.ImportFromPemFile(_files.AuthorityFile);
        if (authorities.Count == 0) throw new CryptographicException($"{_files.AuthorityFile} has no certificate");
        behind.RemoveAt(0);
        return new Material(stamp, certificate, SslStreamCertificateContext.Create(certificate, behind, offline: true), authorities);
    }

    [LoggerMessage(EventId = 610, EventName = "node-certificate-read", Level = LogLevel.Information,
        Message = "{File} was read again, valid until {Until:u}")]
    private static partial void LogReloaded(ILogger logger, string file, DateTime until);

    [LoggerMessage(EventId = 611, EventName = "node-certificate-kept", Level = LogLevel.Error,
        Message = "{File} has changed and cannot be used, the former certificate stays: {Problem}")]
    private static partial void LogKept(ILogger logger, string file, string problem);

    [LoggerMessage(EventId = 612, EventName = "node-certificate-refused", Level = LogLevel.Warning,
        Message = "node link: {Peer} was refused: {Problem}")]
    private static partial void LogRefused(ILogger logger, string peer, string problem);

    private sealed record Material(
        string Stamp, X509Certificate2 Certificate, SslStreamCertificateContext Context, X509Certificate2Collection Authorities)
    {
        public X509ChainPolicy ChainPolicy()
        {
            var policy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
                DisableCertificateDownloads = true,
            };
            policy.CustomTrustStore.AddRange(Authorities);
            return policy;
        }
    }
}
