using Agent.Actors.Backends;
using Agent.Bench.Peers;
using Agent.Dns.Wire;

namespace Agent.Tests.Backends.Knot;

/// <summary>The driver while knotd goes away, comes back, loses what it had, or runs from a text file.</summary>
[Trait("Category", "Peer")]
public sealed class KnotRestartPeerTests
{
    private static readonly DomainName Zone = DomainName.Parse("target.example.");

    [Fact]
    public async Task Survives_the_servers_death_restart_and_wipe()
    {
        await using KnotServer server = new() { HasDatabase = true };
        await server.StartAsync();
        await using KnotTarget target = new(server);
        await target.AppliedAsync(Zone, SmallZone.Create(Zone, 1));
        string? run = (await target.Caller.ProbeAsync()).ServerRun;

        await server.KillAsync();
        Assert.Equal(OrderOutcome.Away, (await target.Caller.ProbeAsync()).Outcome);
        OrderFinished away = await target.Caller.ApplyAsync(Zone, SmallZone.Create(Zone, 2));
        Assert.Equal(OrderOutcome.Away, away.Outcome);
        Assert.Contains(server.Control, away.Reason!.Text, StringComparison.Ordinal);
        Assert.Equal(Observation.CannotTell, (await target.Caller.ObserveAsync(Zone)).Observation);

        await server.StartAsync();
        string? second = (await target.Caller.ProbeAsync()).ServerRun;
        Assert.NotEqual(run, second);
        await target.AppliedAsync(Zone, SmallZone.Create(Zone, 3, hosts: 3));
        await target.ServesAsync(SmallZone.Create(Zone, 3, hosts: 3));

        await server.WipeAsync();
        await server.StartAsync();
        Assert.NotEqual(second, (await target.Caller.ProbeAsync()).ServerRun);
        Directory.CreateDirectory(target.Options.ZoneDirectory);
        await target.AppliedAsync(Zone, SmallZone.Create(Zone, 4));
        await target.RemovedAsync(Zone);
    }

    [Fact]
    public async Task A_knotd_with_a_text_file_is_told_only_what_stays()
    {
        await using KnotServer server = new();
        await server.SetZoneAsync(MasterZone.Create("target.example", 99));
        await server.StartAsync();
        await using KnotTarget target = new(server);
        DomainName fresh = DomainName.Parse("fresh.example.");

        OrderFinished[] answers =
        [
            await target.Caller.ApplyAsync(fresh, SmallZone.Create(fresh, 1)),
            await target.Caller.ApplyAsync(Zone, SmallZone.Create(Zone, 3)),
            await target.Caller.RemoveAsync(Zone),
        ];

        Assert.All(answers, answer =>
        {
            Assert.Equal(OrderOutcome.Refused, answer.Outcome);
            Assert.Contains("knot.conf", answer.Reason!.Text, StringComparison.Ordinal);
            Assert.Contains("conf-import", answer.Reason.Text, StringComparison.Ordinal);
        });
        await target.ServedAsync(Zone, 99);
        Assert.False(File.Exists(target.FileOf(fresh)));
    }
}
