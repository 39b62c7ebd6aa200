using Agent.Actors.Backends;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Tests.Backends;

/// <summary>What each driver does with a real server that goes on running: a driver's own class says which server, and has what is its
/// own beside these.</summary>
public abstract class ServerPeerFacts
{
    /// <summary>A new driver for the server of the class.</summary>
    private protected abstract ServerTarget Drive();

    /// <summary>What else the server has to show of a zone that it serves.</summary>
    protected virtual Task IsThereAsync(DomainName zone) => Task.CompletedTask;

    /// <summary>What may not be left of a zone that was taken away.</summary>
    protected virtual Task IsGoneAsync(DomainName zone) => Task.CompletedTask;

    [Fact]
    public async Task Adds_changes_and_removes()
    {
        await using ServerTarget target = Drive();
        DomainName zone = DomainName.Parse("target.example.");
        Assert.Equal(Observation.Absent, (await target.Caller.ObserveAsync(zone)).Observation);

        await target.AppliedEquallyAsync(SmallZone.Create(zone, 1));
        await target.AppliedEquallyAsync(SmallZone.Create(zone, 2, hosts: 5));
        await target.AppliedEquallyAsync(SmallZone.Create(zone, 3, hosts: 2));
        await IsThereAsync(zone);
        await target.RemovedAsync(zone);

        await IsGoneAsync(zone);
        Assert.Empty(target.Caller.Surplus);
    }

    [Fact]
    public async Task Repeats_are_successes_also_of_another_process()
    {
        await using ServerTarget target = Drive();
        await using ServerTarget second = target.Again();
        ZoneContent content = SmallZone.Create("repeats.example.", 7);

        for (int round = 0; round < 3; round++)
        {
            await target.AppliedAsync(content);
            await second.AppliedAsync(content);
        }

        for (int round = 0; round < 3; round++)
        {
            await second.RemovedAsync(content.Apex);
            await target.RemovedAsync(content.Apex);
        }

        await target.AppliedEquallyAsync(content);
    }

    [Fact]
    public async Task A_serial_that_goes_back_or_around_is_served()
    {
        await using ServerTarget target = Drive();
        foreach (uint serial in (uint[])[10, 4, 4_000_000_000, 3, 0, 2])
            await target.AppliedEquallyAsync(SmallZone.Create("back.example.", serial, hosts: (int)(serial % 7)));
    }
}
