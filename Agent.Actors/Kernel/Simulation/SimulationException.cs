namespace Agent.Actors.Kernel.Simulation;

/// <summary>A simulated run failed. The message says what is needed to see it again: seed, options, commit, and the last steps.</summary>
public sealed class SimulationException : Exception
{
    internal SimulationException(SimScheduler scheduler, SimTrace trace, Exception cause)
        : base(Describe(scheduler, trace, cause), cause)
    {
        Seed = scheduler.Seed;
    }

    /// <summary>The seed of the failed run.</summary>
    public ulong Seed { get; }

    private static string Describe(SimScheduler scheduler, SimTrace trace, Exception cause)
    {
        // The build puts it into the program's runtimeconfig.json.
        object commit = AppContext.GetData("Agent.Commit") ?? "unknown";
        return $"""
            {cause.GetType().Name}: {cause.Message}
            seed {scheduler.Seed}, unseed {scheduler.Unseed:x16}, step {scheduler.Steps}, time {scheduler.Now}, commit {commit}
            options {scheduler.Options}
            replay: AGENT_SEED={scheduler.Seed} dotnet test Agent.Tests --filter NAME_OF_THE_TEST
            fewer faults: the same with AGENT_SEED_BUGGIFY=off
            last steps:
            {trace.Describe()}
            """;
    }
}
