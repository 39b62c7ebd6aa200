using Agent.Actors.Backends;
using Agent.Bench.Peers;

namespace Agent.Tests.Backends.PowerDnsApi;

/// <summary>The driver while pdns_server goes away, hangs, comes back, or loses what it had.</summary>
[Trait("Category", "Peer")]
public sealed class PowerDnsApiRestartPeerTests : ServerRestartFacts
{
    private protected override DnsServer Create() => new PowerDnsTarget();

    private protected override ServerTarget Drive(DnsServer server) => new ApiTarget((PowerDnsTarget)server);

    private protected override string PlaceOf(DnsServer server) => ((PowerDnsTarget)server).Api.ToString();

    // It is told by the uptime, in seconds with some slack.
    private protected override bool TellsRuns => false;

    /// <summary>A kernel that takes connections for a process that stands still.</summary>
    [Fact]
    public async Task A_server_that_hangs_is_away_by_the_deadline_and_goes_on_afterwards()
    {
        await using PowerDnsTarget server = new();
        await server.StartAsync();
        await using ApiTarget target = new(server);
        await target.AppliedAsync(SmallZone.Create(Zone, 1));

        server.Process!.Signal(PosixSignalNumber.Stop);
        OrderFinished probe = await target.Caller.ProbeAsync();
        server.Process.Signal(PosixSignalNumber.Continue);

        Assert.Equal(OrderOutcome.Away, probe.Outcome);
        Assert.Contains("within 5 s", probe.Reason!.Text, StringComparison.Ordinal);
        await target.AppliedAsync(SmallZone.Create(Zone, 2));
    }
}
