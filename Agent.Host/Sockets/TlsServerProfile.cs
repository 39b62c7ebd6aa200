using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Agent.Actors.Listeners;
using Agent.Actors.Reasons;
using Agent.Host.Transfers;

namespace Agent.Host.Sockets;

/// <summary>How the agent proves over TLS who it is, and whom it believes. The files are read when it is made.</summary>
/// <param name="Own">Certificate, key and intermediate certificates that clients are shown.</param>
public sealed record TlsServerProfile(SslStreamCertificateContext Own)
{
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    /// <summary>Authorities that may vouch for clients; null: clients are not asked for a certificate.</summary>
    public X509Certificate2Collection? ClientAuthorities { get; init; }

    /// <summary>Why a certificate that a client has shown proves nothing; null when it does, or when none was shown.</summary>
    internal Reason? Judge(X509Certificate2? certificate, X509Chain? sent) =>
        certificate is null || ClientAuthorities is null
            ? null
            : TlsProfile.JudgeChain(certificate, sent, ClientAuthorities, ClientAuthentication);

    /// <summary>What is known of a client after a handshake.</summary>
    internal static TlsClient Describe(SslStream stream)
    {
        IEnumerable<string>? names = (stream.RemoteCertificate as X509Certificate2)?.Extensions
            .OfType<X509SubjectAlternativeNameExtension>().FirstOrDefault()?.EnumerateDnsNames();
        return new TlsClient(
            stream.NegotiatedApplicationProtocol == TlsDoor.Dot, names is null ? [] : [.. names.Select(name => name.TrimEnd('.'))]);
    }
}
