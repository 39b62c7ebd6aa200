using Agent.Actors.Backends;
using Agent.Bench.Peers;
using Agent.Dns.Wire;

namespace Agent.Tests.Backends.PowerDnsSql;

/// <summary>The driver while pdns_server goes away, hangs, comes back, or its database is made anew.</summary>
[Trait("Category", "Peer")]
public sealed class PowerDnsSqlRestartPeerTests
{
    private static readonly DomainName Zone = DomainName.Parse("target.example.");

    [Fact]
    public async Task Survives_the_servers_death_hanging_restart_and_wipe()
    {
        await using PowerDnsTarget server = new();
        await server.StartAsync();
        await using SqlTarget target = new(server);
        await target.AppliedAsync(Zone, SmallZone.Create(Zone, 1));

        await server.KillAsync();
        Assert.Equal(OrderOutcome.Away, (await target.Caller.ProbeAsync()).Outcome);
        OrderFinished away = await target.Caller.ApplyAsync(Zone, SmallZone.Create(Zone, 2));
        Assert.Equal(OrderOutcome.Away, away.Outcome);
        Assert.Contains(server.ControlSocket, away.Reason!.Text, StringComparison.Ordinal);
        Assert.Equal(Observation.CannotTell, (await target.Caller.ObserveAsync(Zone)).Observation);

        await server.StartAsync();
        await target.AppliedAsync(Zone, SmallZone.Create(Zone, 3, hosts: 3));
        await target.ServesAsync(SmallZone.Create(Zone, 3, hosts: 3));

        server.Process!.Signal(PosixSignalNumber.Stop);
        OrderFinished probe = await target.Caller.ProbeAsync();
        server.Process.Signal(PosixSignalNumber.Continue);
        Assert.Equal(OrderOutcome.Away, probe.Outcome);
        Assert.Contains("within 5 s", probe.Reason!.Text, StringComparison.Ordinal);

        await server.WipeAsync();
        OrderFinished wiped = await target.Caller.ApplyAsync(Zone, SmallZone.Create(Zone, 4));
        Assert.Equal(OrderOutcome.Away, wiped.Outcome);
        Assert.False(File.Exists(server.DatabaseFile), "a database that is not there is not made");
        await server.StartAsync();
        await target.AppliedAsync(Zone, SmallZone.Create(Zone, 4));
        await target.ServesAsync(SmallZone.Create(Zone, 4));
        await target.RemovedAsync(Zone);
    }
}
