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

    /// <summary>As where nsd is on another machine.</summary>
    [Fact]
    public async Task The_agent_need_not_see_the_folder()
    {
        ScriptedZone content = new(Zone.ToString(), 1);
        await using ScriptedMaster primary = new(content);
        await using NsdServer server = new() { PatternPrimary = primary.EndPoint };
        await server.StartAsync();
        await using NsdTarget target = new(server, NsdTarget.OptionsOf(server, NsdServer.SecondaryPattern) with
        {
            IsSecondary = true,
            ZoneDirectory = Path.Combine(server.FolderPath, "not-here"),
        });

        await target.DoneAsync(target.Caller.ProbeAsync());
        await target.DoneAsync(target.Caller.ApplyAsync(Zone, SmallZone.Create(Zone, 1)));
        await WorkerClient.ServedAsync(server.EndPoint, Zone.ToString(), 1, () => server.Output);
        await target.DoneAsync(target.Caller.RemoveAsync(Zone));
        await WorkerClient.GoneAsync(server.EndPoint, Zone.ToString(), () => server.Output);
    }

    private static NsdTarget Target(NsdServer server, string pattern) =>
        new(server, NsdTarget.OptionsOf(server, pattern) with { IsSecondary = true });
}
