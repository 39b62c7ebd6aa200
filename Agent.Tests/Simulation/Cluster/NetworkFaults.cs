using Agent.Actors.Kernel;

namespace Agent.Tests.Simulation.Cluster;

/// <summary>What may go wrong between nodes. Everything is off in the beginning, and each kind has its own switch.</summary>
internal sealed record NetworkFaults
{
    /// <summary>Longest ordinary way of a message.</summary>
    public TimeSpan Way { get; init; } = TimeSpan.FromMilliseconds(2);

    /// <summary>Chance that a message takes up to two seconds; whatever was sent behind it waits.</summary>
    public double SlowChance { get; init; }

    /// <summary>Chance that a message is dropped though the link lives.</summary>
    public double LossChance { get; init; }

    /// <summary>Chance that the link breaks at a message, with all that is on its way.</summary>
    public double BreakChance { get; init; }

    /// <summary>Chance that what is under way when a link breaks arrives all the same, perhaps behind what a later link carries.</summary>
    public double LateChance { get; init; }

    /// <summary>Mean time between cuts of the way from one node to another, in one direction only.</summary>
    public TimeSpan? OneWayCutEvery { get; init; }

    /// <summary>Mean time between cuts of a node from some of the others.</summary>
    public TimeSpan? PartitionEvery { get; init; }

    /// <summary>Mean time between links that become slow for a while: each message takes its time, and the queue fills.</summary>
    public TimeSpan? SlowLinkEvery { get; init; }

    /// <summary>Longest cut or slowness.</summary>
    public TimeSpan CutMax { get; init; } = TimeSpan.FromSeconds(40);

    public static NetworkFaults None { get; } = new();

    /// <summary>A mix drawn at random.</summary>
    public static NetworkFaults Swarm(KernelRandom random)
    {
        double Chance(double most) => random.Chance(0.5) ? random.NextDouble() * most : 0;
        TimeSpan? Mean(int mostMinutes) =>
            random.Chance(0.5) ? TimeSpan.FromSeconds(15) + random.NextTimeSpan(TimeSpan.FromMinutes(mostMinutes)) : null;
        return new NetworkFaults
        {
            Way = TimeSpan.FromMilliseconds(1 + random.Next(random.Chance(0.2) ? 200 : 5)),
            SlowChance = Chance(0.05),
            LossChance = Chance(0.05),
            BreakChance = Chance(0.02),
            LateChance = Chance(0.5),
            OneWayCutEvery = Mean(2),
            PartitionEvery = Mean(3),
            SlowLinkEvery = Mean(3),
        };
    }
}
