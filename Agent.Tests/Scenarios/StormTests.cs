using System.Text.Json;
using Agent.Bench.Measure;
using Agent.Bench.Peers;
using Agent.Bench.Storm;

namespace Agent.Tests.Scenarios;

/// <summary>
/// More at once than an agent ever gets in good order: nothing is lost, and memory and questions to the master stay bounded.
/// </summary>
[Trait("Category", "Long")]
public sealed class StormTests
{
    private const int Notifies = 100_000;
    private const long PeakOctetsMax = 400L << 20;

    [Fact]
    public async Task A_storm_of_notifies_ends_with_every_zone_at_the_newest_serial()
    {
        IReadOnlyList<string> zones = NotifyStorm.Zones(1_000);
        await using FastMaster master = new(zones, serial: 1);
        await using AgentProcess agent = await StartAsync(master);
        await Parallel.ForEachAsync(zones, async (zone, _) => await agent.Worker.CreateAcceptedAsync(zone));
        (long asked, long transferred) = (master.SoaQueries, master.Transfers);
        NotifyStorm storm = new(agent.Dns, master, zones, everyNth: 97);

        StormOutcome outcome = await storm.RunAsync(Notifies);

        await storm.AllLevelAsync();
        Assert.Equal(Notifies, outcome.Sent);
        Assert.InRange(outcome.NewSerials, Notifies / 100, Notifies / 90);
        Assert.InRange(master.Transfers - transferred, 1, outcome.NewSerials);
        // NOTIFYs that come while a zone's pass runs make one more pass together, so there are never more passes than NOTIFYs taken.
        Assert.InRange(master.SoaQueries - asked, zones.Count, Notifies + outcome.Lost + outcome.Busy);
        Assert.InRange(ProcessTree.PeakOctets(agent.Process!.Id), 1, PeakOctetsMax);
        await Eventually.HoldsAsync(
            async () => await agent.MetricsAsync() is var page && page["dnsagent_intake_queue_depth"] == 0
                && page["dnsagent_journal_lag_events"] == 0 && page["dnsagent_zone_actors"] == 0,
            () => $"nothing waits any more\n{agent.Output}");
    }

    [Fact]
    public async Task Many_zones_created_changed_and_deleted_leave_nothing_behind()
    {
        IReadOnlyList<string> zones = NotifyStorm.Zones(2_000);
        await using FastMaster master = new(zones, serial: 1);
        await using AgentProcess agent = await StartAsync(master);

        await new ZoneRound(agent, master, zones).RunAsync();

        await Eventually.HoldsAsync(
            async () => (await agent.MetricsAsync())["dnsagent_zone_actors"] == 0, () => $"no zone has an actor\n{agent.Output}");
        await NothingIsLeftAsync(agent);
        await agent.RestartAsync(byKill: true);
        await NothingIsLeftAsync(agent);
        Assert.Equal(0u, await WorkerClient.PollSerialAsync(agent.Dns, zones[0]));
    }

    private static async Task NothingIsLeftAsync(AgentProcess agent)
    {
        JsonElement list = (await agent.GetAsync("/api/v1/zones"))!.Value;
        Assert.Equal(0, list.GetProperty("zones").GetArrayLength());
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(agent.DataFolder, "contents")));
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(agent.DataFolder, "spool")));
    }

    private static Task<AgentProcess> StartAsync(FastMaster master) => AgentProcess.StartedAsync($"""
        backend-driver = embedded
        masters = ["{master.EndPoint}"]
        limits.passivate-after = 1s
        logging.level = warning
        """);
}
