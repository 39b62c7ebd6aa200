using Agent.Actors.Kernel;

namespace Agent.Tests.Simulation.Cluster;

/// <summary>What may go wrong with the store. Everything is off in the beginning, and each kind has its own switch.</summary>
internal sealed record StoreFaults
{
    /// <summary>Longest ordinary way of a request or an answer.</summary>
    public TimeSpan Way { get; init; } = TimeSpan.FromMilliseconds(5);

    /// <summary>Chance that a way is long: up to twice the deadline of a request.</summary>
    public double SlowChance { get; init; }

    /// <summary>Chance that a request never arrives.</summary>
    public double RequestLostChance { get; init; }

    /// <summary>Chance that the answer to what was done never arrives.</summary>
    public double AnswerLostChance { get; init; }

    /// <summary>Chance that the connection is refused: surely nothing happens.</summary>
    public double RefusedChance { get; init; }

    /// <summary>Chance that a request arrives long after its sender has given it up.</summary>
    public double LateChance { get; init; }

    /// <summary>Chance that a piece of a watch is told much later.</summary>
    public double WatchSlowChance { get; init; }

    /// <summary>Chance that a watch breaks when it has something to tell.</summary>
    public double WatchBreakChance { get; init; }

    /// <summary>Chance that a watch falls silent when it has something to tell, until its client notices.</summary>
    public double WatchSilentChance { get; init; }

    /// <summary>Mean time between changes of leader.</summary>
    public TimeSpan? LeaderChangeEvery { get; init; }

    /// <summary>Mean time between losses of the quorum.</summary>
    public TimeSpan? AwayEvery { get; init; }

    /// <summary>Mean time between losses of one node's connection.</summary>
    public TimeSpan? NodeAwayEvery { get; init; }

    /// <summary>Mean time between stalls, behind each of which all leases are over.</summary>
    public TimeSpan? MassRevokeEvery { get; init; }

    /// <summary>Mean time between compactions up to the present revision.</summary>
    public TimeSpan? CompactEvery { get; init; }

    /// <summary>Longest time without a quorum, or of a node without the store.</summary>
    public TimeSpan AwayMax { get; init; } = TimeSpan.FromSeconds(40);

    public static StoreFaults None { get; } = new();

    /// <summary>A mix drawn at random: over many seeds each kind alone and with others, never all of them always.</summary>
    public static StoreFaults Swarm(KernelRandom random)
    {
        double Chance(double most) => random.Chance(0.5) ? random.NextDouble() * most : 0;
        TimeSpan? Mean(int mostMinutes) =>
            random.Chance(0.5) ? TimeSpan.FromSeconds(20) + random.NextTimeSpan(TimeSpan.FromMinutes(mostMinutes)) : null;
        return new StoreFaults
        {
            Way = TimeSpan.FromMilliseconds(1 + random.Next(random.Chance(0.2) ? 300 : 20)),
            SlowChance = Chance(0.1),
            RequestLostChance = Chance(0.1),
            AnswerLostChance = Chance(0.1),
            RefusedChance = Chance(0.1),
            LateChance = Chance(0.05),
            WatchSlowChance = Chance(0.2),
            WatchBreakChance = Chance(0.05),
            WatchSilentChance = Chance(0.02),
            LeaderChangeEvery = Mean(4),
            AwayEvery = Mean(6),
            NodeAwayEvery = Mean(4),
            MassRevokeEvery = Mean(8),
            CompactEvery = Mean(2),
        };
    }
}
