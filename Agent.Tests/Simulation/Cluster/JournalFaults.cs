using Agent.Actors.Kernel;

namespace Agent.Tests.Simulation.Cluster;

/// <summary>What may go wrong with the database. Everything is off in the beginning, and each kind has its own switch.</summary>
internal sealed record JournalFaults
{
    /// <summary>Longest ordinary way of a request or an answer.</summary>
    public TimeSpan Way { get; init; } = TimeSpan.FromMilliseconds(3);

    /// <summary>Chance that a way takes up to two seconds.</summary>
    public double SlowChance { get; init; }

    /// <summary>Chance that no connection is to be had: surely nothing is written.</summary>
    public double RefusedChance { get; init; }

    /// <summary>Chance that the connection breaks before the request arrives.</summary>
    public double RequestLostChance { get; init; }

    /// <summary>Chance that the connection breaks before the answer arrives.</summary>
    public double AnswerLostChance { get; init; }

    /// <summary>Chance that the connection breaks and the request is carried out all the same, later.</summary>
    public double LateChance { get; init; }

    /// <summary>Chance that a transaction keeps its locks for seconds before it commits.</summary>
    public double LockChance { get; init; }

    /// <summary>Mean time between losses of the database.</summary>
    public TimeSpan? AwayEvery { get; init; }

    /// <summary>Mean time between losses of one node's connection.</summary>
    public TimeSpan? NodeAwayEvery { get; init; }

    /// <summary>Mean time between failovers to a standby that has everything: what was not committed yet is rolled back.</summary>
    public TimeSpan? FailoverEvery { get; init; }

    /// <summary>Longest time away.</summary>
    public TimeSpan AwayMax { get; init; } = TimeSpan.FromSeconds(30);

    public static JournalFaults None { get; } = new();

    /// <summary>A mix drawn at random.</summary>
    public static JournalFaults Swarm(KernelRandom random)
    {
        double Chance(double most) => random.Chance(0.5) ? random.NextDouble() * most : 0;
        TimeSpan? Mean(int mostMinutes) =>
            random.Chance(0.5) ? TimeSpan.FromSeconds(20) + random.NextTimeSpan(TimeSpan.FromMinutes(mostMinutes)) : null;
        return new JournalFaults
        {
            Way = TimeSpan.FromMilliseconds(1 + random.Next(random.Chance(0.2) ? 100 : 10)),
            SlowChance = Chance(0.05),
            RefusedChance = Chance(0.05),
            RequestLostChance = Chance(0.05),
            AnswerLostChance = Chance(0.05),
            LateChance = Chance(0.05),
            LockChance = Chance(0.05),
            AwayEvery = Mean(6),
            NodeAwayEvery = Mean(4),
            FailoverEvery = Mean(6),
        };
    }
}
