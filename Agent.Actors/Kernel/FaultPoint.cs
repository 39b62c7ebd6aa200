namespace Agent.Actors.Kernel;

/// <summary>
/// Marks the moment between two steps at which a test may end the process, to prove that nothing depends on the second step following the
/// first. docs/crash-safety.md lists every point, what lies on the disk then, and what the next start makes of it.
/// </summary>
/// <remarks>
/// What is to happen at a point is put into the <see cref="AppContext"/> before the first one is passed (Agent.Host does so when its
/// environment says so); without it a point is a test of a constant. <see cref="Simulation.Buggify"/> is the counterpart inside one
/// simulated process: its sites misbehave by a seed, and simulated nodes crash between any two messages without being marked. A fault
/// point ends a real process, because what it proves lies in files and in other servers.
/// </remarks>
public static class FaultPoint
{
    /// <summary>Under this name the <see cref="AppContext"/> holds an <see cref="Action{T}"/> that takes the name of each point
    /// passed.</summary>
    public const string DataName = "Agent.FaultPoint";

    private static readonly Action<string>? Passed = AppContext.GetData(DataName) as Action<string>;

    /// <summary>Passes the point. Any thread.</summary>
    /// <param name="name">Room and step, <c>journal.committed</c> for example; the same name may stand at several places.</param>
    public static void Pass(string name) => Passed?.Invoke(name);
}
