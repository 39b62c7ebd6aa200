using Agent.Actors.Kernel;
using Agent.Actors.Kernel.Simulation;

namespace Agent.Tests.Simulation.Cluster;

/// <summary>What may happen to the processes and their machines. Everything is off in the beginning.</summary>
internal sealed record NodeFaults
{
    /// <summary>Mean time between crashes.</summary>
    public TimeSpan? CrashEvery { get; init; }

    /// <summary>Mean time between pauses of a process.</summary>
    public TimeSpan? PauseEvery { get; init; }

    /// <summary>Mean time between suspensions of a machine, over which the monotonic clock stands still.</summary>
    public TimeSpan? SuspendEvery { get; init; }

    /// <summary>Mean time between jumps of civil time.</summary>
    public TimeSpan? ClockStepEvery { get; init; }

    /// <summary>Longest pause; longer than any lease.</summary>
    public TimeSpan PauseMax { get; init; } = TimeSpan.FromSeconds(45);

    /// <summary>Longest time from a crash to the next start.</summary>
    public TimeSpan DownMax { get; init; } = TimeSpan.FromSeconds(40);

    public static NodeFaults None { get; } = new();

    /// <summary>A mix drawn at random.</summary>
    public static NodeFaults Swarm(KernelRandom random)
    {
        TimeSpan? Mean(int mostMinutes) =>
            random.Chance(0.6) ? TimeSpan.FromSeconds(20) + random.NextTimeSpan(TimeSpan.FromMinutes(mostMinutes)) : null;
        return new NodeFaults
        {
            CrashEvery = Mean(3),
            PauseEvery = Mean(2),
            SuspendEvery = Mean(4),
            ClockStepEvery = Mean(2),
        };
    }

    /// <summary>A clock as machines have it: a little wrong, now and then very.</summary>
    public static SimClockOptions DrawClock(KernelRandom random) => new()
    {
        DriftPpm = random.Chance(0.5) ? 0 : (random.NextDouble() - 0.5) * (random.Chance(0.2) ? 20_000 : 400),
        UtcOffset = random.Chance(0.5) ? TimeSpan.Zero : random.NextTimeSpan(TimeSpan.FromHours(2)) - TimeSpan.FromHours(1),
    };
}

/// <summary>
/// Strikes nodes at random: at some instant, behind the k-th turn from now, or in the middle of the k-th call of a port, when the request
/// has not left yet. A node that crashed is started again.
/// </summary>
internal sealed class SimNodeChaos
{
    private readonly SimScheduler _sim;
    private readonly FaultLog _log;
    private readonly NodeFaults _faults;
    private readonly IReadOnlyList<SimNode> _nodes;
    private readonly KernelRandom _random;
    private readonly SimChaos _chaos;

    /// <param name="start">Starts a node's systems after <see cref="SimNode.Restart"/>.</param>
    public SimNodeChaos(SimScheduler sim, FaultLog log, NodeFaults faults, IReadOnlyList<SimNode> nodes, Action<SimNode> start)
    {
        _sim = sim;
        _log = log;
        _faults = faults;
        _nodes = nodes;
        _random = sim.Faults.Fork();
        _chaos = new SimChaos(sim, _random.Fork());
        _chaos.Every(faults.CrashEvery, () => Strike("node.crash", static (node, _) => node.Crash()));
        _chaos.Every(faults.PauseEvery, () => Strike("node.pause", static (node, time) => node.Pause(time)));
        _chaos.Every(faults.SuspendEvery, () => Strike("node.suspend", static (node, time) => node.Suspend(time)));
        _chaos.Every(faults.ClockStepEvery, () => Strike("node.clock-step", StepClock));
        foreach (SimNode node in nodes) node.Crashed += crashed => ComeBack(crashed, start);
    }

    /// <summary>Nothing strikes from now on. Who is down comes back, and who stands still goes on, in its own time.</summary>
    public void End() => _chaos.End();

    private void Strike(string kind, Action<SimNode, TimeSpan> how)
    {
        SimNode node = _nodes[_random.Next(_nodes.Count)];
        TimeSpan time = _random.NextTimeSpan(_faults.PauseMax);
        int place = _random.Next(3);
        string[] places = [string.Empty, " behind a turn", " within a port call"];
        Action act = () =>
        {
            if (_chaos.IsOver || !node.IsUp) return;
            _log.Count($"{kind}{places[place]}", node.Name);
            how(node, time);
        };
        if (place == 0) act();
        else if (place == 1) node.AtTurn(1 + _random.Next(200), act);
        else node.AtPortCall(1 + _random.Next(30), act);
    }

    /// <summary>Nodes that crash do not come back by themselves.</summary>
    public bool StayDown { get; set; }

    private void ComeBack(SimNode node, Action<SimNode> start) => _sim.Schedule(_random.NextTimeSpan(_faults.DownMax), () =>
    {
        if (node.IsUp || StayDown) return;
        node.Restart();
        start(node);
    });

    private static void StepClock(SimNode node, TimeSpan time) =>
        node.SimClock.StepUtc((time.Ticks & 1) == 0 ? 100 * time : -100 * time);
}
