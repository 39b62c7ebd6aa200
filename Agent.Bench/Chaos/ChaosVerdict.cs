using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Agent.Bench.Measure;
using Agent.Bench.Peers;

namespace Agent.Bench.Chaos;

/// <summary>
/// What must hold once the faults are over and everything runs again: each answer kept, all targets level with the masters, nobody dead,
/// and nothing in the logs that no fault from outside may cause.
/// </summary>
internal sealed class ChaosVerdict(ChaosBed bed, ChaosLoad load, FaultHand hand, SerialProbe probe)
{
    private const long ResidentOctetsMax = 400L << 20;

    /// <summary>A target that was away is level within 30 s of its return; the rest is the machine's.</summary>
    private static readonly TimeSpan Level = TimeSpan.FromSeconds(45);

    private static readonly TimeSpan Slow = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan NotifyDeadline = TimeSpan.FromSeconds(4);

    /// <summary>What the machine, which runs all of the farm at once, may add to a deadline.</summary>
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(6);

    private readonly List<string> _problems = [];
    private readonly List<string> _slow = [];

    /// <summary>The largest resident memory of an agent, in octets.</summary>
    public long ResidentOctets { get; private set; }

    /// <summary>What still was not as it must be after ten seconds, and came in order later.</summary>
    public IReadOnlyList<string> SlowSteps => _slow;

    /// <summary>Every promise that was not kept; empty when all were.</summary>
    public async Task<IReadOnlyList<string>> TakeAsync()
    {
        _problems.AddRange(hand.Deaths);
        ReadAnswers();
        // Nothing is sent until here: what was answered must come true by itself.
        await HoldsAsync(PromisesAsync);
        await NotifyTheRestAsync();
        await HoldsAsync(AllLevelAsync);
        await HoldsAsync(SameInEveryBookAsync);
        // What held at one moment must not have been undone by something that came late.
        await HoldsAsync(PromisesAsync);
        await DeleteAllAsync();
        _problems.AddRange(probe.StepsBack);
        foreach ((AgentProcess agent, string name) in bed.Agents.Zip(ChaosSchedule.Agents)) await ReadAgentAsync(agent, name);
        return _problems;
    }

    private void ReadAnswers()
    {
        foreach (ZoneLedger ledger in load.Ledgers)
        {
            foreach (LedgerEntry entry in ledger.Entries)
            {
                TimeSpan limit = (entry.Wanted is null ? NotifyDeadline : ChaosBed.AnswerDeadline) + Slack;
                bool isInTime = entry.Answer is AnswerKind.Done or AnswerKind.Failed && entry.EndedAt - entry.AskedAt <= limit;
                if (!isInTime && !hand.Broken.Touches(entry.Agent, entry.AskedAt, entry.EndedAt))
                    _problems.Add($"not answered in time by an agent that was in order: {ledger.Zone} {entry}");
            }
        }
    }

    /// <summary>Each zone is where its answers say, everywhere or nowhere, and as new as somebody has noted.</summary>
    private async Task<List<string>> PromisesAsync()
    {
        List<string> wrong = [];
        foreach (ZoneLedger ledger in load.Ledgers)
        {
            (string Name, uint? Serial)[] shown = await ShownAsync(ledger.Zone);
            string where = $"{Text(shown)} at {ledger}";
            bool isServed = Array.Exists(shown, target => target.Serial > 0);
            if (Array.Exists(shown, target => target.Serial is null || (target.Serial > 0) != isServed))
                wrong.Add($"not the same at every target: {where}");
            else if (!ledger.MayBe(isServed))
                wrong.Add($"{(isServed ? "served although it was deleted" : "lost although it was created")}: {where}");
            else if (isServed && ledger.IsNoted && !IsLevel(ledger.Zone, shown))
                wrong.Add($"the change that was noted is not served: {where}");
        }

        return wrong;
    }

    /// <summary>A worker repeats what was not answered with success.</summary>
    private async Task NotifyTheRestAsync()
    {
        foreach ((int index, ZoneLedger ledger) in load.Ledgers.Index())
        {
            if (ledger.IsNoted || !await IsServedAsync(ledger.Zone)) continue;
            LedgerEntry entry = await load.AskAsync(ledger, ChaosSchedule.Agents[index % ChaosSchedule.Agents.Count], wanted: null);
            if (entry.Answer != AnswerKind.Done) _problems.Add($"afterwards a NOTIFY is not taken: {ledger.Zone} {entry}");
        }
    }

    private async Task<List<string>> AllLevelAsync()
    {
        List<string> wrong = [];
        foreach (ZoneLedger ledger in load.Ledgers)
        {
            (string Name, uint? Serial)[] shown = await ShownAsync(ledger.Zone);
            if (!Array.TrueForAll(shown, target => target.Serial == 0) && !IsLevel(ledger.Zone, shown))
                wrong.Add($"not level: {Text(shown)}, the master has {Number(bed.Masters.SerialOf(ledger.Zone))}: {ledger}");
        }

        return wrong;
    }

    /// <summary>What is served, what the journal has and what each agent shows is the same set of zones, and all of it is well.</summary>
    private async Task<List<string>> SameInEveryBookAsync()
    {
        List<string> wrong = [];
        HashSet<string> served = new(StringComparer.Ordinal);
        foreach (ZoneLedger ledger in load.Ledgers)
        {
            if (await IsServedAsync(ledger.Zone)) served.Add(ledger.Zone);
        }

        int rows = await bed.Database.CountZonesAsync();
        if (rows != served.Count) wrong.Add($"the journal has {Number(rows)} zones, {Number(served.Count)} are served");
        foreach (string name in ChaosSchedule.Agents)
        {
            JsonElement answer = (await bed.Agent(name).GetAsync("/api/v1/zones?limit=1000"))!.Value;
            string[] listed = [.. answer.GetProperty("zones").EnumerateArray().Select(zone =>
                $"{zone.GetProperty("name").GetString()!.TrimEnd('.')}. {zone.GetProperty("state").GetString()}")];
            if (!served.Select(zone => $"{zone} ok").ToHashSet().SetEquals(listed))
                wrong.Add($"{name} lists {string.Join(", ", listed)}; served are {string.Join(", ", served)}");
        }

        return wrong;
    }

    /// <summary>The last deletions, and the bed is as it was at the beginning.</summary>
    private async Task DeleteAllAsync()
    {
        foreach ((int index, ZoneLedger ledger) in load.Ledgers.Index())
        {
            LedgerEntry entry = await load.AskAsync(ledger, ChaosSchedule.Agents[index % ChaosSchedule.Agents.Count], wanted: false);
            if (entry.Answer != AnswerKind.Done) _problems.Add($"afterwards a DELETE is not done: {ledger.Zone} {entry}");
        }

        await HoldsAsync(async () =>
        {
            List<string> left = [];
            foreach (ZoneLedger ledger in load.Ledgers)
            {
                (string Name, uint? Serial)[] shown = await ShownAsync(ledger.Zone);
                if (!Array.TrueForAll(shown, target => target.Serial == 0)) left.Add($"not gone at the end: {Text(shown)} at {ledger}");
            }

            int rows = await bed.Database.CountZonesAsync();
            if (rows > 0) left.Add($"the journal still has {Number(rows)} zones");
            return left;
        });
    }

    private async Task ReadAgentAsync(AgentProcess agent, string name)
    {
        if (agent.Process is not { IsRunning: true } process)
        {
            string end = agent.Process is { } ended ? Number(await ended.Exited) : "nothing";
            _problems.Add($"{name} ended by itself with {end}");
            return;
        }

        long resident = ProcessTree.ResidentOctets(process.Id);
        ResidentOctets = Math.Max(ResidentOctets, resident);
        if (resident > ResidentOctetsMax) _problems.Add($"{name} holds {Number(resident >> 20)} MiB");
        _problems.AddRange(AgentLog.Mistakes(agent.Output).Select(line => $"{name} says {line}"));
    }

    /// <summary>Looks until nothing is wrong; what still is at the end of the time is a problem.</summary>
    private async Task HoldsAsync(Func<Task<List<string>>> look)
    {
        List<string> wrong = [];
        bool isSlow = false;
        long started = Stopwatch.GetTimestamp();
        try
        {
            await Eventually.HoldsAsync(
                async () =>
                {
                    try
                    {
                        wrong = await look();
                    }
                    catch (Exception failure) when (failure is HttpRequestException or InvalidOperationException or TaskCanceledException)
                    {
                        wrong = [failure.Message];
                    }

                    if (!isSlow && wrong.Count > 0 && Stopwatch.GetElapsedTime(started) > Slow)
                    {
                        isSlow = true;
                        _slow.AddRange(wrong);
                    }

                    return wrong.Count == 0;
                },
                () => "",
                Level);
        }
        catch (TimeoutException)
        {
            _problems.AddRange(wrong);
        }
    }

    private bool IsLevel(string zone, (string Name, uint? Serial)[] shown) =>
        Array.TrueForAll(shown, target => target.Serial == bed.Masters.SerialOf(zone));

    private async Task<bool> IsServedAsync(string zone) => await SerialProbe.AskAsync(bed.Targets[0].Dns, zone) > 0;

    private async Task<(string Name, uint? Serial)[]> ShownAsync(string zone)
    {
        List<(string Name, uint? Serial)> shown = [];
        foreach ((string name, System.Net.IPEndPoint dns) in bed.Targets) shown.Add((name, await SerialProbe.AskAsync(dns, zone)));
        return [.. shown];
    }

    private static string Text((string Name, uint? Serial)[] shown) => string.Join(
        ' ', shown.Select(target => $"{target.Name}={target.Serial?.ToString(CultureInfo.InvariantCulture) ?? "silent"}"));

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}
