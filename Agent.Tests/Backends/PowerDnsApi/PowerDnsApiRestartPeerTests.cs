using Agent.Actors.Backends;
using Agent.Bench.Peers;
using Agent.Dns.Wire;

namespace Agent.Tests.Backends.PowerDnsApi;

/// <summary>The driver while pdns_server goes away, hangs, comes back, or loses what it had.</summary>
[Trait("Category", "Peer")]
public sealed class PowerDnsApiRestartPeerTests
{
    private static readonly DomainName Zone = DomainName.Parse("target.example.");

    [Fact]
    public async Task Survives_the_servers_death_restart_and_wipe()
    {
        await using PowerDnsTarget server = new();
        await server.StartAsync();
        await using ApiTarget target = new(server);
        await target.AppliedAsync(Zone, SmallZone.Create(Zone, 1));
        await target.DoneAsync(target.Caller.ProbeAsync());

        await server.KillAsync();
        Assert.Equal(OrderOutcome.Away, (await target.Caller.ProbeAsync()).Outcome);
        OrderFinished away = await target.Caller.ApplyAsync(Zone, SmallZone.Create(Zone, 2));
        Assert.Equal(OrderOutcome.Away, away.Outcome);
        Assert.Contains(server.Api.ToString(), away.Reason!.Text, StringComparison.Ordinal);
        Assert.Equal(Observation.CannotTell, (await target.Caller.ObserveAsync(Zone)).Observation);

        await server.StartAsync();
        await target.AppliedAsync(Zone, SmallZone.Create(Zone, 3, hosts: 3));
        await target.ServesAsync(SmallZone.Create(Zone, 3, hosts: 3));

        await server.WipeAsync();
        await server.StartAsync();
        await target.AppliedAsync(Zone, SmallZone.Create(Zone, 4));
        await target.ServesAsync(SmallZone.Create(Zone, 4));
        await target.RemovedAsync(Zone);
    }

    /// <summary>A kernel that takes connections for a process that stands still.</summary>
    [Fact]
    public async Task A_server_that_hangs_is_away_by_the_deadline_and_goes_on_afterwards()
    {
        await using PowerDnsTarget server = new();
        await server.StartAsync();
        await using ApiTarget target = new(server);
        await target.AppliedAsync(Zone, SmallZone.Create(Zone, 1));

        server.Process!.Signal(PosixSignalNumber.Stop);
        OrderFinished probe = await target.Caller.ProbeAsync();
        server.Process.Signal(PosixSignalNumber.Continue);

        Assert.Equal(OrderOutcome.Away, probe.Outcome);
        Assert.Contains("within 5 s", probe.Reason!.Text, StringComparison.Ordinal);
        await target.AppliedAsync(Zone, SmallZone.Create(Zone, 2));
    }
}
