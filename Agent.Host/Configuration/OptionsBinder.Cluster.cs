using System.Net;
using System.Text.RegularExpressions;
using Agent.Host.Configuration.Hocon;

namespace Agent.Host.Configuration;

/// <summary>The section of the cluster, and what it asks of other sections.</summary>
internal sealed partial class OptionsBinder
{
    private const int LinkPort = 8055;
    private const int EtcdPort = 2379;

    /// <param name="nodeName">Name of this node: it becomes part of a key, and must be that of its certificate.</param>
    /// <param name="journal">A cluster's journal is shared.</param>
    private static ClusterOptions ReadCluster(SectionReader section, bool isEnabled, string nodeName, JournalPlace journal)
    {
        string name = section.Text("name");
        if (!PlainName().IsMatch(name)) section.Problem("name", $"letters, digits, '.', '-' and '_' are needed, not '{name}'");
        HostEndpoint? listen = section.Endpoint("listen", LinkPort, mayBeAnyPort: true);
        if (listen is not { Address: not null }) section.Problem("listen", "an IP address is needed, with or without port");
        HostEndpoint? advertise = section.Endpoint("advertise", LinkPort, mayBeAnyPort: true);
        bool allowPlaintext = section.Flag("allow-plaintext");
        var options = new ClusterOptions(
            isEnabled,
            name,
            section.Integer("shards", 1, 4096),
            listen ?? new HostEndpoint("127.0.0.1", LinkPort),
            advertise,
            section.Duration("lease-ttl", 2 * Second, TimeSpan.FromMinutes(10)),
            allowPlaintext,
            section.Duration("drain-timeout", TimeSpan.Zero, TimeSpan.FromMinutes(10)),
            section.Duration("warm-up-timeout", TimeSpan.Zero, TimeSpan.FromMinutes(10)),
            ReadEtcd(section.Section("etcd"), isEnabled),
            ReadCertificate(section.Section("tls"), isEnabled));
        if (isEnabled)
        {
            if (journal.Provider != JournalProvider.PostgreSql)
                section.Problem("enabled", "a cluster shares one journal: set agent.journal.provider = postgresql");
            if (!PlainName().IsMatch(nodeName))
                section.Problem("enabled", $"agent.name must be of letters, digits, '.', '-' and '_', not '{nodeName}'");
            CheckLink(section, options);
        }

        section.Done();
        return options;
    }

    private static void CheckLink(SectionReader section, ClusterOptions options)
    {
        bool everywhere = options.Listen.Address is { } address && (address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any));
        if (everywhere && options.Advertise is null)
            section.Problem("advertise", "where all addresses are bound, the other nodes must be told one");
        if (options.Tls is null && !options.AllowPlaintext && !IsLocal(options.Listen))
            section.Problem("tls", "beyond loopback the link needs ca-file, certificate-file and key-file, or allow-plaintext = true");
    }

    private void WarnOfDrain(SectionReader section, AgentOptions options)
    {
        TimeSpan drain = options.Cluster.DrainTimeout, deadline = options.Zones.AnswerDeadline;
        if (!options.Cluster.IsEnabled || drain > deadline) return;
        _findings.Warn(
            section.OriginOf("drain-timeout"),
            "answer-deadline",
            $"{section.Path}.drain-timeout = {HoconUnits.Render(drain)} is not above answer-deadline = {HoconUnits.Render(deadline)}: "
            + "a node that is stopped may cut off a CREATE that is held");
    }

    private static bool IsLocal(HostEndpoint endpoint) =>
        endpoint.Address is { } address ? IPAddress.IsLoopback(address) : endpoint.Host == "localhost";

    private static EtcdPlace ReadEtcd(SectionReader section, bool isNeeded)
    {
        string caFile = section.File("ca-file");
        bool allowPlaintext = section.Flag("allow-plaintext");
        var endpoints = new List<Uri>();
        foreach ((string text, HoconOrigin origin) in section.Words("endpoints"))
        {
            if (ReadEtcdEndpoint(text, isSecure: caFile.Length > 0) is not { } endpoint)
                section.ProblemAt(origin, "endpoints", $"an address is needed, not '{text}': 192.0.2.7:2379, https://etcd1:2379");
            else if (endpoint.Scheme == Uri.UriSchemeHttp && !endpoint.IsLoopback && !allowPlaintext)
                section.ProblemAt(origin, "endpoints", $"beyond loopback etcd needs https, or allow-plaintext = true: '{text}'");
            else
                endpoints.Add(endpoint);
        }

        if (isNeeded && section.Words("endpoints").Count == 0) section.Problem("endpoints", "a cluster needs at least one etcd");
        string user = section.Text("user"), password = section.Text("password"), passwordFile = section.SecretFile("password-file");
        if (password.Length > 0 && passwordFile.Length > 0)
            section.Problem("password-file", "give either password or password-file, not both");
        if (user.Length > 0 && password.Length + passwordFile.Length == 0)
            section.Problem("user", "a user needs password or password-file");
        string certificate = section.File("certificate-file"), key = section.SecretFile("key-file");
        if (certificate.Length == 0 != (key.Length == 0)) section.Problem("certificate-file", "certificate-file and key-file go together");
        if (isNeeded) section.LookFor("password-file", "ca-file", "certificate-file", "key-file");
        TimeSpan timeout = section.Duration("request-timeout", TimeSpan.Zero, TimeSpan.FromMinutes(1));
        section.Done();
        return new EtcdPlace(
            endpoints,
            user,
            password,
            passwordFile,
            caFile,
            certificate.Length > 0 ? (certificate, key) : null,
            timeout > TimeSpan.Zero ? timeout : null);
    }

    private static Uri? ReadEtcdEndpoint(string text, bool isSecure)
    {
        string rest = text.StartsWith("https://", StringComparison.OrdinalIgnoreCase) ? text[8..]
            : text.StartsWith("http://", StringComparison.OrdinalIgnoreCase) ? text[7..]
            : text;
        string scheme = rest.Length == text.Length ? isSecure ? "https" : "http" : text[..text.IndexOf(':', StringComparison.Ordinal)];
        return HostEndpoint.Parse(rest.TrimEnd('/'), EtcdPort) is { } endpoint
            ? new Uri($"{scheme.ToLowerInvariant()}://{endpoint}/")
            : null;
    }

    private static CertificateFiles? ReadCertificate(SectionReader section, bool isNeeded)
    {
        string ca = section.File("ca-file"), certificate = section.File("certificate-file"), key = section.SecretFile("key-file");
        if (isNeeded) section.LookFor("ca-file", "certificate-file", "key-file");
        section.Done();
        int given = new[] { ca, certificate, key }.Count(file => file.Length > 0);
        if (given is 1 or 2) section.Problem("ca-file", "ca-file, certificate-file and key-file go together");
        return given == 3 ? new CertificateFiles(ca, certificate, key) : null;
    }

    [GeneratedRegex("^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex PlainName();
}
