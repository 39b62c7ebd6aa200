using System.Diagnostics.Metrics;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Agent.Actors.Reasons;
using Agent.Actors.Telemetry;
using Agent.Host.Transfers;

namespace Agent.Host.Sockets;

/// <summary>Shakes hands with clients as the server of DNS over TLS (RFC 7858, RFC 9103), under a profile that can be replaced.</summary>
/// <remarks>
/// TLS 1.3 only. A client that names protocols must name "dot"; one that names none is served, but may have to do without transfers
/// (<see cref="Agent.Actors.Listeners.ListenerPolicy.TransferNeedsDot"/>). A certificate that is shown must be good: a client that means to
/// be somebody is not quietly taken for nobody.
/// </remarks>
internal sealed class TlsAcceptor(TlsServerProfile profile, TimeSpan handshakeTimeout, int handshakesMax)
{
    private static readonly Counter<long> Handshakes = AgentMetrics.Meter.CreateCounter<long>(
        "dnsagent_tls_handshakes_total", description: "TLS handshakes that clients began, by result.");

    private volatile TlsServerProfile _profile = profile;

    /// <summary>A client that has not finished by then is sent away.</summary>
    public long TimeoutMs { get; } = (long)handshakeTimeout.TotalMilliseconds;

    /// <summary>Handshakes under way at one address; beyond it the oldest makes room.</summary>
    public int HandshakesMax => handshakesMax;

    /// <summary>Takes another profile from the next connection on.</summary>
    public void Replace(TlsServerProfile other) => _profile = other;

    /// <summary>Makes the series appear before anything has happened.</summary>
    public static void Begin() => Handshakes.BeginAtZero(
        "result", "done", "alpn", "client_certificate_expired", "client_certificate_untrusted", "failed", "client_gone", "timeout", "shed");

    public static void Count(string result) => Handshakes.Add(1, new KeyValuePair<string, object?>("result", result));

    /// <summary>Null when it came to nothing; what was counted says why.</summary>
    public async Task<SslStream?> ShakeHandsAsync(Socket socket, CancellationToken cancellation)
    {
        TlsServerProfile current = _profile;
        Reason? problem = null;
        var stream = new SslStream(new NetworkStream(socket, ownsSocket: false));
        try
        {
            await stream.AuthenticateAsServerAsync(
                new SslServerAuthenticationOptions
                {
                    ServerCertificateContext = current.Own,
                    EnabledSslProtocols = SslProtocols.Tls13,
                    ApplicationProtocols = [TlsDoor.Dot],
                    ClientCertificateRequired = current.ClientAuthorities is not null,
                    CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
                    CertificateChainPolicy = TlsDoor.WithoutDownloads(),
                    // Who once proved something to an earlier profile must prove it to this one.
                    AllowTlsResume = current.ClientAuthorities is null,
                    RemoteCertificateValidationCallback = (_, certificate, chain, _) =>
                        (problem = current.Judge(certificate as X509Certificate2, chain)) is null,
                },
                cancellation);
            Count("done");
            return stream;
        }
        catch (Exception failure) when (failure is AuthenticationException or IOException or SocketException
            or ObjectDisposedException or OperationCanceledException or InvalidOperationException)
        {
            // Who closes a connection while it shakes hands has counted why.
            if (!cancellation.IsCancellationRequested) Count(ResultOf(problem ?? TlsDoor.Describe(failure), failure));
            await stream.DisposeAsync();
            return null;
        }
    }

    private static string ResultOf(Reason reason, Exception failure) => reason.Code switch
    {
        ReasonCode.TlsAlpn => "alpn",
        ReasonCode.TlsExpired => "client_certificate_expired",
        ReasonCode.TlsUntrusted => "client_certificate_untrusted",
        _ when failure is AuthenticationException => "failed",
        _ => "client_gone",
    };
}
