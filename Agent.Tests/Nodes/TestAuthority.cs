using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Agent.Bench.Peers;
using Agent.Host.Nodes;

namespace Agent.Tests.Nodes;

/// <summary>A certificate authority of one test, which gives out certificates for nodes as files.</summary>
internal sealed class TestAuthority : IDisposable
{
    private static readonly DateTimeOffset From = DateTimeOffset.UnixEpoch.AddYears(40);
    private static readonly DateTimeOffset Until = DateTimeOffset.UnixEpoch.AddYears(100);

    private readonly TemporaryFolder _folder = new("ca");
    private readonly X509Certificate2 _certificate;
    private int _serial;

    public TestAuthority()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN=authority {Guid.NewGuid():N}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        _certificate = request.CreateSelfSigned(From, Until);
        File = _folder.Write("authority.pem", _certificate.ExportCertificatePem() + "\n");
    }

    public string File { get; }

    /// <summary>Files for a node whose certificate carries the name as DNS name, or other names.</summary>
    public NodeTlsFiles Issue(string node, Action<SubjectAlternativeNameBuilder>? names = null)
    {
        var files = new NodeTlsFiles(File, _folder.Combine($"{node}.pem"), _folder.Combine($"{node}.key"));
        Write(files, names ?? (builder => builder.AddDnsName(node)));
        return files;
    }

    /// <summary>Writes another certificate and key into the same files.</summary>
    public void Write(NodeTlsFiles files, Action<SubjectAlternativeNameBuilder> names)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=node", key, HashAlgorithmName.SHA256);
        var builder = new SubjectAlternativeNameBuilder();
        builder.AddIpAddress(IPAddress.Loopback);
        names(builder);
        request.CertificateExtensions.Add(builder.Build());
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(
            [new Oid("1.3.6.1.5.5.7.3.1"), new Oid("1.3.6.1.5.5.7.3.2")], critical: false));
        byte[] serial = BitConverter.GetBytes(Interlocked.Increment(ref _serial));
        using X509Certificate2 certificate = request.Create(_certificate, From, Until, serial);
        System.IO.File.WriteAllText(files.KeyFile, key.ExportPkcs8PrivateKeyPem());
        System.IO.File.WriteAllText(files.CertificateFile, certificate.ExportCertificatePem());
    }

    public void Dispose()
    {
        _certificate.Dispose();
        _folder.Dispose();
    }
}
