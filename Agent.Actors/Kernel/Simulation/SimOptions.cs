namespace Agent.Actors.Kernel.Simulation;

/// <summary>How the next actor is chosen.</summary>
public enum SimStrategyKind
{
    /// <summary>Any runnable actor with the same chance.</summary>
    UniformRandom,

    /// <summary>
    /// Random priorities with a few random points of change (Burckhardt and others, ASPLOS 2010): finds bugs that need few but specific
    /// orderings, with a known chance.
    /// </summary>
    Pct,

    /// <summary>One actor at a time is passed over as long as any other can run.</summary>
    StarveOne,

    /// <summary>An actor that runs goes on for a while, as a busy thread does.</summary>
    Burst,

    /// <summary>In the order in which they became runnable; for debugging, and for tests of one actor.</summary>
    Fifo,
}

/// <summary>How a simulation is driven.</summary>
public sealed record SimOptions
{
    /// <summary>The order of turns.</summary>
    public SimStrategyKind Strategy { get; init; } = SimStrategyKind.UniformRandom;

    /// <summary>A step keeps its node busy for up to this long; zero makes turns take no time.</summary>
    public TimeSpan StepCostMax { get; init; } = TimeSpan.FromMicroseconds(200);

    /// <summary>Whether <see cref="Simulation.Buggify"/> sites may fire.</summary>
    public bool Buggify { get; init; }

    /// <summary>A known bug that the run shall have; null for none.</summary>
    public string? PlantedBug { get; init; }

    /// <summary>Ends a run that does not come to an end.</summary>
    public long StepsMax { get; init; } = 10_000_000;

    /// <summary>A mix drawn from the seed: over many seeds each combination gets its turn, and no run has everything at once.</summary>
    public static SimOptions Swarm(ulong seed)
    {
        // Not the seed itself: the scheduler draws from that.
        KernelRandom random = new(~seed);
        return new SimOptions
        {
            Strategy = (SimStrategyKind)random.Next((int)SimStrategyKind.Fifo + 1),
            StepCostMax = TimeSpan.FromMicroseconds(random.Chance(0.2) ? 0 : random.Next(1, 400)),
            Buggify = random.Chance(0.5),
        };
    }
}
