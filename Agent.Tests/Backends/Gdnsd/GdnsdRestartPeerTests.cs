using Agent.Actors.Backends;
using Agent.Backends.Shared;
using Agent.Bench.Peers;
using Agent.Dns.Wire;
using Agent.Dns.Zones;
using Agent.Tests.Backends.DynamicUpdate;

namespace Agent.Tests.Backends.Gdnsd;

/// <summary>Servers of their own, which are stopped, wiped, spoilt or given a thousand zones.</summary>
[Trait("Category", "Peer")]
public sealed class GdnsdRestartPeerTests
{
    private static readonly DomainName Zone = DomainName.Parse("kept.example.");

    [Fact]
    public async Task A_server_that_stops_starts_anew_is_replaced_or_wiped_is_noticed_and_worked_with_again()
    {
        await using GdnsdServer server = new();
        await server.StartAsync();
        await using GdnsdTarget target = new(server, reloadPatience: TimeSpan.FromSeconds(1));
        string? run = (await target.Caller.ProbeAsync()).ServerRun;
        await target.AppliedAsync(SmallZone.Create(Zone, 1));
        Assert.Equal(run, (await target.Caller.ProbeAsync()).ServerRun);

        server.Process!.Signal(PosixSignalNumber.Stop);
        OrderFinished hung = await target.Caller.ApplyAsync(Zone, SmallZone.Create(Zone, 2));
        Assert.Equal(OrderOutcome.Away, hung.Outcome);
        Assert.Contains("within 1 s", hung.Reason!.Text, StringComparison.Ordinal);
        Assert.Equal(1u, SerialOf(server));
        server.Process!.Signal(PosixSignalNumber.Continue);
        await Eventually.HoldsAsync(
            async () => (await target.Caller.ApplyAsync(Zone, SmallZone.Create(Zone, 3))).Outcome == OrderOutcome.Done,
            () => $"work again\n{server.Output}");
        await target.SeenAsync(Zone, Observation.Present, 3);

        await server.KillAsync();
        Assert.Equal(OrderOutcome.Away, (await target.Caller.ProbeAsync()).Outcome);
        Assert.Equal(OrderOutcome.Away, (await target.Caller.ApplyAsync(Zone, SmallZone.Create(Zone, 4))).Outcome);
        await server.StartAsync();
        await target.SeenAsync(Zone, Observation.Present, 3);
        string? second = (await target.Caller.ProbeAsync()).ServerRun;
        Assert.NotEqual(run, second);
        await target.AppliedAsync(SmallZone.Create(Zone, 5));

        await server.WipeAsync();
        await server.StartAsync();
        await target.SeenAsync(Zone, Observation.Absent, 0);
        await target.AppliedAsync(SmallZone.Create(Zone, 6));
    }

    [Fact]
    public async Task What_an_ended_process_left_is_for_good_when_gdnsd_takes_it_and_else_taken_back()
    {
        await using GdnsdServer server = new();
        await server.StartAsync();
        await using (GdnsdTarget first = new(server))
            await first.AppliedAsync(SmallZone.Create(Zone, 1));
        string file = Path.Combine(server.ZoneFolder, "kept.example");

        // Ended between the change of the file and the reload: once with a good file, once with a bad one and gdnsd unable to start.
        File.Copy(file, Path.Combine(server.ZoneFolder, ".agent-before", "kept.example"));
        await File.WriteAllTextAsync(file, (await File.ReadAllTextAsync(file)).Replace(" 1 3600", " 2 3600", StringComparison.Ordinal));
        await using (GdnsdTarget second = new(server))
        {
            Assert.Equal(OrderOutcome.Done, (await second.Caller.ProbeAsync()).Outcome);
            await second.SeenAsync(Zone, Observation.Present, 2);
            second.IsTidy("kept.example");
        }

        File.Copy(file, Path.Combine(server.ZoneFolder, ".agent-before", "kept.example"));
        await File.WriteAllTextAsync(file, "nonsense\n");
        await File.WriteAllTextAsync(Path.Combine(server.ZoneFolder, "new.example"), "nonsense\n");
        await File.WriteAllTextAsync(Path.Combine(server.ZoneFolder, ".agent-absent", "new.example"), "");
        await server.KillAsync();
        await Assert.ThrowsAsync<InvalidOperationException>(server.StartAsync);
        await using GdnsdTarget third = new(server);
        Assert.Equal(OrderOutcome.Away, (await third.Caller.ProbeAsync()).Outcome);
        await server.StartAsync();
        await third.SeenAsync(Zone, Observation.Present, 2);
        third.IsTidy("kept.example");
    }

    [Fact]
    public async Task A_thousand_zones_share_reloads_and_a_bad_one_among_them_is_put_aside()
    {
        const int Count = 1000;
        // So strict that it refuses what it only warns of otherwise, which no rule of ours knows.
        await using GdnsdServer server = new() { ExtraOptions = "zones_strict_data => true," };
        await server.StartAsync();
        await using GdnsdTarget target = new(server);
        ZoneContent[] good = [.. Enumerable.Range(0, Count).Select(i => Strict($"z{i}.many.example.", 1))];
        ZoneContent bad = UpdateTarget.Zone("bad.many.example.", 1, "@ NS ns1.elsewhere.test.", "@ NS ns2.elsewhere.test.", "a 1 A 192.0.2.1");

        ZoneContent[] all = [.. good[..500], bad, .. good[500..]];
        OrderFinished[] answers = await Task.WhenAll(all.Select(zone => target.Caller.ApplyAsync(zone.Apex, zone)));

        OrderFinished refused = Assert.Single(answers, answer => answer.Outcome != OrderOutcome.Done);
        Assert.Equal((OrderOutcome.Refused, answers[500]), (refused.Outcome, refused));
        Assert.Contains("content of bad.many.example.", refused.Reason!.Text, StringComparison.Ordinal);
        foreach (ZoneContent zone in good)
            await target.SeenAsync(zone.Apex, Observation.Present, 1);
        await target.SeenAsync(bad.Apex, Observation.Absent, 0);
        Assert.Equal([.. good.Select(zone => zone.Apex)], (await target.Caller.ListAsync(Count)).Zones.ToHashSet());
        target.IsTidy(good.Select(zone => zone.Apex.ToString().TrimEnd('.')));

        answers = await Task.WhenAll(good.Select(zone => target.Caller.RemoveAsync(zone.Apex)));
        Assert.All(answers, answer => Assert.Equal(OrderOutcome.Done, answer.Outcome));
        await target.SeenAsync(good[0].Apex, Observation.Absent, 0);
        target.IsTidy();
    }

    [Fact]
    public async Task A_bad_version_leaves_the_good_one_served_and_a_bad_file_of_others_is_named()
    {
        await using GdnsdServer server = new() { ExtraOptions = "zones_strict_data => true," };
        await server.StartAsync();
        await using GdnsdTarget target = new(server);
        await target.AppliedAsync(Strict(Zone.ToString(), 1));

        string reason = await target.RefusedAsync(UpdateTarget.Zone(Zone.ToString(), 2, "@ NS ns1.elsewhere.test."));
        Assert.Contains("put aside", reason, StringComparison.Ordinal);
        await target.SeenAsync(Zone, Observation.Present, 1);
        await target.AppliedAsync(Strict(Zone.ToString(), 3));

        string strange = Path.Combine(server.ZoneFolder, "strange.example");
        await File.WriteAllTextAsync(strange, "nonsense\n");
        OrderFinished blocked = await target.Caller.ApplyAsync(Zone, Strict(Zone.ToString(), 4));
        Assert.Equal(OrderOutcome.Away, blocked.Outcome);
        Assert.Contains("strange.example, was changed at", blocked.Reason!.Text, StringComparison.Ordinal);
        await target.SeenAsync(Zone, Observation.Present, 3);
        File.Delete(strange);
        await target.AppliedAsync(Strict(Zone.ToString(), 4));
        target.IsTidy("kept.example");
    }

    /// <summary>A zone that gdnsd has nothing to say against: two name servers, of which the SOA names one.</summary>
    private static ZoneContent Strict(string zone, uint serial) =>
        UpdateTarget.Zone(zone, serial, "@ NS ns1", "@ NS ns2.elsewhere.test.", "ns1 A 192.0.2.1");

    private static uint? SerialOf(GdnsdServer server) =>
        ZoneFileSerial.Read(Path.Combine(server.ZoneFolder, "kept.example"));
}
