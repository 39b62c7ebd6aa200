using System.Net;
using Agent.Actors.Guards;
using Agent.Actors.Transfers;
using Agent.Actors.Zones;
using Agent.Host.Configuration.Hocon;
using Agent.Host.Journal;
using Agent.Host.Journal.Postgres;
using Agent.Host.Plugins;
using Agent.Host.Transfers;
using Agent.Host.Web;

namespace Agent.Host.Configuration;

/// <summary>The plain sections: one method each, key by key as in reference.conf.</summary>
internal sealed partial class OptionsBinder
{
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(10);
    private static readonly HoconObject MasterDefaults = Defaults("key = \"\", tls = \"\"");
    private static readonly HoconObject ZoneDefaults = Defaults("masters = [], guard { }");
    private static readonly HoconObject ReceiverDefaults = Defaults("key = \"\", tls = \"\"");
    private static readonly HoconObject KeyDefaults = Defaults("algorithm = hmac-sha256, secret = \"\", secret-file = \"\"");

    private static readonly HoconObject NamedTargetDefaults = Defaults("scope = default, driver = \"\"");

    private static HoconObject Defaults(string text) => new HoconLoader(_ => null).AddText(text, SectionReader.BuiltIn).Resolve();

    /// <summary>
    /// What a named target falls back to: the keys that only named targets have, reference.conf, and the section of its driver.
    /// </summary>
    private HoconObject TargetDefaults(TargetDriver driver) => Layered(
        NamedTargetDefaults,
        driver.Plugin is { } plugin
            ? Defaults(PluginSettings.DefaultsOf(plugin))
            : _reference.Find(KeySpelling.Root, "backends", driver.Name),
        _root.Find(KeySpelling.Root, "backends", driver.Name));

    /// <summary>What a zone with settings of its own falls back to: no masters, and the guards that all zones have.</summary>
    private HoconObject ZoneFallback()
    {
        HoconObject guard = Layered(_reference.Find(KeySpelling.Root, "guard"), _root.Find(KeySpelling.Root, "guard"));
        var members = new OrderedDictionary<string, HoconMember> { ["guard"] = new(guard, guard.Origin) };
        return Layered(ZoneDefaults, new HoconObject(members, guard.Origin));
    }

    /// <summary>The members of all layers; a later one goes before an earlier one.</summary>
    private HoconObject Layered(params ReadOnlySpan<HoconNode?> layers)
    {
        var members = new OrderedDictionary<string, HoconMember>();
        foreach (HoconNode? layer in layers)
        {
            if (layer is not HoconObject section) continue;
            foreach ((string key, HoconMember member) in section.Members)
            {
                if (member.Value is not HoconScalar { IsNull: true }) members[key] = member;
            }
        }

        return new HoconObject(members, _root.Origin);
    }

    private static JournalPlace ReadJournal(SectionReader section)
    {
        JournalProvider provider =
            section.Choice("provider", ("sqlite", JournalProvider.Sqlite), ("postgresql", JournalProvider.PostgreSql));
        var bounds = new JournalOptions
        {
            HistoryPerZone = section.Integer("history-per-zone", 1, 100_000),
            HistoryTotal = section.Integer("history-total", 1, int.MaxValue),
            DifferencesPerZone = section.Integer("differences-per-zone", 1, 100_000),
            DifferenceBytesPerZone = section.Size("differences-size", 0, 256 * 1024 * 1024),
            DifferencesAge = section.Duration("differences-age", Second, 3650 * Day),
            LargestStoredContent = (int)section.Size("inline-content", 0, 16 * 1024 * 1024),
            MaximumBytes = ReadMaximumSize(section),
            LockTimeout = section.Duration("lock-timeout", TimeSpan.Zero, TimeSpan.FromMinutes(5)),
            QueueLength = section.Integer("queue-length", 1, 10_000_000),
        };
        string connectionString = section.Text("connection-string");
        string passwordFile = section.SecretFile("password-file");
        if (provider == JournalProvider.PostgreSql) section.LookFor("password-file");
        bool allowPlaintext = section.Flag("allow-plaintext");
        section.Done();
        return new JournalPlace(provider, ReadPostgres(section, provider, connectionString, passwordFile, allowPlaintext), bounds);
    }

    private static long ReadMaximumSize(SectionReader section)
    {
        long size = section.Size("maximum-size", 0, 1L << 50);
        if (size is > 0 and < JournalOptions.SmallestMaximumBytes)
            section.Problem("maximum-size", "0 for no limit, or at least 1MiB is needed: in less the journal itself finds no room");
        return size;
    }

    private static PostgresPlace? ReadPostgres(
        SectionReader section, JournalProvider provider, string connectionString, string passwordFile, bool allowPlaintext)
    {
        if (provider == JournalProvider.Sqlite)
        {
            if (connectionString.Length > 0) section.Problem("connection-string", "with sqlite this stays empty; data-dir holds the file");
            return null;
        }

        try
        {
            if (connectionString.Length > 0) return PostgresPlace.Parse(connectionString, passwordFile, allowPlaintext);
            section.Problem("connection-string", "with postgresql this must be given: Host=...;Username=...;Database=...");
        }
        catch (FormatException problem)
        {
            section.Problem("connection-string", problem.Message);
        }

        return null;
    }

    private static ManagementOptions ReadManagement(SectionReader section)
    {
        string host = section.Text("host");
        IPAddress? address = ReadAddress(host);
        if (address is null) section.Problem("host", $"an IP address is needed, not '{host}'");
        var open = new List<string>();
        foreach ((string page, HoconOrigin origin) in section.Words("open"))
        {
            if (ManagementOptions.Openable.Contains(page)) open.Add("/" + page);
            else section.Problem("open", $"'{page}' cannot be open: only {string.Join(", ", ManagementOptions.Openable)} can");
        }

        var options = new ManagementOptions(address ?? IPAddress.Loopback, section.Port("port"), open)
        {
            HostNames = ReadHostNames(section),
        };
        section.Done();
        return options;
    }

    private static List<string> ReadHostNames(SectionReader section)
    {
        var names = new List<string>();
        foreach ((string text, HoconOrigin origin) in section.Words("host-names"))
        {
            string name = text.StartsWith(HostNames.Below, StringComparison.Ordinal) ? text[HostNames.Below.Length..] : text;
            if (HostEndpoint.IsAddressOrName(name) && !IPAddress.TryParse(name, out _)) names.Add(text);
            else section.ProblemAt(origin, "host-names", $"a name, or *. and a name for all below it, is needed, not '{text}'");
        }

        return names;
    }

    private static SweepOptions ReadSweep(SectionReader section, SectionReader orphan)
    {
        var options = new SweepOptions(
            section.Duration("interval", TimeSpan.Zero, 365 * Day),
            section.Duration("after-return", TimeSpan.Zero, Day),
            section.Integer("checks-per-second", 1, 1_000_000),
            section.Integer("zones-maximum", 1, 100_000_000),
            orphan.Integer("removal-percent", 0, 100),
            orphan.Integer("removal-minimum", 1, 1_000_000_000))
        {
            Contents = new ContentSweepOptions(
                section.Duration("content-interval", TimeSpan.Zero, 365 * Day),
                section.Duration("content-after-start", TimeSpan.Zero, Day),
                section.Integer("content-checks-per-second", 1, 10_000)),
        };
        section.Done();
        return options;
    }

    /// <summary>The life of a zone is set by keys of several sections; the sections' own methods are done with them.</summary>
    private ZonePolicy ReadZonePolicy(SectionReader transfer, SectionReader limits, SectionReader orphan)
    {
        (GuardPolicy guards, OlderSerial older) = ReadGuard(_agent.Section("guard"));
        var policy = new ZonePolicy
        {
            Guards = guards,
            OlderSerial = older,
            OnUnknownNotify = _agent.Choice(
                "on-unknown-notify",
                ("refuse", UnknownNotify.Refuse),
                ("ignore", UnknownNotify.Ignore),
                ("create", UnknownNotify.Create)),
            NotifyDelay = _agent.Duration("notify-delay", TimeSpan.Zero, TimeSpan.FromHours(1)),
            AnswerDeadline = _agent.Duration("answer-deadline", TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(10)),
            UndeleteWindow = _agent.Duration("undelete-window", TimeSpan.Zero, 3650 * Day),
            OrphanAfter = orphan.Duration("after", TimeSpan.Zero, 3650 * Day),
            OrphanAction = orphan.Choice("action", ("report", OrphanAction.Report), ("remove", OrphanAction.Remove)),
            Quorum = ReadQuorum(),
            RetryMinimum = transfer.Duration("retry-minimum", Shortest, Day),
            RetryMaximum = transfer.Duration("retry-maximum", Shortest, Day),
            RefreshMinimum = transfer.Duration("refresh-minimum", Shortest, 365 * Day),
            RefreshMaximum = transfer.Duration("refresh-maximum", Shortest, 365 * Day),
            ExpireMinimum = transfer.Duration("expire-minimum", TimeSpan.Zero, 3650 * Day),
            ExpireMaximum = transfer.Duration("expire-maximum", Shortest, 3650 * Day),
            MaxWaitingRequests = limits.Integer("waiting-requests", 1, 1_000_000),
            NotifyCreatePasses = limits.Integer("notify-create-passes", 1, 1_000),
            PassivateAfter = limits.Duration("passivate-after", Second, Day),
        };
        orphan.Done();
        if (policy.RetryMaximum < policy.RetryMinimum) transfer.Problem("retry-maximum", "this must not be less than retry-minimum");
        if (policy.RefreshMaximum < policy.RefreshMinimum)
        {
            transfer.Problem("refresh-maximum", "this must not be less than refresh-minimum");
        }

        if (policy.ExpireMaximum < policy.ExpireMinimum) transfer.Problem("expire-maximum", "this must not be less than expire-minimum");
        return policy;
    }

    private static TransferOptions ReadTransfer(SectionReader section)
    {
        var limits = new TransferLimits(
            section.Duration("connect-timeout", Shortest, TimeSpan.FromMinutes(10)),
            section.Duration("idle-timeout", Shortest, TimeSpan.FromHours(1)),
            section.Duration("total-timeout", Shortest, Day),
            section.Size("minimum-rate", 1, 1L << 40),
            section.Integer("max-records", 0, int.MaxValue),
            section.Size("max-bytes", 0, 1L << 50));
        var options = new TransferOptions(
            limits,
            new TransferBudget(section.Integer("concurrent", 1, 100_000), section.Integer("per-master", 1, 100_000)),
            section.Duration("query-timeout", Shortest, TimeSpan.FromMinutes(10)),
            section.Duration("query-grace", TimeSpan.Zero, TimeSpan.FromMinutes(10)),
            new PaceLimits(section.Integer("checks-per-second", 1, 1_000_000), section.Integer("questions-per-second", 1, 1_000_000)),
            new IxfrOptions(
                section.Flag("ixfr"), section.Integer("ixfr-max-percent", 1, 1000), section.Duration("ixfr-rest", TimeSpan.Zero, Day)),
            new OutgoingLimits(
                section.Integer("out-concurrent", 1, 100_000),
                section.Integer("out-per-client", 1, 100_000),
                limits.TotalTimeout,
                limits.MinimumBytesPerSecond),
            section.Duration("notify-retry", Shortest, Day),
            section.Integer("notify-tries", 1, 100));
        if (options.Pace.QuestionsPerSecond < options.Pace.ChecksPerSecond)
            section.Problem("questions-per-second", "this must not be less than checks-per-second, which it includes");
        section.Done();
        return options;
    }

    private static (GuardPolicy Guards, OlderSerial OlderSerial) ReadGuard(SectionReader section)
    {
        var guards = new GuardPolicy
        {
            ShrinkPercent = section.Integer("shrink-percent", 0, 100),
            ShrinkMinimumRecords = section.Integer("shrink-minimum-records", 0, int.MaxValue),
            ShrinkRecords = section.Integer("shrink-records", 0, int.MaxValue),
            KeepsDnssec = section.Flag("dnssec-loss"),
            StopsOutOfZone = section.Choice("out-of-zone", ("drop", false), ("stop", true)),
            Digest = section.Choice(
                "zonemd",
                ("off", ZoneDigestRule.Off),
                ("when-present", ZoneDigestRule.WhenPresent),
                ("required", ZoneDigestRule.Required)),
        };
        OlderSerial older = section.Choice(
            "older-serial",
            ("refuse", OlderSerial.Refuse),
            ("after-expiry", OlderSerial.AfterExpiry),
            ("accept", OlderSerial.Accept));
        section.Done();
        return (guards, older);
    }

    private static LimitsOptions ReadLimits(SectionReader section)
    {
        var options = new LimitsOptions(
            section.Integer("errors-per-second", 0, 10_000_000),
            section.Integer("notifies-per-second", 0, 10_000_000),
            section.Integer("sources", 16, 1 << 24));
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
