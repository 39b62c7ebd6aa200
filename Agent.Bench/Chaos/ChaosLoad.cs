namespace Agent.Bench.Chaos;

/// <summary>
/// Clients that create, change and delete zones at all agents, several at a time also on the same zone. What each wants next follows from
/// the seed; how the requests of several fall together does not.
/// </summary>
internal sealed class ChaosLoad(ChaosBed bed, int seed, Func<TimeSpan> now)
{
    private const int Clients = 6;

    private readonly ChaosClient _client = new(now);

    /// <summary>What was asked of each zone, and how it was answered.</summary>
    public IReadOnlyList<ZoneLedger> Ledgers { get; } = [.. ChaosBed.Zones.Select(zone => new ZoneLedger(zone))];

    /// <summary>Runs until the time is over and every request has got its answer, or its client has given up.</summary>
    public Task RunAsync(TimeSpan until) => Task.WhenAll(Enumerable.Range(0, Clients).Select(client => RunAsync(client, until)));

    /// <summary>One request at this agent.</summary>
    public Task<LedgerEntry> AskAsync(ZoneLedger ledger, string agent, bool? wanted, bool useTcp = true) =>
        _client.AskAsync(ledger, agent, bed.Targets.First(target => target.Name == agent).Dns, wanted, useTcp);

    private async Task RunAsync(int client, TimeSpan until)
    {
        Random random = new(unchecked((seed * 397) + client));
        while (now() < until)
        {
            ZoneLedger ledger = Ledgers[random.Next(Ledgers.Count)];
            string agent = ChaosSchedule.Agents[random.Next(ChaosSchedule.Agents.Count)];
            bool useTcp = random.Next(3) > 0;
            int draw = random.Next(20);
            int pauseMs = random.Next(10, 150);
            if (draw < 8) await AskAsync(ledger, agent, wanted: true, useTcp);
            else if (draw < 11) await AskAsync(ledger, agent, wanted: false, useTcp);
            else await ChangeAsync(ledger, agent, useTcp);
            await PauseAsync(pauseMs);
        }
    }

    private async Task ChangeAsync(ZoneLedger ledger, string agent, bool useTcp)
    {
        if (await bed.Masters.BumpAsync(ledger.Zone) is not var (serial, isServed)) return;
        ledger.Changed(serial, isServed ? now() : null);
        await AskAsync(ledger, agent, wanted: null, useTcp);
    }

    private static async Task PauseAsync(int milliseconds)
    {
        using PeriodicTimer pause = new(TimeSpan.FromMilliseconds(milliseconds));
        await pause.WaitForNextTickAsync();
    }
}
