namespace Agent.Host.Composition;

/// <summary>
/// How many threads the runtime's pool uses at once. By itself it climbs: it adds threads for as long as more seems to get done, takes it
/// back, and tries again, all its life. Our work is short, and the few things that hold a thread (a wait for the disk, the pipe of a
/// program) are bounded, so that all it found was chance: 20 to 43 threads on two cores, each with arrays of the shared pool for itself.
/// </summary>
/// <remarks>The climbing is turned off in the project file. What is left is the pool's gate: where nothing was begun for half a second
/// although something waits, it adds a thread, and gives it up when it was idle for 20 s. So a hung disk stops nobody else.</remarks>
internal static class PoolThreads
{
    /// <summary>How many may be held at once before others wait for the gate, beside one for each core.</summary>
    public const int HeldMax = 6;

    /// <summary>At the beginning of the program, before there is work.</summary>
    public static void Settle()
    {
        ThreadPool.GetMinThreads(out int workers, out int completions);
        ThreadPool.SetMinThreads(Math.Max(workers, CountFor(Environment.ProcessorCount)), completions);
    }

    /// <summary>One for each core, and those that are held.</summary>
    public static int CountFor(int cores) => cores + HeldMax;
}
