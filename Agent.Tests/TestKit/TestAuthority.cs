using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Agent.Bench.Peers;
using Agent.Host.Nodes;

namespace Agent.Tests.TestKit;

/// <summary>A certificate authority of one test, and the PEM files of what it signs.</summary>
internal sealed class TestAuthority : IDisposable
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";
    private static readonly DateTimeOffset From = DateTimeOffset.UnixEpoch.AddYears(40);
    private static readonly DateTimeOffset Until = DateTimeOffset.UnixEpoch.AddYears(100);

    private readonly TemporaryFolder? _own;
    private readonly TemporaryFolder _folder;
    private readonly X509Certificate2 _certificate;
    private readonly string _name;
    private int _serial;

    /// <summary>Until when what is issued next is valid.</summary>
    public DateTimeOffset ValidUntil { get; set; } = Until;

    /// <summary>An authority whose files are gone with it.</summary>
    public TestAuthority()
        : this(new TemporaryFolder("ca"), $"authority-{Guid.NewGuid():N}") => _own = _folder;

    /// <summary>Another one with the same folder and name writes other certificates into the same files.</summary>
    public TestAuthority(TemporaryFolder folder, string name)
    {
        _folder = folder;
        _name = name;
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        _certificate = request.CreateSelfSigned(From, Until);
        CaFile = folder.Write($"{name}.pem", _certificate.ExportCertificatePem() + "\n");
    }

    public string CaFile { get; }

    /// <summary>
    /// Certificate and key, as files. etcd's gateway reaches its own server with that server's certificate, so it serves for clients too.
    /// </summary>
    public (string CertificateFile, string KeyFile) Issue(string subject, params string[] servedNames)
    {
        string file = _folder.Combine($"{_name}-{subject}");
        (string CertificateFile, string KeyFile) files = ($"{file}.pem", $"{file}.key");
        var names = new SubjectAlternativeNameBuilder();
        foreach (string name in servedNames)
        {
            if (IPAddress.TryParse(name, out IPAddress? address)) names.AddIpAddress(address);
            else names.AddDnsName(name);
        }

        Write(files.CertificateFile, files.KeyFile, subject, servedNames.Length > 0 ? names : null);
        return files;
    }

    /// <summary>Files for an etcd that wants certificates of its clients.</summary>
    public EtcdTlsFiles ServerFiles(params string[] servedNames)
    {
        (string server, string serverKey) = Issue("server", servedNames);
        (string client, string clientKey) = Issue("operator");
        return new EtcdTlsFiles(CaFile, server, serverKey, client, clientKey);
    }

    /// <summary>Files for a node whose certificate carries the name as DNS name, or other names.</summary>
    public NodeTlsFiles IssueNode(string node, Action<SubjectAlternativeNameBuilder>? names = null)
    {
        var files = new NodeTlsFiles(CaFile, _folder.Combine($"{node}.pem"), _folder.Combine($"{node}.key"));
        Write(files, names ?? (builder => builder.AddDnsName(node)));
        return files;
    }

    /// <summary>Writes another certificate and key into the same files.</summary>
    public void Write(NodeTlsFiles files, Action<SubjectAlternativeNameBuilder> names)
    {
        var builder = new SubjectAlternativeNameBuilder();
        builder.AddIpAddress(IPAddress.Loopback);
        names(builder);
        Write(files.CertificateFile, files.KeyFile, "node", builder);
    }

    public void Dispose()
    {
        _certificate.Dispose();
        _own?.Dispose();
    }

    /// <param name="names">Null for one that only asks and never serves.</param>
    private void Write(string certificateFile, string keyFile, string subject, SubjectAlternativeNameBuilder? names)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        // With a common name in the certificate of a client, etcd's gateway takes no users.
        var request = new CertificateRequest(names is null ? $"O={subject}" : $"CN={subject}", key, HashAlgorithmName.SHA256);
        OidCollection uses = [new Oid(ClientAuthentication)];
        if (names is not null)
        {
            uses.Add(new Oid(ServerAuthentication));
            request.CertificateExtensions.Add(names.Build());
        }

        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(uses, critical: false));
        byte[] serial = BitConverter.GetBytes(Interlocked.Increment(ref _serial));
        using X509Certificate2 certificate = request.Create(_certificate, From, ValidUntil, serial);
        File.WriteAllText(keyFile, key.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(certificateFile, certificate.ExportCertificatePem());
    }
}
