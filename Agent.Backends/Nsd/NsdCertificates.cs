using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Agent.Backends.Shared;

namespace Agent.Backends.Nsd;

/// <summary>The certificates of the control channel, read when first needed and again when a file has changed.</summary>
/// <remarks>Safe for any number of callers.</remarks>
internal sealed class NsdCertificates(NsdControlPlace.Tls place)
{
    private readonly Lock _gate = new();
    private string _stamp = "";
    private SslClientAuthenticationOptions? _options;

    /// <exception cref="BackendException">A file cannot be read, or holds something else.</exception>
    public SslClientAuthenticationOptions Current()
    {
        lock (_gate)
        {
            try
            {
                string stamp = FileStamp.Of(place.ServerCertificate, place.ClientCertificate, place.ClientKey);
                if (_options is null || stamp != _stamp)
                    _options = Read();
                _stamp = stamp;
                return _options;
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException or CryptographicException)
            {
                throw BackendException.Away($"cannot read the certificates for nsd's control channel: {error.Message}", error);
            }
        }
    }

    private SslClientAuthenticationOptions Read()
    {
        X509Certificate2Collection authorities = [];
        authorities.ImportFromPemFile(place.ServerCertificate);
        if (authorities.Count == 0)
            throw new CryptographicException($"{place.ServerCertificate} holds no certificate");
        X509ChainPolicy policy = new()
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        policy.CustomTrustStore.AddRange(authorities);
        X509Certificate2 ours = X509Certificate2.CreateFromPemFile(place.ClientCertificate, place.ClientKey);
        return new SslClientAuthenticationOptions
        {
            TargetHost = place.Host,
            ClientCertificateContext = SslStreamCertificateContext.Create(ours, additionalCertificates: null, offline: true),
            CertificateChainPolicy = policy,
            RemoteCertificateValidationCallback = Judge,
        };
    }

    /// <summary>nsd's certificate is for the name "nsd", wherever it runs: the file says whom we mean.</summary>
    /// <exception cref="AuthenticationException">It is not one of those; a plain no would be told without its reason.</exception>
    private bool Judge(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors problems)
    {
        if ((problems & ~SslPolicyErrors.RemoteCertificateNameMismatch) == SslPolicyErrors.None)
            return true;
        string[] faults = [.. (chain?.ChainStatus ?? []).Select(static one => one.StatusInformation.Trim().TrimEnd('.')).Distinct()];
        string why = certificate is null ? "it shows no certificate"
            : $"its certificate, {certificate.Subject}, is not vouched for by {place.ServerCertificate}"
                + (faults.Length > 0 ? $" ({string.Join("; ", faults)})" : "");
        throw new AuthenticationException(why);
    }
}
