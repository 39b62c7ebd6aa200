using Agent.Actors.Backends;
using Agent.Bench.Peers;
using Agent.Dns.Wire;

namespace Agent.Tests.Backends.Nsd;

/// <summary>What is NSD's own with zones that it transfers itself.</summary>
[Trait("Category", "Peer")]
public sealed class NsdSecondaryPeerTests
{
    private static readonly DomainName Zone = DomainName.Parse("target.example.");

    [Fact]
    public async Task A_pattern_without_primaries_is_refused_and_silent_primaries_are_named()
    {
        await using NsdServer server = new();
        await server.StartAsync();
        await using NsdTarget plain = Target(server, NsdServer.TargetPattern);

        OrderFinished refused = await plain.Caller.ApplyAsync(Zone, SmallZone.Create(Zone, 1));

        Assert.Equal(OrderOutcome.Refused, refused.Outcome);
        Assert.Contains("its pattern target has no request-xfr", refused.Reason!.Text, StringComparison.Ordinal);
        Assert.Empty((await plain.Caller.ListAsync()).Zones);
        await using NsdTarget following = Target(server, NsdServer.SecondaryPattern);
        await following.DoneAsync(following.Caller.ApplyAsync(Zone, SmallZone.Create(Zone, 1)));
        ZoneObserved? seen = null;
        await Eventually.HoldsAsync(
            async () => (seen = await following.Caller.ObserveAsync(Zone)).Reason is not null, () => $"{seen}\n{server.Output}");
        Assert.Equal(Observation.CannotTell, seen!.Observation);
        Assert.Contains($"nsd has not transferred serial 1 of {Zone} from where", seen.Reason!.Text, StringComparison.Ordinal);
        Assert.Equal(Zone, Assert.Single((await following.Caller.ListAsync()).Zones));
    }

    private static NsdTarget Target(NsdServer server, string pattern) =>
        new(server, NsdTarget.OptionsOf(server, pattern) with { IsSecondary = true });
}
