using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Agent.Bench.Peers;

namespace Agent.Tests.Etcd;

/// <summary>An authority of one test and the PEM files of what it signs.</summary>
internal sealed class TestAuthority : IDisposable
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    private readonly TemporaryFolder _folder;
    private readonly X509Certificate2 _authority;
    private readonly string _name;

    public TestAuthority(TemporaryFolder folder, string name)
    {
        _folder = folder;
        _name = name;
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        _authority = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddDays(1));
        CaFile = folder.Write($"{name}.pem", _authority.ExportCertificatePem());
    }

    public string CaFile { get; }

    /// <summary>
    /// Certificate and key, as files. etcd's gateway reaches its own server with that server's certificate, so it serves for clients too.
    /// </summary>
    public (string CertificateFile, string KeyFile) Issue(string subject, params string[] servedNames)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new($"CN={subject}", key, HashAlgorithmName.SHA256);
        OidCollection uses = [new Oid(ClientAuthentication)];
        if (servedNames.Length > 0)
        {
            uses.Add(new Oid(ServerAuthentication));
            SubjectAlternativeNameBuilder names = new();
            foreach (string name in servedNames)
            {
                if (IPAddress.TryParse(name, out IPAddress? address)) names.AddIpAddress(address);
                else names.AddDnsName(name);
            }

            request.CertificateExtensions.Add(names.Build());
        }

        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(uses, false));
        using X509Certificate2 certificate = request.Create(
            _authority, DateTimeOffset.UtcNow.AddMinutes(-30), DateTimeOffset.UtcNow.AddHours(12), RandomNumberGenerator.GetBytes(8));
        return (
            _folder.Write($"{_name}-{subject}.pem", certificate.ExportCertificatePem()),
            _folder.Write($"{_name}-{subject}.key", key.ExportPkcs8PrivateKeyPem()));
    }

    public EtcdTlsFiles ServerFiles(params string[] servedNames)
    {
        (string server, string serverKey) = Issue("server", servedNames);
        (string client, string clientKey) = Issue("operator");
        return new EtcdTlsFiles(CaFile, server, serverKey, client, clientKey);
    }

    public void Dispose() => _authority.Dispose();
}
