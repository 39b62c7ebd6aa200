using Agent.Actors.Backends;
using Agent.Bench.Peers;
using Agent.Dns.Wire;

namespace Agent.Tests.Backends.Bind9;

/// <summary>How the real named takes a file that it would not take by itself, and what it is told of the zone.</summary>
[Trait("Category", "Peer")]
public sealed class ZoneLoadingPeerTests
{
    private static readonly DomainName Zone = DomainName.Parse("target.example.");

    /// <summary>The server here makes differences of all its zones, and refuses an older serial: "out of range".</summary>
    [Fact]
    public async Task A_serial_that_goes_back_is_served_without_a_moment_without_the_zone()
    {
        await using Bind9Target target = await Bind9Target.StartAsync(zoneOptions: "ixfr-from-differences yes; allow-transfer { any; };");
        await target.AppliedAsync(Zone, SmallZone.Create(Zone, 20));
        await target.AppliedAsync(Zone, SmallZone.Create(Zone, 25));

        await target.AppliedAsync(Zone, SmallZone.Create(Zone, 19, hosts: 5));
        await using Bind9Target another = target.Again();
        await another.AppliedAsync(Zone, SmallZone.Create(Zone, 15, hosts: 3));

        // Taken away it would have been gone for the moment.
        Assert.DoesNotContain("'delzone", target.Server.Output, StringComparison.Ordinal);
        Assert.Equal(2, target.Server.Output.Split("has gone backwards").Length - 1);
        string shown = (await target.Server.RndcAsync("showzone", "target.example")).EnsureSuccess().Output;
        Assert.Contains("ixfr-from-differences yes", shown, StringComparison.Ordinal);
        Assert.DoesNotContain("ixfr-from-differences no", shown, StringComparison.Ordinal);

        // And it goes on from there: with differences, and over a restart.
        await another.AppliedAsync(Zone, SmallZone.Create(Zone, 16, hosts: 4));
        Assert.Contains(
            "\tIN\tSOA\tns1.elsewhere.test. ns1.elsewhere.test. 15 ", await DifferenceAsync(target, since: 15), StringComparison.Ordinal);
        await target.Server.StopAsync();
        await target.Server.StartAsync();
        await another.ServedAsync(Zone, 16);
    }

    [Fact]
    public async Task A_zone_that_takes_updates_is_frozen_for_its_file_and_always_named_with_its_view()
    {
        await using BindServer server = new() { Views = ["inside", "outside"] };
        await using Bind9Target target = await Bind9Target.StartAsync(server, view: "inside", zoneOptions: "allow-update { 127.0.0.1; };");
        await target.AppliedAsync(Zone, SmallZone.Create(Zone, 10));
        await UpdateAsync(server, "by-hand");
        await target.ServedAsync(Zone, 11);

        await target.AppliedAsync(Zone, SmallZone.Create(Zone, 20));
        Assert.Empty(await DigTool.QueryAsync(server.EndPoint, "by-hand.target.example.", "A"));
        await UpdateAsync(server, "again");
        await target.ServedAsync(Zone, 21);
        await target.AppliedAsync(Zone, SmallZone.Create(Zone, 20, hosts: 2));
        Assert.Empty(await DigTool.QueryAsync(server.EndPoint, "again.target.example.", "A"));

        string status = (await server.RndcAsync("zonestatus", "target.example", "IN", "inside")).EnsureSuccess().Output;
        Assert.Contains("frozen: no", status, StringComparison.Ordinal);
        string[] commands = [.. server.Output.Split('\n').Where(line => line.Contains("channel command", StringComparison.Ordinal)
            && line.Contains("target.example", StringComparison.Ordinal))];
        Assert.Contains(commands, line => line.Contains("'thaw target.example IN inside'", StringComparison.Ordinal));
        Assert.All(commands, line => Assert.Contains("IN inside", line, StringComparison.Ordinal));
        await target.RemovedAsync(Zone);
    }

    /// <summary>named shows "1h" as seconds, and an address as a prefix: only it can tell what is the same.</summary>
    [Fact]
    public async Task Settings_that_are_not_the_targets_are_told_and_put_right_in_place()
    {
        const string Before = "also-notify { 192.0.2.7; }; notify explicit; max-zone-ttl 1h;";
        await using Bind9Target before = await Bind9Target.StartAsync(zoneOptions: Before);
        DomainName other = DomainName.Parse("other.example.");
        foreach (DomainName zone in new[] { Zone, other })
        {
            await before.AppliedAsync(zone, SmallZone.Create(zone, 1));
            Assert.Null(await before.Caller.SettingsDifferenceAsync(zone));
        }

        string after = Before.Replace("192.0.2.7", "192.0.2.8", StringComparison.Ordinal);
        await using Bind9Target target = before.Again(before.Options with { ZoneOptions = after });
        // The first one teaches named's words, and is right from there on.
        Assert.NotNull(await target.Caller.SettingsDifferenceAsync(Zone));
        Assert.Null(await target.Caller.SettingsDifferenceAsync(Zone));
        for (int look = 0; look < 2; look++)
        {
            Assert.Equal(
                "has [also-notify { 192.0.2.7 ; }] instead of [also-notify { 192.0.2.8 ; }]",
                await target.Caller.SettingsDifferenceAsync(other));
        }

        await target.AppliedAsync(other, SmallZone.Create(other, 1));
        Assert.Null(await target.Caller.SettingsDifferenceAsync(other));
        string shown = (await before.Server.RndcAsync("showzone", "other.example")).EnsureSuccess().Output;
        Assert.Contains("192.0.2.8", shown, StringComparison.Ordinal);
        Assert.DoesNotContain("'delzone", before.Server.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_zone_with_another_file_is_left_alone_where_nothing_may_be_taken_away()
    {
        await using Bind9Target target = await Bind9Target.StartAsync();
        string file = Path.Combine(target.Server.ZoneFolder, "elsewhere.zone");
        await File.WriteAllTextAsync(file, MasterZone.Create("target.example", 99).ToFileText());
        (await target.Server.RndcAsync("addzone", "target.example", $"{{ type primary; file \"{file}\"; }};")).EnsureSuccess();
        await using Agent.Backends.Bind9.Bind9Backend backend = new(target.Options, TimeProvider.System);

        OrderFinished answer = await new BackendCaller(backend) { MayTakeAway = false }.ApplyAsync(Zone, SmallZone.Create(Zone, 100));

        Assert.Equal(OrderOutcome.Refused, answer.Outcome);
        Assert.Contains("re-add = never", answer.Reason!.Text, StringComparison.Ordinal);
        Assert.True(answer.ChangedNothing);
        Assert.False(File.Exists(Path.Combine(target.Server.ZoneFolder, "target.example.zone")));
        await target.ServedAsync(Zone, 99);
    }

    private static async Task UpdateAsync(BindServer server, string host)
    {
        string script = $"server 127.0.0.1 {server.Port}\nzone target.example\nupdate add {host}.target.example 60 A 192.0.2.9\nsend\n";
        (await Tool.RunAsync("nsupdate", [], script)).EnsureSuccess();
    }

    private static async Task<string> DifferenceAsync(Bind9Target target, uint since) => (await Tool.RunAsync(
        "dig", ["@127.0.0.1", "-p", $"{target.Server.Port}", "target.example", $"ixfr={since}"])).EnsureSuccess().Output;
}
