using Agent.Actors.Transfers;
using Agent.Actors.Zones;
using Agent.Dns.Wire;
using Agent.Tests.TestKit;

namespace Agent.Tests.Simulation;

/// <summary>
/// All masters of a farm are silent for days, beyond the time after which its zones expire. What is served goes on being served by a server
/// that is set to keep it, through a restart of the agent and the loss of all zones of a server; when the masters are back all comes level,
/// and they are not asked all at once.
/// </summary>
public sealed class MastersAwayTests
{
    private const int Seeds = 1;
    private const int Zones = 24;
    private const int ChecksPerSecond = 4;

    private static readonly RequestOrigin Origin = new("192.0.2.9", null, "trace");
    private static readonly DomainName[] Names = [.. Enumerable.Range(0, Zones).Select(i => DomainName.Parse($"zone{i}.example."))];

    [Fact]
    public void A_farm_goes_on_for_days_and_comes_level_without_a_storm() => SimSeeds.ForEach(Seeds, Days);

    private static ulong Days(ulong seed)
    {
        var farm = new SimFarm(seed, pace: new PaceLimits(ChecksPerSecond, 1000), withdrawing: "ns2");
        SimServer keeps = farm.Servers["ns1"], withdraws = farm.Servers["ns2"];
        foreach (DomainName name in Names)
        {
            farm.Masters.Zones[name] = 1;
            farm.Region.Tell(new CreateZone(name, Origin), farm.System.DeadLetters);
        }

        farm.Sim.RunFor(TimeSpan.FromMinutes(2));
        Serves(keeps, 1);
        Serves(withdraws, 1);

        farm.Masters.Away.UnionWith(["m1", "m2"]);
        farm.Sim.RunFor(TimeSpan.FromHours(20));
        keeps.RestartEmpty();
        farm.KillAndRestart(TimeSpan.FromMinutes(5));
        farm.Sim.RunFor(TimeSpan.FromMinutes(2));
        Serves(keeps, 1);
        Serves(withdraws, 1);
        Assert.DoesNotContain(farm.Journal.Rows.Values, r => r.IsExpired);

        // A day after the last word of a master, and the agent is down when it is over.
        farm.KillAndRestart(TimeSpan.FromHours(10));
        farm.Sim.RunFor(TimeSpan.FromMinutes(15));
        Assert.All(farm.Journal.Rows.Values, r => Assert.True(r.IsExpired, $"{r.Name}: {r.Reason}, confirmed {r.RefreshedAt}"));
        Serves(keeps, 1);
        Assert.Empty(withdraws.Served);

        keeps.RestartEmpty();
        farm.KillAndRestart(TimeSpan.FromMinutes(1));
        farm.Sim.RunFor(TimeSpan.FromHours(30));
        Serves(keeps, 1);
        Assert.Empty(withdraws.Served);
        Assert.All(Names, n => Assert.Equal(1u, farm.Journal.Rows[n].Content?.Serial));

        // Half of the zones have changed, some even backwards, as after a restore of the masters.
        for (int i = 0; i < Zones; i++) farm.Masters.Zones[Names[i]] = i % 3 == 0 ? 4_000_000_000 : 1 + (uint)(i % 2);
        farm.Masters.Asked.Clear();
        farm.Masters.Away.Clear();
        farm.Sim.RunFor(TimeSpan.FromMinutes(3));
        SpreadChecker.Check(farm.Masters.Asked, ChecksPerSecond + 2);
        Assert.All(Names, n => Assert.Equal(farm.Masters.Zones[n], keeps.Served.GetValueOrDefault(n)));
        Assert.All(Names, n => Assert.Equal(farm.Masters.Zones[n], withdraws.Served.GetValueOrDefault(n)));
        Assert.All(farm.Journal.Rows.Values, r => Assert.Null(r.Reason));

        // A start with all masters well is spread as well.
        farm.Masters.Asked.Clear();
        farm.KillAndRestart(TimeSpan.FromSeconds(1));
        farm.Sim.RunFor(TimeSpan.FromSeconds(Zones));
        Assert.True(farm.Masters.Asked.Count >= 2 * Zones);
        SpreadChecker.Check(farm.Masters.Asked, ChecksPerSecond + 2);
        return farm.Sim.Unseed;
    }

    private static void Serves(SimServer server, uint serial) =>
        Assert.All(Names, n => Assert.Equal(serial, server.Served.GetValueOrDefault(n)));
}
