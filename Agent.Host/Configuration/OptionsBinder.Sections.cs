using System.Net;
using Agent.Host.Configuration.Hocon;

namespace Agent.Host.Configuration;

/// <summary>The plain sections: one method each, key by key as in reference.conf.</summary>
internal sealed partial class OptionsBinder
{
    private static readonly HoconObject MasterDefaults = Defaults("key = \"\", tls = \"\"");
    private static readonly HoconObject KeyDefaults = Defaults("algorithm = hmac-sha256, secret = \"\", secret-file = \"\"");

    private static readonly HoconObject NamedTargetDefaults = Defaults("scope = default, driver = \"\"");

    private static HoconObject Defaults(string text) => new HoconLoader(_ => null).AddText(text, SectionReader.BuiltIn).Resolve();

    /// <summary>
    /// What a named target falls back to: the keys that only named targets have, reference.conf, and the section of its driver.
    /// </summary>
    private HoconObject TargetDefaults(TargetDriver driver)
    {
        var members = new OrderedDictionary<string, HoconMember>();
        Overlay(NamedTargetDefaults);
        Overlay(_reference.Find(KeySpelling.Root, "backends", driver.Name));
        Overlay(_root.Find(KeySpelling.Root, "backends", driver.Name));
        return new HoconObject(members, _root.Origin);

        void Overlay(HoconNode? layer)
        {
            if (layer is not HoconObject section) return;
            foreach ((string key, HoconMember member) in section.Members)
            {
                if (member.Value is not HoconScalar { IsNull: true }) members[key] = member;
            }
        }
    }

    private static JournalOptions ReadJournal(SectionReader section)
    {
        JournalProvider provider =
            section.Choice("provider", ("sqlite", JournalProvider.Sqlite), ("postgresql", JournalProvider.PostgreSql));
        if (provider == JournalProvider.PostgreSql) section.Problem("provider", "this version keeps its journal in sqlite only");
        var options = new JournalOptions(
            provider,
            section.Text("connection-string"),
            section.Flag("allow-plaintext"),
            section.Integer("history-per-zone", 1, 100_000),
            section.Size("inline-content", 0, 16 * 1024 * 1024));
        section.Done();
        return options;
    }

    private static ManagementOptions ReadManagement(SectionReader section)
    {
        string host = section.Text("host");
        IPAddress? address = ReadAddress(host);
        if (address is null) section.Problem("host", $"an IP address is needed, not '{host}'");
        var options = new ManagementOptions(address ?? IPAddress.Loopback, section.Port("port"));
        section.Done();
        return options;
    }

    private static ClusterOptions ReadCluster(SectionReader section)
    {
        bool isEnabled = section.Flag("enabled");
        if (isEnabled) section.Problem("enabled", "this version runs as a single node only");
        HostEndpoint? listen = section.Endpoint("listen", 8055);
        if (listen is null) section.Problem("listen", "an address is needed");
        SectionReader etcd = section.Section("etcd");
        var options = new ClusterOptions(
            isEnabled,
            section.Text("name"),
            section.Integer("shards", 1, 4096),
            listen ?? new HostEndpoint("127.0.0.1", 8055),
            section.Endpoint("advertise", 8055),
            section.Duration("lease-ttl", 2 * Second, TimeSpan.FromMinutes(10)),
            section.Flag("allow-plaintext"),
            [.. etcd.Words("endpoints").Select(word => word.Text)],
            etcd.Flag("allow-plaintext"));
        etcd.Done();
        section.Section("tls").Done();
        section.Done();
        return options;
    }

    private static TransferOptions ReadTransfer(SectionReader section)
    {
        TimeSpan shortest = TimeSpan.FromMilliseconds(10);
        var options = new TransferOptions
        {
            ConnectTimeout = section.Duration("connect-timeout", shortest, TimeSpan.FromMinutes(10)),
            QueryTimeout = section.Duration("query-timeout", shortest, TimeSpan.FromMinutes(10)),
            IdleTimeout = section.Duration("idle-timeout", shortest, TimeSpan.FromHours(1)),
            TotalTimeout = section.Duration("total-timeout", shortest, Day),
            MinimumBytesPerSecond = section.Size("minimum-rate", 1, 1L << 40),
            RecordsMax = section.Integer("max-records", 1, int.MaxValue),
            BytesMax = section.Size("max-bytes", 1024, 1L << 50),
            ConcurrentMax = section.Integer("concurrent", 1, 100_000),
            ConcurrentPerMasterMax = section.Integer("per-master", 1, 100_000),
            RetryMinimum = section.Duration("retry-minimum", shortest, Day),
            RetryMaximum = section.Duration("retry-maximum", shortest, Day),
            Attempts = section.Integer("attempts", 0, 1_000_000),
        };
        if (options.RetryMaximum < options.RetryMinimum) section.Problem("retry-maximum", "this must not be less than retry-minimum");
        section.Done();
        return options;
    }

    private static GuardOptions ReadGuard(SectionReader section)
    {
        var options = new GuardOptions(
            section.Integer("shrink-percent", 0, 100),
            section.Integer("shrink-minimum-records", 0, int.MaxValue),
            section.Choice(
                "zonemd",
                ("off", ZoneDigestRule.Off),
                ("when-present", ZoneDigestRule.WhenPresent),
                ("required", ZoneDigestRule.Required)));
        section.Done();
        return options;
    }

    private static LimitsOptions ReadLimits(SectionReader section)
    {
        var options = new LimitsOptions(
            section.Integer("errors-per-second", 1, 10_000_000),
            section.Integer("notifies-per-second", 1, 10_000_000),
            section.Integer("ipv4-prefix", 0, 32),
            section.Integer("ipv6-prefix", 0, 128));
        section.Done();
        return options;
    }

    private static LoggingOptions ReadLogging(SectionReader section)
    {
        var options = new LoggingOptions(
            section.Choice("format", ("text", LogFormat.Text), ("json", LogFormat.Json)),
            section.Choice(
                "level",
                ("info", LogLevel.Information),
                ("trace", LogLevel.Trace),
                ("debug", LogLevel.Debug),
                ("warning", LogLevel.Warning),
                ("error", LogLevel.Error)));
        section.Done();
        return options;
    }
}
