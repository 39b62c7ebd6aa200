namespace Agent.Actors.Backends.Drivers;

/// <summary>A driver from outside: says what it is called and which settings it takes, and makes a backend of each target's.</summary>
/// <remarks>One object for the whole process; any thread may call it.</remarks>
public interface IZoneDriver
{
    /// <summary>As users write it in <c>driver = NAME</c>: the name of the assembly's file and of its folder.</summary>
    string Name { get; }

    /// <summary>The keys of a target with this driver, beside those that all drivers have (<c>server</c>, <c>scope</c>, ...).</summary>
    IReadOnlyList<DriverSetting> Settings { get; }

    /// <summary>Every node reaches the server, unless the target's <c>scope</c> says otherwise; else only the node beside it.</summary>
    bool ReachesFromEverywhere => false;

    /// <summary>It can take a zone from its server.</summary>
    bool CanWithdraw => true;

    /// <summary>Makes the backend of one target; connects to nothing yet, for the server may be away.</summary>
    /// <exception cref="DriverSettingException">A setting can never work.</exception>
    IZoneBackend Create(DriverContext context);
}
