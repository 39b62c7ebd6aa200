using System.Net;
using Agent.Actors.Backends;
using Agent.Backends.Shared;
using Agent.Bench.Peers;
using Agent.Dns.Wire;
using Agent.Tests.Scenarios;

namespace Agent.Tests.Backends.Knot;

/// <summary>What is knotd's own with zones that it transfers itself.</summary>
[Trait("Category", "Peer")]
public sealed class KnotSecondaryPeerTests
{
    private static readonly DomainName Zone = DomainName.Parse("target.example.");

    private readonly ScriptedZones _zones = new();

    [Fact]
    public async Task Primaries_that_change_are_taken_up_and_what_knotd_lacks_is_said()
    {
        _zones.Set(new ScriptedZone(Zone.ToString(), 1));
        await using ScriptedMaster first = new(_zones.Answer);
        await using ScriptedMaster second = new(_zones.Answer);
        IPEndPoint nobody = new(IPAddress.Loopback, LoopbackPort.Next());
        await using KnotServer server = new() { HasDatabase = true };
        await server.StartAsync();
        await using KnotTarget before = Target(server, [nobody, first.EndPoint]);
        await before.AppliedAsync(SmallZone.Create(Zone, 1));

        _zones[Zone.ToString()].Serial = 2;
        await using KnotTarget after = Target(server, [second.EndPoint]);
        await after.AppliedAsync(SmallZone.Create(Zone, 2));
        Assert.NotEmpty(second.Queries);
        string shown = (await server.KnotcAsync("conf-read", $"zone[{Zone}].master")).EnsureSuccess().Output.TrimEnd();
        Assert.EndsWith($"= agent-primary-127.0.0.1@{second.EndPoint.Port}", shown, StringComparison.Ordinal);

        await using KnotTarget signed = Target(server, [second.EndPoint], key: "not-there");
        OrderFinished refused = await signed.Caller.ApplyAsync(Zone, SmallZone.Create(Zone, 3));
        Assert.Equal(OrderOutcome.Refused, refused.Outcome);
        Assert.Contains("knotd has no key not-there", refused.Reason!.Text, StringComparison.Ordinal);
        DomainName other = DomainName.Parse("other.example.");
        await using KnotTarget silent = Target(server, [nobody]);
        await silent.DoneAsync(silent.Caller.ApplyAsync(other, SmallZone.Create(other, 1)));
        ZoneObserved seen = await silent.Caller.ObserveAsync(other);
        Assert.Equal(Observation.CannotTell, seen.Observation);
        Assert.Contains($"knotd has not transferred serial 1 of {other} from {nobody}", seen.Reason!.Text, StringComparison.Ordinal);
    }

    private static KnotTarget Target(KnotServer server, IPEndPoint[] primaries, string? key = null) =>
        new(server, KnotTarget.OptionsOf(server) with { Secondary = new TransferSource(primaries, key) });
}
