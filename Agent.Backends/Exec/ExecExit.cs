namespace Agent.Backends.Exec;

/// <summary>
/// What a program says by its exit code. The two that mean more than failure are high, so that nothing that breaks ends with them by
/// accident: "away" holds back all zones of the target, and "absent" is believed.
/// </summary>
public static class ExecExit
{
    /// <summary>It is so.</summary>
    public const int Done = 0;

    /// <summary>The server says no to this zone and would say no again; so does every code that is not named here.</summary>
    public const int Refused = 1;

    /// <summary>The server cannot be reached, for this zone or any other (EX_TEMPFAIL of sysexits.h).</summary>
    public const int Away = 75;

    /// <summary>Of observe: the server does not have the zone.</summary>
    public const int Absent = 76;
}
