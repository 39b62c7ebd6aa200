using System.Net;
using Agent.Bench.Measure;
using Agent.Bench.Peers;

namespace Agent.Tests.Scenarios;

/// <summary>
/// Knot, NSD and PowerDNS, each a master of some zones and a secondary of others, with the agent between them: for every algorithm of TSIG
/// a zone of each. Nobody gives, takes or announces a zone without its key; docs/guide.md has the table.
/// </summary>
[Trait("Category", "Peer")]
public sealed class TsigRingTests
{
    private const int Hosts = 1500;

    private static readonly TransferKey[] Keys =
    [
        .. new[] { "hmac-md5", "hmac-sha1", "hmac-sha224", "hmac-sha256", "hmac-sha384", "hmac-sha512" }
            .Select(algorithm => new TransferKey($"k-{algorithm}", "c2VjcmV0IG9mIGF0IGxlYXN0IDMyIG9jdGV0cyEhISE=", algorithm)),
    ];

    private static readonly Dictionary<string, TransferKey> ZoneKeys =
        new[] { "knot", "nsd", "pdns" }.SelectMany(master => Keys.Select(key => (Zone: ZoneOf(master, key), key)))
            .ToDictionary(entry => entry.Zone, entry => entry.key, StringComparer.Ordinal);

    [Fact]
    public async Task Knot_NSD_and_PowerDNS_give_and_take_zones_and_news_under_every_algorithm()
    {
        int port = LoopbackPort.Next();
        IPEndPoint[] us = [new(IPAddress.Loopback, port)];
        await using KnotServer knot = new() { ZoneKeys = ZoneKeys, NotifyTargets = us };
        await using NsdServer nsd = new() { ZoneKeys = ZoneKeys, NotifyTargets = us, MakesDifferences = true };
        await using PowerDnsServer pdns = new() { ZoneKeys = ZoneKeys, NotifyTargets = us };
        Link[] ring = [new("knot", knot, nsd), new("nsd", nsd, pdns), new("pdns", pdns, knot)];
        foreach (Link link in ring)
        {
            foreach (TransferKey key in Keys)
                await link.Master.SetZoneAsync(MasterZone.WithHosts(ZoneOf(link.Name, key), 1, Hosts));
        }

        await Task.WhenAll(ring.Select(link => link.Master.StartAsync()));
        await using AgentProcess agent = await StartAsync(port, ring);
        (Link Link, string Zone)[] all = [.. ring.SelectMany(link => Keys.Select(key => (link, ZoneOf(link.Name, key))))];

        // Whole zones: in, and out to the next server of the ring.
        await Task.WhenAll(all.Select(entry => agent.Worker.CreateAcceptedAsync(entry.Zone)));
        foreach ((Link link, string zone) in all) await link.Secondary.AddSecondaryAsync(zone, agent.Dns, SecondaryWay.Differences);
        await AllHaveAsync(agent, all, 1);

        // A change travels on signed news alone: the next look at a SOA would come in an hour.
        foreach ((Link link, string zone) in all)
        {
            await link.Master.BumpAsync(zone, "news 60 IN A 192.0.2.77");
            await link.Master.NotifyAsync(zone);
        }

        await AllHaveAsync(agent, all, 2);
        foreach ((Link link, string zone) in all)
        {
            string key = $"{ZoneKeys[zone].Algorithm}:{ZoneKeys[zone].Name}:{ZoneKeys[zone].Secret}";
            Assert.Equal(
                await DigTool.TransferAsync(link.Master.EndPoint, zone, key),
                await DigTool.TransferAsync(link.Secondary.EndPoint, zone, key),
                StringComparer.OrdinalIgnoreCase);
        }

        // Each zone came whole and then as a difference, where its master keeps any, and went on in the same ways. A whole zone in place
        // of differences is told as "axfr" too when the IXFR before it failed.
        MetricsPage metrics = await agent.MetricsAsync();
        (double Whole, double Differences, double Instead) came =
            (Transferred(metrics, "axfr"), Transferred(metrics, "ixfr"), Transferred(metrics, "ixfr_axfr_style"));
        Assert.True(came == (18, 12, 6), $"{came}\n{agent.Output}");
        Assert.True(metrics["dnsagent_xfr_out_total{type=\"axfr\",result=\"done\"}"] >= 18);
        Assert.True(metrics["dnsagent_xfr_out_total{type=\"ixfr\",result=\"done\"}"] >= 18);
        // An answer to our NOTIFY counts only when it is signed with the same key.
        Assert.True(metrics["dnsagent_notify_out_total{result=\"done\"}"] >= 18);
    }

    private static double Transferred(MetricsPage metrics, string type) =>
        metrics[$"dnsagent_xfr_total{{type=\"{type}\",result=\"done\",reason=\"none\",transport=\"tcp\"}}"];

    private static Task<AgentProcess> StartAsync(int port, Link[] ring)
    {
        string keys = string.Join(", ", Keys.Select(key => $"{key.Name} {{ algorithm = {key.Algorithm}, secret = \"{key.Secret}\" }}"));
        string zones = string.Join(", ", ring.SelectMany(link => Keys.Select(key =>
            $"\"{ZoneOf(link.Name, key)}\" {{ masters = [{{ address = \"{link.Master.EndPoint}\", key = {key.Name} }}] }}")));
        string named = string.Join(", ", Keys.Select(key => $"\"key:{key.Name}\""));
        string told = string.Join(", ", ring.SelectMany(
            link => Keys.Select(key => $"{{ address = \"{link.Secondary.EndPoint}\", key = {key.Name} }}")));
        return AgentProcess.StartedAsync($$"""
            port = {{port}}
            backend-driver = embedded
            keys { {{keys}} }
            zones { {{zones}} }
            allow-control = ["127.0.0.1"], allow-transfer = [{{named}}], allow-notify = [{{named}}]
            also-notify = [{{told}}]
            transfer { notify-retry = 500ms, notify-tries = 4 }
            """);
    }

    private static async Task AllHaveAsync(AgentProcess agent, IEnumerable<(Link Link, string Zone)> all, uint serial)
    {
        foreach ((Link link, string zone) in all)
        {
            await Eventually.HoldsAsync(
                async () =>
                {
                    if (link.Secondary is PowerDnsServer pdns) await pdns.RetrieveWhatWasLockedAsync();
                    return await WorkerClient.PollSerialAsync(link.Secondary.EndPoint, zone) == serial;
                },
                () => $"{zone} with serial {serial}\n{agent.Output}\n{link.Master.Output}\n{link.Secondary.Output}");
        }
    }

    private static string ZoneOf(string master, TransferKey key) => $"{key.Algorithm}.{master}.example.";

    /// <summary>Zones of one server go through the agent to another one.</summary>
    private sealed record Link(string Name, MasterServer Master, MasterServer Secondary);
}
