namespace Agent.Actors.Kernel;

/// <summary>Milliseconds from a clock that costs next to nothing to read and is some milliseconds coarse; it bounds turns, nothing
/// else.</summary>
internal static class CoarseClock
{
    internal static long Tick => Environment.TickCount64;
}
