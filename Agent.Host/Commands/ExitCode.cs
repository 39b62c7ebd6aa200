namespace Agent.Host.Commands;

/// <summary>What the program's exit code says. Scripts rely on these numbers.</summary>
public static class ExitCode
{
    public const int Done = 0;
    public const int Failed = 1;

    /// <summary>
    /// The command line or the configuration is wrong, and nothing was tried; or another agent was given the same journal. A start with the
    /// same settings would end in the same way.
    /// </summary>
    public const int Usage = 2;

    public const int NotRunning = 3;

    /// <summary>Done on some targets only.</summary>
    public const int Partial = 4;

    /// <summary>A guard stopped the new content.</summary>
    public const int StoppedByGuard = 5;

    public const int TimedOut = 124;
}
