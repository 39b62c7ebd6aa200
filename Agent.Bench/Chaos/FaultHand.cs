using System.Collections.Concurrent;
using System.Globalization;
using Agent.Bench.Peers;

namespace Agent.Bench.Chaos;

/// <summary>Carries the faults of a round out, each at its time, and makes each good at its end.</summary>
/// <param name="now">Time since the beginning of the round.</param>
internal sealed class FaultHand(ChaosBed bed, Func<TimeSpan> now)
{
    private static readonly IReadOnlyList<string> Databases = ChaosSchedule.Databases;

    private readonly ConcurrentQueue<string> _log = new();
    private readonly ConcurrentQueue<string> _deaths = new();
    private readonly ConcurrentDictionary<string, SemaphoreSlim> _turns = new(StringComparer.Ordinal);

    /// <summary>When which agent was out of order.</summary>
    public BrokenTimes Broken { get; } = new();

    /// <summary>What was done and when, with whom it really hit.</summary>
    public IReadOnlyList<string> Log => [.. _log];

    /// <summary>Agents that were dead already when they were to be killed, or did not end in order when they were asked to.</summary>
    public IReadOnlyList<string> Deaths => [.. _deaths];

    /// <summary>Ends when every fault is over and what it hit runs again.</summary>
    public Task RunAsync(IReadOnlyList<Fault> faults) => Task.WhenAll(faults.Select(RunAsync));

    /// <summary>
    /// A repair can take longer than the schedule allows for: the next fault of the same victim waits for it, and holds as long as it was
    /// to hold. One that could begin only when the load is over is left out.
    /// </summary>
    private async Task RunAsync(Fault fault)
    {
        await UntilAsync(fault.Start);
        SemaphoreSlim[] turns =
            [.. ChaosSchedule.Holds(fault).Order(StringComparer.Ordinal).Select(name => _turns.GetOrAdd(name, _ => new SemaphoreSlim(1)))];
        foreach (SemaphoreSlim turn in turns) await turn.WaitAsync();
        try
        {
            if (now() < ChaosSchedule.LoadDuration) await CarryOutAsync(fault with { Start = now() });
            else Note(fault, "left out, the load is over");
        }
        finally
        {
            foreach (SemaphoreSlim turn in turns) turn.Release();
        }
    }

    private async Task CarryOutAsync(Fault fault)
    {
        switch (fault.Kind)
        {
            case FaultKind.AgentKilled or FaultKind.AgentEnded or FaultKind.AgentStopped or FaultKind.AgentUnplugged
                or FaultKind.AllAgentsRestarted:
                await BreakAgentsAsync(fault);
                break;
            case FaultKind.EtcdKilled or FaultKind.EtcdLeaderKilled or FaultKind.EtcdLeaderStopped or FaultKind.EtcdSilent:
                await BreakEtcdAsync(fault);
                break;
            case FaultKind.BindKilled or FaultKind.BindStopped:
                await BreakAsync(bed.Bind, fault);
                break;
            case FaultKind.KnotKilled or FaultKind.KnotStopped:
                await BreakAsync(bed.Masters.Knot, fault);
                break;
            case FaultKind.MasterKilled:
                await bed.Masters.FastLeavesAsync();
                Note(fault, "away");
                await UntilAsync(fault.End);
                bed.Masters.FastReturns();
                break;
            case FaultKind.LinkCutOneWay or FaultKind.LinkCutBothWays:
                await CutAsync(fault);
                break;
            default:
                await BreakDatabaseAsync(fault);
                break;
        }

        Note(fault, "over");
    }

    private async Task BreakAgentsAsync(Fault fault)
    {
        string[] names = fault.Kind == FaultKind.AllAgentsRestarted ? [.. ChaosSchedule.Agents] : [fault.Victim];
        foreach (string name in names) Broken.Begin(name, now());
        foreach (string name in names.Where(name => bed.Agent(name).Process is not { IsRunning: true }))
            _deaths.Enqueue($"{name} had ended by itself before {fault}");
        await Task.WhenAll(names.Select(name => fault.Kind switch
        {
            FaultKind.AgentStopped => SignalAsync(bed.Agent(name).Process!, PosixSignalNumber.Stop),
            FaultKind.AgentUnplugged => bed.Network.UnplugAsync(name),
            FaultKind.AgentEnded => EndAsync(name, fault),
            _ => bed.Agent(name).KillAsync(),
        }));
        Note(fault, "broken");
        // All together are started again at once: the order of their return is left to them.
        await UntilAsync(fault.End);
        await Task.WhenAll(names.Select(name => fault.Kind switch
        {
            FaultKind.AgentStopped => SignalAsync(bed.Agent(name).Process!, PosixSignalNumber.Continue),
            FaultKind.AgentUnplugged => bed.Network.PlugAsync(name),
            _ => ChaosBed.StartAgentAsync(bed.Agent(name)),
        }));
        foreach (string name in names) Broken.End(name, now());
    }

    private async Task EndAsync(string name, Fault fault)
    {
        int code = await bed.Agent(name).StopAsync();
        if (code != 0) _deaths.Enqueue($"{name} ended with {code} at {fault}");
    }

    private async Task BreakEtcdAsync(Fault fault)
    {
        EtcdServer[] victims = fault.Kind switch
        {
            FaultKind.EtcdSilent => [.. bed.Etcd.Members],
            FaultKind.EtcdKilled => [bed.Member(fault.Victim)],
            _ => [await bed.Etcd.LeaderAsync()],
        };
        bool isKill = fault.Kind is FaultKind.EtcdKilled or FaultKind.EtcdLeaderKilled;
        foreach (EtcdServer victim in victims)
        {
            if (isKill) await victim.KillAsync();
            else victim.Signal(PosixSignalNumber.Stop);
        }

        Note(fault, string.Join(' ', victims.Select(victim => victim.Name)));
        await UntilAsync(fault.End);
        foreach (EtcdServer victim in victims)
        {
            if (isKill) await bed.Etcd.RestartAsync(victim);
            else victim.Signal(PosixSignalNumber.Continue);
        }
    }

    private async Task BreakDatabaseAsync(Fault fault)
    {
        PostgresServer primary = bed.Database.Primary;
        PostgresServer standby = bed.Database.Standby;
        Note(fault, $"primary {primary.Place.Address}");
        switch (fault.Kind)
        {
            case FaultKind.PrimaryKilled:
                await primary.KillAsync();
                await UntilAsync(fault.End);
                await primary.StartAsync();
                break;
            case FaultKind.PrimaryStopped:
                await primary.SignalAllAsync(PosixSignalNumber.Stop);
                await UntilAsync(fault.End);
                await primary.SignalAllAsync(PosixSignalNumber.Continue);
                break;
            case FaultKind.StandbyStopped:
                await standby.SignalAllAsync(PosixSignalNumber.Stop);
                await UntilAsync(fault.End);
                await standby.SignalAllAsync(PosixSignalNumber.Continue);
                break;
            case FaultKind.LaggingStandbyPromoted:
                // Not by SIGSTOP: what arrives meanwhile would wait in its socket, and be there when it goes on.
                foreach (int end in (int[])[0, 1]) await bed.Network.CutAsync(Databases[end], Databases[1 - end]);
                await UntilAsync(fault.End);
                await primary.KillAsync();
                foreach (int end in (int[])[0, 1]) await bed.Network.HealAsync(Databases[end], Databases[1 - end]);
                await bed.Database.PromoteAsync();
                await bed.Database.AddStandbyAsync();
                break;
            case FaultKind.StandbyPromoted:
                await primary.KillAsync();
                await UntilAsync(fault.End);
                await bed.Database.PromoteAsync();
                await bed.Database.AddStandbyAsync();
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(fault), fault.Kind, "no fault of the database");
        }
    }

    private async Task BreakAsync(DnsServer server, Fault fault)
    {
        bool isKill = fault.Kind is FaultKind.BindKilled or FaultKind.KnotKilled;
        if (isKill) await server.KillAsync();
        else server.Process!.Signal(PosixSignalNumber.Stop);
        Note(fault, "broken");
        await UntilAsync(fault.End);
        if (isKill) await (server is KnotServer knot ? knot.StartAnsweringAsync() : server.StartAsync());
        else server.Process!.Signal(PosixSignalNumber.Continue);
    }

    private async Task CutAsync(Fault fault)
    {
        (string Sender, string Receiver)[] ways = fault.Kind == FaultKind.LinkCutBothWays
            ? [(fault.Victim, fault.Peer), (fault.Peer, fault.Victim)]
            : [(fault.Victim, fault.Peer)];
        foreach ((string sender, string receiver) in ways) await bed.Network.CutAsync(sender, receiver);
        Note(fault, "cut");
        await UntilAsync(fault.End);
        foreach ((string sender, string receiver) in ways) await bed.Network.HealAsync(sender, receiver);
    }

    private static Task SignalAsync(ChildProcess process, PosixSignalNumber signal)
    {
        process.Signal(signal);
        return Task.CompletedTask;
    }

    private async Task UntilAsync(TimeSpan moment)
    {
        using PeriodicTimer pace = new(TimeSpan.FromMilliseconds(10));
        while (now() < moment) await pace.WaitForNextTickAsync();
    }

    private void Note(Fault fault, string what) => _log.Enqueue(
        string.Create(CultureInfo.InvariantCulture, $"{now().TotalSeconds:0.000}s {fault.Kind} {fault.Victim} {fault.Peer}: {what}"));
}
