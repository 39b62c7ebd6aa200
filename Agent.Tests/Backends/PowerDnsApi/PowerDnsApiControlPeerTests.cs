using Agent.Actors.Backends;
using Agent.Bench.Peers;
using Agent.Dns.Wire;
using Agent.Tests.Backends.PowerDns;

namespace Agent.Tests.Backends.PowerDnsApi;

/// <summary>The driver beside a real pdns_server, whose caches it has purged over the control socket.</summary>
[Trait("Category", "Peer")]
public sealed class PowerDnsApiControlPeerTests(ApiServer fixture) : StaleAnswerFacts, IClassFixture<ApiServer>
{
    // By more than the driver allows for two looks at one clock.
    private const int SecondsApart = 6;

    protected override PowerDnsTarget Server => fixture.Server;

    private protected override ServerTarget Drive() => DriveBy(Server.ControlSocket);

    [Fact]
    public async Task A_socket_that_is_not_there_is_away_and_named()
    {
        DomainName zone = DomainName.Parse("nosocket.example.");
        await using ApiTarget target = DriveBy("/nowhere/pdns.controlsocket");

        OrderFinished probe = await target.Caller.ProbeAsync();
        await target.DoneAsync(target.Caller.ApplyAsync(zone, SmallZone.Create(zone, 1)));
        ZoneObserved seen = await target.Caller.ObserveAsync(zone);

        Assert.Equal(OrderOutcome.Away, probe.Outcome);
        Assert.Contains("/nowhere/pdns.controlsocket", probe.Reason!.Text, StringComparison.Ordinal);
        Assert.Equal(Observation.CannotTell, seen.Observation);
        Assert.Contains("/nowhere/pdns.controlsocket", seen.Reason!.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_socket_of_another_server_is_refused()
    {
        await using PowerDnsTarget first = new();
        await first.StartAsync();
        await Eventually.HoldsAsync(
            async () => int.Parse((await first.ControlAsync("show", "uptime")).EnsureSuccess().Output) >= SecondsApart,
            () => $"pdns_server is up for {SecondsApart} s\n{first.Output}");
        await using PowerDnsTarget second = new();
        await second.StartAsync();
        await using ApiTarget target = new(second, ApiTarget.OptionsOf(second) with { Control = first.ControlSocket });

        OrderFinished probe = await target.Caller.ProbeAsync();

        Assert.Equal(OrderOutcome.Refused, probe.Outcome);
        Assert.Contains(
            $"the control socket {first.ControlSocket} belongs to another PowerDNS", probe.Reason!.Text, StringComparison.Ordinal);
        await using ApiTarget own = new(second, ApiTarget.OptionsOf(second) with { Control = second.ControlSocket });
        await own.DoneAsync(own.Caller.ProbeAsync());
    }

    private ApiTarget DriveBy(string control) => new(Server, ApiTarget.OptionsOf(Server) with { Control = control });
}
