using System.Net;
using System.Net.Sockets;
using Agent.Actors.Anycast;
using Agent.Host.Anycast;
using Agent.Host.Configuration.Hocon;

namespace Agent.Host.Configuration;

/// <summary>The section of anycast.</summary>
internal sealed partial class OptionsBinder
{
    private const int LongestInterfaceName = 15;

    private static AnycastOptions ReadAnycast(SectionReader section)
    {
        bool isEnabled = section.Flag("enabled");
        List<IPNetwork> prefixes = ReadPrefixes(section);
        if (isEnabled && prefixes.Count == 0 && section.Words("prefixes").Count == 0)
            section.Problem("prefixes", "what shall be announced is missing: [\"192.0.2.53/32\"]");
        AnycastPolicy policy = ReadAnycastPolicy(section);
        SectionReader alive = section.Section("alive");
        var options = new AnycastOptions(
            isEnabled,
            prefixes,
            policy,
            section.Duration("withdraw-delay", TimeSpan.Zero, TimeSpan.FromMinutes(5)),
            ReadBird(section.Section("bird")),
            ReadAlive(alive));
        if (options.Alive.Interface.Length > 0 && policy.Interval + options.Bird.ReloadTimeout >= options.Alive.Lifetime)
            alive.Problem("lifetime", "must be longer than interval and bird.reload-timeout together, or it runs out while BIRD is told");
        section.Done();
        return options;
    }

    private static AnycastPolicy ReadAnycastPolicy(SectionReader section)
    {
        SectionReader metric = section.Section("metric");
        var policy = new AnycastPolicy
        {
            Interval = section.Duration("interval", TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(1)),
            VerifiedPercent = section.Integer("verified-percent", 0, 100),
            LateAfter = section.Duration("late-after", TimeSpan.Zero, Day),
            StaleAfter = section.Duration("stale-after", TimeSpan.Zero, Day),
            Rise = section.Integer("rise", 1, 1000),
            Fall = section.Integer("fall", 1, 1000),
            RiseDelay = section.Duration("rise-delay", TimeSpan.Zero, Day),
            MinimumAnnouncers = section.Integer("minimum-announcers", 0, 90),
            LastResortAfter = section.Duration("last-resort-after", TimeSpan.Zero, Day),
            WithdrawAlone = section.Flag("withdraw-alone"),
            StopWait = section.Duration("stop-wait", TimeSpan.Zero, TimeSpan.FromHours(1)),
            Settle = section.Duration("settle", TimeSpan.Zero, TimeSpan.FromHours(1)),
            MetricFit = metric.Integer("fit", 0, int.MaxValue),
            MetricLate = metric.Integer("late", 0, int.MaxValue),
            MetricLastResort = metric.Integer("last-resort", 0, int.MaxValue),
        };
        if (policy.MetricFit > policy.MetricLate || policy.MetricLate > policy.MetricLastResort)
            metric.Problem("fit", "the better the node the lower its metric: fit, late and last-resort must not fall");
        metric.Done();
        return policy;
    }

    private static List<IPNetwork> ReadPrefixes(SectionReader section)
    {
        var prefixes = new List<IPNetwork>();
        foreach ((string text, HoconOrigin origin) in section.Words("prefixes"))
        {
            // The framework's own reader takes host bits and drops them.
            if (IPNetworkAddress.Parse(text) is { } written && IPNetwork.TryParse(text, out IPNetwork prefix)
                && prefix.BaseAddress.Equals(written.Address))
                prefixes.Add(prefix);
            else section.ProblemAt(origin, "prefixes", $"an address with its length is needed, no host bits, not '{text}': 192.0.2.53/32");
        }

        return prefixes;
    }

    private static BirdOptions ReadBird(SectionReader section)
    {
        var options = new BirdOptions(
            section.File("ipv4-file"),
            ReadNextHop(section, "ipv4-via", AddressFamily.InterNetwork),
            section.File("ipv6-file"),
            ReadNextHop(section, "ipv6-via", AddressFamily.InterNetworkV6),
            section.Texts("reload-command"),
            section.Duration("reload-timeout", TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(1)));
        section.Done();
        return options;
    }

    private static IPAddress? ReadNextHop(SectionReader section, string key, AddressFamily family)
    {
        string text = section.Text(key);
        if (text.Length == 0) return null;
        if (IPAddress.TryParse(text, out IPAddress? address) && address.AddressFamily == family) return address;
        section.Problem(key, $"an address of this family is needed, not '{text}'");
        return null;
    }

    private static AliveOptions ReadAlive(SectionReader section)
    {
        string name = section.Text("interface");
        bool isName = name.Length <= LongestInterfaceName && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');
        if (!isName || name.StartsWith('-')) section.Problem("interface", $"the name of an interface is needed, not '{name}'");
        var addresses = new List<IPNetworkAddress>();
        foreach ((string text, HoconOrigin origin) in section.Words("addresses"))
        {
            if (IPNetworkAddress.Parse(text) is { } address) addresses.Add(address);
            else section.ProblemAt(origin, "addresses", $"an address with its length is needed, not '{text}': 198.18.53.1/30");
        }

        if (name.Length > 0 != section.Words("addresses").Count > 0) section.Problem("addresses", "interface and addresses go together");
        TimeSpan lifetime = section.Duration("lifetime", 2 * Second, TimeSpan.FromHours(1));
        if (lifetime.Ticks % TimeSpan.TicksPerSecond != 0) section.Problem("lifetime", "whole seconds are needed");
        section.Done();
        return new AliveOptions(name, addresses, lifetime);
    }
}
