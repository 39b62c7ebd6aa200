namespace Agent.Actors.Backends.Drivers;

/// <summary>The port that drivers from outside are built for: <see cref="IZoneDriver"/>, <see cref="IZoneBackend"/> and what their members
/// speak of.</summary>
public static class DriverPort
{
    /// <summary>Counted up when a driver that was built before could not work any more.</summary>
    public const int Version = 1;
}
