namespace Agent.Actors.Kernel.Simulation;

/// <summary>
/// Known bugs that a simulated run can ask for by name (<see cref="SimOptions.PlantedBug"/>), to show that its checks would find them.
/// Outside a simulation the answer is a constant false that the compiler removes.
/// </summary>
public static class PlantedBug
{
    /// <summary>A lease is counted from when its answer came, not from when it was asked for.</summary>
    public const string LeaseFromReceipt = "lease-from-receipt";

    /// <summary>A new owner applies what the journal holds without looking at the servers first.</summary>
    public const string ReplayAfterTakeover = "replay-after-takeover";

    /// <summary>What waits for a shard is dropped when the shard is given up.</summary>
    public const string BufferLostAtHandOff = "buffer-lost-at-hand-off";

    /// <summary>A new owner does not ask the masters about the zones it took over.</summary>
    public const string NoCheckAfterTakeover = "no-check-after-takeover";

    /// <summary>The journal takes entries of a former owner.</summary>
    public const string FenceDropped = "fence-dropped";

    /// <summary>A node withdraws its anycast addresses without a look at who else announces them.</summary>
    public const string LeaveUnasked = "leave-unasked";

    /// <summary>Whether the running simulation asks for this bug.</summary>
    public static bool Is(string name) => Buggify.IsSimulationProcess && SimScheduler.Current?.Options.PlantedBug == name;
}
