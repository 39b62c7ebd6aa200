using System.Net;
using System.Text;
using Agent.Host.Configuration;

namespace Agent.Host.Etcd;

/// <summary>How the etcd of the cluster is reached. Files and addresses are checked when the store is opened.</summary>
public sealed record EtcdOptions
{
    /// <summary>
    /// Client addresses of the members, tried in this order: <c>https://host:port</c>, <c>http://host:port</c>, or <c>host:port</c>, which
    /// means https as soon as one of the TLS files is given.
    /// </summary>
    public required IReadOnlyList<string> Endpoints { get; init; }

    /// <summary>User of etcd; empty where its authentication is off.</summary>
    public string User { get; init; } = "";

    /// <summary>The user's password in UTF-8; null where it lies in a file, or where there is no user.</summary>
    public Secret? Password { get; init; }

    /// <summary>File that holds the user's password alone, read at every login; empty for none.</summary>
    public string PasswordFile { get; init; } = "";

    /// <summary>PEM file of the authorities that may vouch for the servers; empty for those of the system.</summary>
    public string CaFile { get; init; } = "";

    /// <summary>PEM file of our certificate, with what leads to its authority; empty for none.</summary>
    public string CertificateFile { get; init; } = "";

    /// <summary>PEM file of the certificate's key; empty when it is in the same file.</summary>
    public string KeyFile { get; init; } = "";

    /// <summary>Accepts http beyond loopback. Whoever reads that network then has the user's token, and with it the cluster.</summary>
    public bool AllowPlaintext { get; init; }

    /// <summary>Knows which etcd the cluster works with; null: the first one that answers is taken for it.</summary>
    public IEtcdMemory? Memory { get; init; }

    /// <summary>The key of the cluster's configuration, whose incarnation an operator raises for another etcd.</summary>
    public string ConfigKey { get; init; } = "";

    /// <summary>Within this time each request is answered, whatever happens.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(2.5);

    /// <summary>How often a quiet watch makes sure that its server lives, hears its peers and keeps nothing back.</summary>
    public TimeSpan WatchProbe { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>A watch without any sign of life for this long is ended.</summary>
    public TimeSpan WatchSilence { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Age at which the token is renewed; well below the lifetime that etcd gives it (300 s unless set otherwise).</summary>
    public TimeSpan TokenRenewal { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>How long no login is tried after one that was refused, unless the password has changed.</summary>
    public TimeSpan LoginPause { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Longest time that an endpoint is left alone after failures in a row; the first pause is a second.</summary>
    public TimeSpan PauseMax { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Octets of an answer, and of a watch's message with all its fragments; more is refused.</summary>
    public int AnswerMax { get; init; } = 16 * 1024 * 1024;

    /// <summary>Requests under way at the same time; more are refused at once.</summary>
    public int RequestsMax { get; init; } = 1024;

    /// <summary>Watches at the same time; more are refused at once.</summary>
    public int WatchesMax { get; init; } = 64;

    internal bool UsesTlsFiles => CaFile.Length > 0 || CertificateFile.Length > 0 || KeyFile.Length > 0;

    /// <summary>The addresses, read and checked together with everything that needs no file.</summary>
    /// <exception cref="EtcdOptionsException">Something does not fit; the text says what.</exception>
    internal IReadOnlyList<Uri> Check()
    {
        if (Endpoints.Count == 0) throw new EtcdOptionsException("no endpoint of etcd is given");
        bool hasPassword = Password is not null || PasswordFile.Length > 0;
        if (User.Length > 0 && !hasPassword) throw new EtcdOptionsException("a user of etcd needs a password");
        if (User.Length == 0 && hasPassword) throw new EtcdOptionsException("a password for etcd needs a user");
        if (KeyFile.Length > 0 && CertificateFile.Length == 0) throw new EtcdOptionsException("a key file needs a certificate file");
        if (Timeout < TimeSpan.FromMilliseconds(100)) throw new EtcdOptionsException("the timeout of etcd is below 100 ms");
        if (WatchProbe <= TimeSpan.Zero || WatchSilence < WatchProbe)
            throw new EtcdOptionsException("a watch must be probed more often than its silence ends it");
        Uri[] addresses = [.. Endpoints.Select(ReadAddress)];
        return addresses.Distinct().Count() == addresses.Length
            ? addresses
            : throw new EtcdOptionsException("an endpoint of etcd is given twice");
    }

    /// <summary>The password as it is now.</summary>
    /// <exception cref="IOException">Its file cannot be read, or is empty.</exception>
    /// <exception cref="UnauthorizedAccessException">Its file may not be read.</exception>
    internal string ReadPassword()
    {
        if (PasswordFile.Length == 0) return Encoding.UTF8.GetString(Password!.Reveal());
        string password = File.ReadAllText(PasswordFile).Trim();
        return password.Length > 0 ? password : throw new IOException($"{PasswordFile} is empty");
    }

    private Uri ReadAddress(string text)
    {
        string full = text.Contains("://", StringComparison.Ordinal) ? text : $"{(UsesTlsFiles ? "https" : "http")}://{text}";
        // What lies before an @ may be a password, so such a text is not repeated.
        if (full.Contains('@', StringComparison.Ordinal)) throw new EtcdOptionsException("an endpoint of etcd carries no user");
        if (!Uri.TryCreate(full, UriKind.Absolute, out Uri? address)
            || (address.Scheme != Uri.UriSchemeHttp && address.Scheme != Uri.UriSchemeHttps)
            || address.PathAndQuery != "/"
            || address.Fragment.Length > 0
            || address.Host.Length == 0)
        {
            throw new EtcdOptionsException($"'{text}' is no endpoint of etcd, as https://host:2379 is");
        }

        if (address.Scheme == Uri.UriSchemeHttp)
        {
            if (!AllowPlaintext && !IsLoopback(address))
                throw new EtcdOptionsException($"'{text}' is beyond this machine and has no TLS; allow-plaintext accepts that");
            if (UsesTlsFiles) throw new EtcdOptionsException($"'{text}' has no TLS, so the files given for TLS would not be used");
        }

        return address;
    }

    private static bool IsLoopback(Uri address) =>
        string.Equals(address.Host, "localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(address.DnsSafeHost, out IPAddress? number) && IPAddress.IsLoopback(number));
}
