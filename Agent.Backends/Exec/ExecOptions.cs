using System.Net;
using Agent.Actors.Backends;

namespace Agent.Backends.Exec;

/// <summary>Settings of the exec driver.</summary>
/// <param name="Command">Program and its own arguments; what is to be done comes behind them.</param>
/// <param name="SpoolDirectory">Where a zone lies while the program reads it; must exist. What is left there after a crash is no longer
/// needed.</param>
public sealed record ExecOptions(IReadOnlyList<string> Command, string SpoolDirectory)
{
    /// <summary>How long one run may take before its whole process group is killed.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>So many zones are given to one run at most; with 1 each has a run of its own.</summary>
    public int Together { get; init; } = 1;

    /// <summary>Runs that may be under way at once, beside one probe and one list; with <see cref="Together"/> those that look, beside one
    /// that changes.</summary>
    public int Concurrency { get; init; } = 4;

    /// <summary>What the program's list names; with <see cref="ZoneListing.None"/> it is never asked.</summary>
    public ZoneListing Listing { get; init; }

    /// <summary>Variables of our environment that the program sees besides the usual ones.</summary>
    public IReadOnlyList<string> Environment { get; init; } = [];

    /// <summary>Where the server answers DNS; null when the program is asked what is served.</summary>
    public EndPoint? Server { get; init; }
}
