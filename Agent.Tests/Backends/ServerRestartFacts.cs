using Agent.Actors.Backends;
using Agent.Bench.Peers;
using Agent.Dns.Wire;

namespace Agent.Tests.Backends;

/// <summary>What each driver does while its server goes away, comes back, or loses what it had.</summary>
public abstract class ServerRestartFacts
{
    private protected static readonly DomainName Zone = DomainName.Parse("target.example.");

    /// <summary>A server of its own, not started.</summary>
    private protected abstract DnsServer Create();

    private protected abstract ServerTarget Drive(DnsServer server);

    /// <summary>What the reason names when nobody is there.</summary>
    private protected abstract string PlaceOf(DnsServer server);

    /// <summary>A probe tells one run of the server from the next, however short.</summary>
    private protected virtual bool TellsRuns => true;

    /// <summary>What an operator does before agents work again.</summary>
    private protected virtual void AfterWipe(ServerTarget target)
    {
    }

    [Fact]
    public async Task Survives_the_servers_death_restart_and_wipe()
    {
        await using DnsServer server = Create();
        await server.StartAsync();
        await using ServerTarget target = Drive(server);
        await target.AppliedAsync(SmallZone.Create(Zone, 1));
        string? first = (await target.Caller.ProbeAsync()).ServerRun;
        Assert.NotNull(first);

        await server.KillAsync();
        await target.AwayAsync(target.Caller.ProbeAsync());
        Assert.Contains(
            PlaceOf(server), await target.AwayAsync(target.Caller.ApplyAsync(Zone, SmallZone.Create(Zone, 2))), StringComparison.Ordinal);
        Assert.Equal(Observation.CannotTell, (await target.Caller.ObserveAsync(Zone)).Observation);

        await server.StartAsync();
        string? second = (await target.Caller.ProbeAsync()).ServerRun;
        if (TellsRuns)
            Assert.NotEqual(first, second);
        await target.AppliedEquallyAsync(SmallZone.Create(Zone, 3, hosts: 3));

        await server.WipeAsync();
        await server.StartAsync();
        AfterWipe(target);
        string? third = (await target.Caller.ProbeAsync()).ServerRun;
        if (TellsRuns)
            Assert.NotEqual(second, third);
        await target.SeenAsync(Zone, Observation.Absent, 0);
        await target.AppliedEquallyAsync(SmallZone.Create(Zone, 4));
        await target.RemovedAsync(Zone);
    }
}
