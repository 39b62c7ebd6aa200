using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Agent.Actors.Reasons;
using Agent.Actors.Transfers;

namespace Agent.Host.Transfers;

/// <summary>The TLS profiles by name, which can be replaced at any time, and the handshake with a master under one of them.</summary>
public sealed class TlsDoor(IReadOnlyDictionary<string, TlsProfile> profiles)
{
    internal static readonly SslApplicationProtocol Dot = new("dot");

    private volatile IReadOnlyDictionary<string, TlsProfile> _profiles = profiles;

    /// <summary>Takes other profiles from the next connection on; kept connections under an earlier one are not used again.</summary>
    public void Replace(IReadOnlyDictionary<string, TlsProfile> profiles) => _profiles = profiles;

    /// <summary>The profile that a master is to be asked under; null for one that is asked in the clear.</summary>
    /// <exception cref="TlsRefusedException">There is no such profile any more: never is anything asked in the clear instead.</exception>
    internal TlsProfile? ProfileOf(Master master)
    {
        if (master.Tls is not { } name)
            return null;
        return _profiles.GetValueOrDefault(name)
            ?? throw new TlsRefusedException(new Reason(ReasonCode.TlsFailed, $"there is no tls profile {name} to ask it under"));
    }

    /// <summary>Shakes hands as the client.</summary>
    /// <exception cref="TlsRefusedException">One side does not accept the other.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    internal static async Task<SslStream> ShakeHandsAsync(
        Socket socket, TlsProfile profile, string host, CancellationToken cancellation)
    {
        Reason? problem = null;
        var stream = new SslStream(new NetworkStream(socket, ownsSocket: false));
        try
        {
            await stream.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions
                {
                    TargetHost = profile.HostName ?? host,
                    EnabledSslProtocols = SslProtocols.Tls13,
                    ApplicationProtocols = [Dot],
                    ClientCertificateContext = profile.Own,
                    CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
                    CertificateChainPolicy = WithoutDownloads(),
                    RemoteCertificateValidationCallback = (_, certificate, chain, _) =>
                        (problem = profile.Judge(certificate as X509Certificate2, chain, host)) is null,
                },
                cancellation);
            if (profile.IsAlpnRequired && stream.NegotiatedApplicationProtocol != Dot)
            {
                throw new TlsRefusedException(new Reason(
                    ReasonCode.TlsAlpn, "it did not choose the protocol \"dot\" (ALPN); alpn = lenient in its tls profile does without"));
            }

            return stream;
        }
        catch (Exception failure) when (failure is AuthenticationException or IOException or SocketException)
        {
            await stream.DisposeAsync();
            throw new TlsRefusedException(problem ?? Describe(failure), failure);
        }
        catch
        {
            await stream.DisposeAsync();
            throw;
        }
    }

    /// <summary>What the peer did, from the messages of the library below.</summary>
    internal static Reason Describe(Exception failure)
    {
        Exception inmost = failure;
        while (inmost.InnerException is { } inner)
            inmost = inner;
        string text = inmost.Message.Trim().TrimEnd('.');
        if (text.Contains("no application protocol", StringComparison.OrdinalIgnoreCase))
            return new Reason(ReasonCode.TlsAlpn, "it does not know the protocol \"dot\" (ALPN)");
        bool isOld = text.Contains("protocol version", StringComparison.OrdinalIgnoreCase)
            || text.Contains("unsupported protocol", StringComparison.OrdinalIgnoreCase);
        return new Reason(ReasonCode.TlsFailed, isOld ? "it does not speak TLS 1.3" : $"no TLS connection: {text}");
    }

    /// <summary>A handshake must not wait for the servers that a certificate names.</summary>
    internal static X509ChainPolicy WithoutDownloads() => new()
    {
        RevocationMode = X509RevocationMode.NoCheck,
        DisableCertificateDownloads = true,
    };
}
