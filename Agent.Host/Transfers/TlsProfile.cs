using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Agent.Actors.Reasons;

namespace Agent.Host.Transfers;

/// <summary>
/// How a peer must prove who it is over TLS, and how we do (RFC 9103 section 9.3, RFC 8310 section 8). The files are read when it is
/// made, so a changed certificate counts from the next reload on.
/// </summary>
/// <param name="Name">As the user wrote it.</param>
public sealed record TlsProfile(string Name)
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    /// <summary>Authorities that may vouch for the peer; null: those of the system.</summary>
    public X509Certificate2Collection? Authorities { get; init; }

    /// <summary>The name that the peer's certificate must bear; null: the host by which the peer is configured.</summary>
    public string? HostName { get; init; }

    /// <summary>SHA-256 of public keys (SubjectPublicKeyInfo), of which the peer must have one; empty: any key.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> Pins { get; init; } = [];

    /// <summary>What we show to a peer that asks; null: nothing.</summary>
    public SslStreamCertificateContext? Own { get; init; }

    /// <summary>Whether the peer must choose the protocol "dot", as RFC 9103 section 7.1 wants it.</summary>
    public bool IsAlpnRequired { get; init; } = true;

    /// <summary>Judges a server's certificate; null when it proves that the server is who was meant.</summary>
    /// <param name="certificate">What it showed.</param>
    /// <param name="sent">Everything that it sent: intermediate authorities are among them.</param>
    /// <param name="host">The host by which it is configured.</param>
    public Reason? Judge(X509Certificate2? certificate, X509Chain? sent, string host)
    {
        if (certificate is null)
            return new Reason(ReasonCode.TlsUntrusted, "it showed no certificate");
        if (Pins.Count > 0)
        {
            byte[] pin = PinOf(certificate);
            if (!Pins.Any(known => known.Span.SequenceEqual(pin)))
                return new Reason(ReasonCode.TlsPin, $"its key is not one of the pins (it has {Convert.ToBase64String(pin)})");
            // A pinned key says all, whoever signed it and until when. With a ca-file both must hold.
            if (Authorities is null)
                return null;
        }

        if (JudgeChain(certificate, sent, Authorities, ServerAuthentication) is { } problem)
            return problem;
        string name = HostName ?? host;
        return certificate.MatchesHostname(name, allowWildcards: true, allowCommonName: false)
            ? null
            : new Reason(ReasonCode.TlsName, $"its certificate ({Describe(certificate)}) is not for {name}");
    }

    /// <summary>SHA-256 of the public key, as RFC 7858 section 4.2 pins it.</summary>
    public static byte[] PinOf(X509Certificate2 certificate)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        return SHA256.HashData(certificate.PublicKey.ExportSubjectPublicKeyInfo());
    }

    /// <summary>Judges who has signed a certificate, when and what for.</summary>
    /// <param name="authorities">Who may have signed it; null: whom the system trusts.</param>
    /// <param name="usage">The extended key usage that it must allow.</param>
    internal static Reason? JudgeChain(
        X509Certificate2 certificate, X509Chain? sent, X509Certificate2Collection? authorities, string usage)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(usage));
        if (authorities is not null)
        {
            chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            chain.ChainPolicy.CustomTrustStore.AddRange(authorities);
        }

        foreach (X509ChainElement element in sent?.ChainElements ?? Enumerable.Empty<X509ChainElement>())
            chain.ChainPolicy.ExtraStore.Add(element.Certificate);
        if (chain.Build(certificate))
            return null;
        X509ChainStatusFlags flags = chain.ChainStatus.Aggregate(X509ChainStatusFlags.NoError, (all, status) => all | status.Status);
        string why = string.Join(", ", chain.ChainStatus.Select(status => status.StatusInformation.Trim()).Distinct());
        // Trust first: a date in a certificate of a stranger means nothing.
        bool isOnlyLate = (flags & ~X509ChainStatusFlags.NotTimeNested) == X509ChainStatusFlags.NotTimeValid;
        return isOnlyLate
            ? new Reason(
                ReasonCode.TlsExpired,
                $"its certificate ({Describe(certificate)}) is valid from {certificate.NotBefore:u} to {certificate.NotAfter:u}")
            : new Reason(ReasonCode.TlsUntrusted, $"its certificate ({Describe(certificate)}) is not trusted: {why}");
    }

    /// <summary>The names that a certificate is for, in a few words.</summary>
    internal static string Describe(X509Certificate2 certificate)
    {
        X509SubjectAlternativeNameExtension? names = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().FirstOrDefault();
        string[] served = names is null ? [] : [.. names.EnumerateDnsNames(), .. names.EnumerateIPAddresses().Select(a => a.ToString())];
        return served.Length > 0 ? string.Join(", ", served.Take(4)) : certificate.Subject;
    }
}
