using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Agent.Bench.Chaos;

/// <summary>What a round was, and how it ended.</summary>
/// <param name="Schedule">The faults that follow from the seed.</param>
/// <param name="Log">When they were done, and whom they hit.</param>
/// <param name="Problems">Every promise that was not kept; empty when the round is good.</param>
/// <param name="Slow">What came in order only after ten seconds.</param>
/// <param name="Answers">Requests by their end.</param>
/// <param name="LongestAnswer">Of an agent that was in order.</param>
/// <param name="UntilLevel">From the end of the last fault until the verdict was complete.</param>
public sealed record ChaosRoundResult(
    int Seed,
    IReadOnlyList<Fault> Schedule,
    IReadOnlyList<string> Log,
    IReadOnlyList<string> Problems,
    IReadOnlyList<string> Slow,
    IReadOnlyDictionary<string, int> Answers,
    TimeSpan LongestAnswer,
    TimeSpan UntilLevel,
    long SerialsSeen,
    long ResidentOctets)
{
    /// <summary>How to see it again.</summary>
    public string Replay =>
        $"dotnet run -c Release --project Agent.Bench -- chaos --rounds 1 --seed {Seed.ToString(CultureInfo.InvariantCulture)}";

    /// <summary>One line for the record.</summary>
    public string ToJson(DateTimeOffset at) => JsonSerializer.Serialize(new
    {
        at,
        seed = Seed,
        verdict = Problems.Count == 0 ? "good" : "failed",
        problems = Problems,
        slow = Slow,
        schedule = Schedule.Select(fault => fault.ToString()),
        log = Log,
        answers = Answers,
        longestAnswerSeconds = LongestAnswer.TotalSeconds,
        untilLevelSeconds = UntilLevel.TotalSeconds,
        serialsSeen = SerialsSeen,
        residentMebibytes = ResidentOctets >> 20,
        replay = Replay,
    });
}

/// <summary>One round: load and faults together, then everything in order again, then the verdict.</summary>
public static class ChaosRound
{
    /// <summary>Runs the rounds of these seeds on one bed, and on a new one behind a round that failed or after some rounds.</summary>
    /// <param name="seeds">The rounds.</param>
    /// <param name="roundsPerBed">So that nothing that grows in a program of the bed decides a round.</param>
    /// <param name="onFailure">Hears what everybody wrote, when a round fails or is slow to come in order.</param>
    public static async IAsyncEnumerable<ChaosRoundResult> RunAsync(
        IEnumerable<int> seeds, int roundsPerBed = 10, Func<int, string, Task>? onFailure = null)
    {
        ChaosBed? bed = null;
        int rounds = 0;
        try
        {
            foreach (int seed in seeds)
            {
                if (bed is null || rounds == roundsPerBed)
                {
                    if (bed is not null) await bed.DisposeAsync();
                    bed = null;
                    bed = await ChaosBed.StartedAsync();
                    rounds = 0;
                }

                rounds++;
                ChaosRoundResult result = await RunAsync(bed, seed);
                if (onFailure is not null && result.Problems.Count + result.Slow.Count > 0) await onFailure(seed, bed.Output);
                if (result.Problems.Count > 0)
                {
                    await bed.DisposeAsync();
                    bed = null;
                }

                yield return result;
            }
        }
        finally
        {
            if (bed is not null) await bed.DisposeAsync();
        }
    }

    private static async Task<ChaosRoundResult> RunAsync(ChaosBed bed, int seed)
    {
        IReadOnlyList<Fault> schedule = ChaosSchedule.Draw(seed);
        long started = Stopwatch.GetTimestamp();
        TimeSpan Now() => Stopwatch.GetElapsedTime(started);
        FaultHand hand = new(bed, Now);
        ChaosLoad load = new(bed, seed, Now);
        SerialProbe probe = new();
        ChaosVerdict verdict = new(bed, load, hand, probe);
        using CancellationTokenSource stop = new();
        Task watching = Task.WhenAll(ChaosSchedule.Agents.Append("bind").Select(target => probe.WatchAsync(
            target, () => bed.Targets.First(known => known.Name == target).Dns, ChaosBed.Zones, stop.Token)));
        List<string> problems = [];
        TimeSpan faultsOver = Now();
        try
        {
            Task faults = hand.RunAsync(schedule);
            await load.RunAsync(ChaosSchedule.LoadDuration);
            await faults;
            faultsOver = Now();
            await bed.SettledAsync();
            problems.AddRange(await verdict.TakeAsync());
        }
        catch (Exception failure) when (failure is TimeoutException or InvalidOperationException or HttpRequestException)
        {
            problems.Add($"the farm did not come to order: {failure.Message}");
        }

        await stop.CancelAsync();
        await watching;
        LedgerEntry[] entries = [.. load.Ledgers.SelectMany(ledger => ledger.Entries)];
        return new ChaosRoundResult(
            seed,
            schedule,
            hand.Log,
            problems,
            verdict.SlowSteps,
            entries.CountBy(entry => $"{entry.Verb} {entry.Answer}").ToDictionary(StringComparer.Ordinal),
            entries.Where(entry => !hand.Broken.Touches(entry.Agent, entry.AskedAt, entry.EndedAt))
                .Select(entry => entry.EndedAt - entry.AskedAt).DefaultIfEmpty().Max(),
            Now() - faultsOver,
            probe.Answers,
            verdict.ResidentOctets);
    }
}
