using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Agent.Host.Configuration.Hocon;
using Agent.Host.Sockets;
using Agent.Host.Transfers;

namespace Agent.Host.Configuration;

/// <summary>
/// The TLS profiles of masters, and the TLS that is served. Their files are read here, so that a wrong one is a problem of the
/// configuration.
/// </summary>
internal sealed partial class OptionsBinder
{
    /// <summary>Port of DNS over TLS (RFC 7858, RFC 9103).</summary>
    public const int TlsPort = 853;

    private static readonly HoconObject TlsDefaults = Defaults(
        "ca-file = \"\", hostname = \"\", pins = [], certificate-file = \"\", key-file = \"\", alpn = strict");

    private Dictionary<string, TlsProfile> ReadTlsProfiles()
    {
        var profiles = new Dictionary<string, TlsProfile>();
        foreach ((string name, HoconObject value, _) in _agent.Named("tls"))
            profiles.Add(name, ReadTlsProfile(_agent.Inner("tls", name, value, TlsDefaults), name));
        return profiles;
    }

    /// <summary>Null where no TLS is served, or after a problem.</summary>
    private static TlsListenOptions? ReadTlsListen(SectionReader section)
    {
        bool isOn = section.Flag("enabled");
        int port = section.Port("port");
        SslStreamCertificateContext? own = ReadOwnCertificate(section);
        if (isOn && section.Text("certificate-file").Length == 0)
            section.Problem("certificate-file", "TLS cannot be served without a certificate: certificate-file and key-file are needed");
        X509Certificate2Collection? authorities = ReadAuthorities(section);
        bool isStrict = section.Choice("alpn", ("strict", true), ("lenient", false));
        TimeSpan timeout = section.Duration("handshake-timeout", TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(5));
        int handshakes = section.Integer("handshakes", 1, 1_000_000);
        section.Done();
        return isOn && own is not null
            ? new TlsListenOptions(port, new TlsServerProfile(own) { ClientAuthorities = authorities }, isStrict, timeout, handshakes)
            : null;
    }

    private static TlsProfile ReadTlsProfile(SectionReader section, string name)
    {
        string hostName = section.Text("hostname");
        if (hostName.Length > 0 && !HostEndpoint.IsAddressOrName(hostName))
            section.Problem("hostname", $"the name in the server's certificate is needed, not '{hostName}'");
        bool isStrict = section.Choice("alpn", ("strict", true), ("lenient", false));
        var profile = new TlsProfile(name)
        {
            Authorities = ReadAuthorities(section),
            HostName = hostName.Length > 0 ? hostName.TrimEnd('.') : null,
            Pins = ReadPins(section),
            Own = ReadOwnCertificate(section),
            IsAlpnRequired = isStrict,
        };
        section.Done();
        return profile;
    }

    /// <summary>The certificates of ca-file; null when it is not given, or after a problem.</summary>
    private static X509Certificate2Collection? ReadAuthorities(SectionReader section)
    {
        string path = section.File("ca-file");
        if (path.Length == 0) return null;
        var authorities = new X509Certificate2Collection();
        try
        {
            authorities.ImportFromPemFile(path);
            if (authorities.Count == 0) section.Problem("ca-file", $"{path} holds no certificate in PEM form");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or CryptographicException)
        {
            section.Problem("ca-file", $"cannot read {path}: {failure.Message}");
        }

        return authorities;
    }

    /// <summary>The certificate that we show, with the intermediate ones of its file; null when none is given or usable.</summary>
    private static SslStreamCertificateContext? ReadOwnCertificate(SectionReader section)
    {
        string path = section.File("certificate-file"), keyPath = section.SecretFile("key-file");
        if (path.Length == 0 != (keyPath.Length == 0)) section.Problem("certificate-file", "certificate-file and key-file go together");
        if (path.Length == 0 || keyPath.Length == 0) return null;
        try
        {
            X509Certificate2 own = X509Certificate2.CreateFromPemFile(path, keyPath);
            var chain = new X509Certificate2Collection();
            chain.ImportFromPemFile(path);
            return SslStreamCertificateContext.Create(own, chain, offline: true);
        }
        catch (Exception failure)
            when (failure is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            section.Problem("certificate-file", $"cannot use {path} with {keyPath}: {failure.Message}");
            return null;
        }
    }

    private static List<ReadOnlyMemory<byte>> ReadPins(SectionReader section)
    {
        var pins = new List<ReadOnlyMemory<byte>>();
        foreach ((string text, HoconOrigin origin) in section.Words("pins"))
        {
            byte[] octets = new byte[text.Length];
            bool isBase64 = Convert.TryFromBase64String(text, octets, out int length);
            if (isBase64 && length == SHA256.HashSizeInBytes) pins.Add(octets.AsMemory(0, length));
            else section.ProblemAt(origin, "pins", $"SHA-256 of a public key in base64 is needed, not '{text}'");
        }

        return pins;
    }

    private static string? ReadTlsOf(SectionReader section, IReadOnlyDictionary<string, TlsProfile> profiles)
    {
        string name = section.Text("tls");
        if (name.Length == 0) return null;
        if (profiles.ContainsKey(name)) return name;
        string meant = NearestName.Find(name, profiles.Keys) is { } nearest ? $"; did you mean {nearest}?" : "";
        section.Problem("tls", $"agent.tls has no profile named {name}{meant}");
        return name;
    }
}
