using Agent.Bench.Peers;

namespace Agent.Tests.Backends.PowerDnsSql;

/// <summary>The driver while pdns_server goes away, hangs, comes back, or its database is made anew.</summary>
[Trait("Category", "Peer")]
public sealed class PowerDnsSqlRestartPeerTests : ServerRestartFacts
{
    private protected override DnsServer Create() => new PowerDnsTarget();

    private protected override ServerTarget Drive(DnsServer server) => new SqlTarget((PowerDnsTarget)server);

    private protected override string PlaceOf(DnsServer server) => ((PowerDnsTarget)server).ControlSocket;

    // It is told by the uptime, in seconds with some slack.
    private protected override bool TellsRuns => false;

    [Fact]
    public async Task A_server_that_hangs_is_away_by_the_deadline_and_a_database_that_is_gone_is_not_made()
    {
        await using PowerDnsTarget server = new();
        await server.StartAsync();
        await using SqlTarget target = new(server);
        await target.AppliedAsync(SmallZone.Create(Zone, 1));

        server.Process!.Signal(PosixSignalNumber.Stop);
        string reason = await target.AwayAsync(target.Caller.ProbeAsync());
        server.Process.Signal(PosixSignalNumber.Continue);
        Assert.Contains("within 5 s", reason, StringComparison.Ordinal);
        await target.AppliedAsync(SmallZone.Create(Zone, 2));

        await server.WipeAsync();
        await target.AwayAsync(target.Caller.ApplyAsync(Zone, SmallZone.Create(Zone, 3)));
        Assert.False(File.Exists(server.DatabaseFile), "a database that is not there is not made");
    }
}
