using Agent.Bench.Peers;

namespace Agent.Tests.Scenarios;

/// <summary>A zone from its creation to its end, with each kind of master and BIND as the server that answers.</summary>
[Trait("Category", "Peer")]
public sealed class ZoneLifeTests
{
    private const string Zone = "life.example.";

    private const string Digest = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

    private static readonly string[] ManyTypes =
    [
        "www 300 IN A 192.0.2.1",
        "www 300 IN AAAA 2001:db8::1",
        "@ 300 IN MX 10 mail",
        "mail 300 IN A 192.0.2.25",
        "*.wild 60 IN TXT \"any\"",
        "alias 300 IN CNAME www",
        "_sip._tcp 300 IN SRV 1 2 5060 www",
        "txt 300 IN TXT \"one; two\" \"a \\\"quoted\\\" part\"",
        "@ 300 IN CAA 0 issue \"ca.example\"",
        "sub 300 IN NS ns.sub",
        "ns.sub 300 IN A 192.0.2.53",
        "other 300 IN TYPE65400 \\# 4 0a000001",
        "tree 300 IN DNAME other.example.",
        "ptr 300 IN PTR www.example.",
        "host 300 IN SSHFP 4 2 " + Digest,
        "_25._tcp.mail 300 IN TLSA 3 1 1 " + Digest,
        "naptr 300 IN NAPTR 10 20 \"s\" \"SIP+D2U\" \"\" _sip._udp",
        "esc\\.aped\\032name 300 IN TXT \"escaped\"",
        "svc 300 IN HTTPS 1 . alpn=\"h2\" ipv4hint=192.0.2.9",
    ];

    [Theory]
    [InlineData("knot", false)]
    [InlineData("knot", true)]
    [InlineData("bind", false)]
    [InlineData("bind", true)]
    [InlineData("nsd", false)]
    [InlineData("nsd", true)]
    public async Task Is_created_changed_and_deleted_at_the_target(string master, bool byTcp)
    {
        await using Farm farm = await Farm.StartAsync(master);
        await farm.Master.SetZoneAsync(MasterZone.Create(Zone, 1, ManyTypes));
        WorkerClient worker = new(farm.Agent.Dns, byTcp);

        await worker.CreateAcceptedAsync(Zone);
        await worker.NotifyAcceptedAsync(Zone);
        await farm.TargetEqualsMasterAsync(Zone);

        await farm.Master.BumpAsync(Zone, "added 60 IN A 192.0.2.200");
        await worker.NotifyAcceptedAsync(Zone);
        await farm.TargetEqualsMasterAsync(Zone);
        await farm.Agent.ZoneIsOkAsync(Zone, 2);

        await farm.Master.DeleteZoneAsync(Zone);
        await worker.DeleteAcceptedAsync(Zone);
        Assert.Equal(0u, await WorkerClient.PollSerialAsync(farm.Target.EndPoint, Zone));
        Assert.DoesNotContain(Directory.GetFiles(farm.Target.ZoneFolder), file => file.Contains("life.example", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("knot")]
    [InlineData("bind")]
    [InlineData("nsd")]
    public async Task Follows_the_notify_that_the_master_itself_sends(string master)
    {
        await using Farm farm = await Farm.StartAsync(master);
        await farm.Master.SetZoneAsync(MasterZone.WithHosts(Zone, 1, 3));
        await farm.Agent.Worker.CreateAcceptedAsync(Zone);

        await farm.Master.BumpAsync(Zone, "told 60 IN A 192.0.2.201");
        await farm.Master.NotifyAsync(Zone);

        await farm.TargetEqualsMasterAsync(Zone);
    }

    [Fact]
    public async Task Is_answered_for_only_once_the_target_serves_it()
    {
        await using Farm farm = await Farm.StartAsync();
        await farm.Master.SetZoneAsync(MasterZone.WithHosts(Zone, 77, 50));

        await farm.Agent.Worker.CreateAcceptedAsync(Zone);

        Assert.Equal(77u, await WorkerClient.PollSerialAsync(farm.Target.EndPoint, Zone));
    }

    [Fact]
    public async Task Repeats_are_accepted_and_change_nothing()
    {
        await using Farm farm = await Farm.StartAsync();
        await farm.Master.SetZoneAsync(MasterZone.WithHosts(Zone, 5, 5));

        await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => farm.Agent.Worker.CreateAcceptedAsync(Zone)));
        await farm.Agent.Worker.CreateAcceptedAsync(Zone);
        await farm.TargetEqualsMasterAsync(Zone);

        await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => farm.Agent.Worker.DeleteAcceptedAsync(Zone)));
        await farm.Agent.Worker.DeleteAcceptedAsync(Zone);
        await WorkerClient.GoneAsync(farm.Target.EndPoint, Zone);
        await Eventually.HoldsAsync(async () => await farm.Agent.ZoneAsync(Zone) is null, () => $"{Zone} forgotten\n{farm.Agent.Output}");
    }

    [Fact]
    public async Task Can_come_back_after_its_deletion_with_a_lower_serial()
    {
        await using Farm farm = await Farm.StartAsync("nsd");
        await farm.Master.SetZoneAsync(MasterZone.WithHosts(Zone, 9, 5));
        await farm.Agent.Worker.CreateAcceptedAsync(Zone);
        await farm.Agent.Worker.DeleteAcceptedAsync(Zone);
        await farm.Master.SetZoneAsync(MasterZone.WithHosts(Zone, 3, 2));

        await farm.Agent.Worker.CreateAcceptedAsync(Zone);

        await farm.TargetEqualsMasterAsync(Zone);
        Assert.Equal(3u, await WorkerClient.PollSerialAsync(farm.Target.EndPoint, Zone));
    }

    [Fact]
    public async Task Is_one_zone_whatever_its_case()
    {
        await using Farm farm = await Farm.StartAsync();
        await farm.Master.SetZoneAsync(MasterZone.WithHosts("example.com.", 1, 3));

        await farm.Agent.Worker.CreateAcceptedAsync("Example.COM.");
        await farm.Agent.Worker.CreateAcceptedAsync("EXAMPLE.com.");
        await farm.Master.BumpAsync("example.com.", "new 60 IN A 192.0.2.9");
        await farm.Agent.Worker.NotifyAcceptedAsync("example.com.");
        await farm.TargetEqualsMasterAsync("example.com.");

        System.Text.Json.JsonElement list = (await farm.Agent.GetAsync("/api/v1/zones"))!.Value;
        Assert.Equal(1, list.GetProperty("zones").GetArrayLength());
        await farm.Agent.Worker.DeleteAcceptedAsync("eXample.Com.");
        Assert.Equal(0u, await WorkerClient.PollSerialAsync(farm.Target.EndPoint, "example.com."));
    }

    [Fact]
    public async Task Fails_and_leaves_nothing_when_no_master_has_it()
    {
        await using Farm farm = await Farm.StartAsync();

        DnsReply reply = await farm.Agent.Worker.CreateAsync("nobody.example.");

        Assert.Equal(0xF002, reply.Flags);
        Assert.Null(await farm.Agent.ZoneAsync("nobody.example."));
        await farm.Agent.RestartAsync(byKill: false);
        Assert.Null(await farm.Agent.ZoneAsync("nobody.example."));
        Assert.Equal(0u, await WorkerClient.PollSerialAsync(farm.Target.EndPoint, "nobody.example."));
    }

    [Fact]
    public async Task Absent_is_deleted_with_success()
    {
        await using Farm farm = await Farm.StartAsync();

        DnsReply reply = await farm.Agent.Worker.DeleteAsync("never.example.");

        Assert.Equal(0xF400, reply.Flags);
    }

    [Fact]
    public async Task Many_zones_arrive_together()
    {
        await using Farm farm = await Farm.StartAsync("bind");
        string[] zones = [.. Enumerable.Range(0, 30).Select(i => $"zone{i}.example.")];
        foreach (string zone in zones)
        {
            await farm.Master.SetZoneAsync(MasterZone.WithHosts(zone, 4, 4));
        }

        DnsReply[] replies = await Task.WhenAll(zones.Select(farm.Agent.Worker.CreateAsync));
        Assert.True(replies.All(reply => reply.Flags == 0xF400), farm.Agent.Output + farm.Master.Output);

        // One by one: BIND gives no more than ten transfers at a time, and refuses the rest.
        foreach (string zone in zones) await farm.TargetEqualsMasterAsync(zone);
        await Task.WhenAll(zones.Select(farm.Agent.Worker.DeleteAcceptedAsync));
        uint[] serials = await Task.WhenAll(zones.Select(zone => WorkerClient.PollSerialAsync(farm.Target.EndPoint, zone)));
        Assert.All(serials, serial => Assert.Equal(0u, serial));
    }
}
