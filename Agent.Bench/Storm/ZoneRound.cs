using System.Diagnostics;
using Agent.Bench.Peers;

namespace Agent.Bench.Storm;

/// <summary>Seconds that each part of a round took.</summary>
public sealed record ZoneRoundTimes(double Created, double Changed, double Deleted);

/// <summary>
/// Many zones created, changed and deleted through one agent that answers for them itself, with as much in flight as a pool manager has.
/// </summary>
public sealed class ZoneRound(AgentProcess agent, FastMaster master, IReadOnlyList<string> zones)
{
    private const int InFlight = 64;

    /// <summary>Runs all three; each part ends when all zones are as wanted.</summary>
    public async Task<ZoneRoundTimes> RunAsync()
    {
        double created = await TimedAsync(async zone =>
        {
            await agent.Worker.CreateAcceptedAsync(zone);
            await ServesAsync(zone);
        });
        double changed = await TimedAsync(async zone =>
        {
            master.SetSerial(zone, master.SerialOf(zone) + 1);
            await agent.Worker.NotifyAcceptedAsync(zone);
            await ServesAsync(zone);
        });
        double deleted = await TimedAsync(async zone =>
        {
            await agent.Worker.DeleteAcceptedAsync(zone);
            await WorkerClient.GoneAsync(agent.Dns, zone, () => agent.Output);
        });
        return new ZoneRoundTimes(created, changed, deleted);
    }

    private Task ServesAsync(string zone) => WorkerClient.ServedAsync(agent.Dns, zone, master.SerialOf(zone), () => agent.Output);

    private async Task<double> TimedAsync(Func<string, Task> one)
    {
        long started = Stopwatch.GetTimestamp();
        await Parallel.ForEachAsync(
            zones, new ParallelOptions { MaxDegreeOfParallelism = InFlight }, async (zone, _) => await one(zone));
        return Stopwatch.GetElapsedTime(started).TotalSeconds;
    }
}
