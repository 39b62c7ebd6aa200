namespace Agent.Actors.Backends.Drivers;

/// <summary>Names the driver that an assembly brings; without it an assembly is none.</summary>
/// <param name="driver">Implements <see cref="IZoneDriver"/>, with a constructor that takes nothing.</param>
/// <param name="portVersion">Leave it out: the compiler then writes down the version that the assembly was built for.</param>
[AttributeUsage(AttributeTargets.Assembly)]
public sealed class ZoneDriverAttribute(Type driver, int portVersion = DriverPort.Version) : Attribute
{
    /// <summary>What makes backends.</summary>
    public Type Driver { get; } = driver;

    /// <summary>What the assembly was built for.</summary>
    public int PortVersion { get; } = portVersion;
}
