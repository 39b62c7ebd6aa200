namespace Agent.Actors.Kernel.Simulation;

/// <summary>
/// Marks places in production code where something rare but allowed may happen on purpose: a short read, a full buffer, an early timeout.
/// In a simulated run that asks for it, some sites fire; everywhere else the call is a constant false that the compiler removes.
/// </summary>
public static class Buggify
{
    /// <summary>The switch in the test project's runtime configuration.</summary>
    public const string SwitchName = "Agent.Simulation";

    private static readonly bool IsEnabled = AppContext.TryGetSwitch(SwitchName, out bool isOn) && isOn;

    internal static bool IsSimulationProcess => IsEnabled;

    /// <summary>True when the site is to misbehave now.</summary>
    /// <param name="site">A name of its own for each site; its draws depend on nothing but the seed and this name.</param>
    public static bool Hit(string site) => IsEnabled && SimScheduler.Current is { } scheduler && scheduler.FiresAt(site);

    /// <summary>Throws when the site is to misbehave now: a defect in the middle of what an actor does.</summary>
    /// <exception cref="SimulatedFaultException">In a simulated run only.</exception>
    public static void Break(string site)
    {
        if (IsEnabled && SimScheduler.Current is { } scheduler && scheduler.BreaksAt(site))
            throw new SimulatedFaultException($"{site} breaks because the simulation wants it");
    }
}
