namespace Agent.Backends.Exec;

/// <summary>What came of one run of the program.</summary>
/// <param name="ExitCode">See <see cref="ExecExit"/>; 128 and the signal's number when a signal ended it.</param>
/// <param name="Lines">Its standard output, as far as it was asked for.</param>
/// <param name="HasMoreLines">It said more than that.</param>
/// <param name="LastWords">The last line of its standard error that is not empty, shortened; empty when there is none.</param>
internal sealed record ExecRun(int ExitCode, IReadOnlyList<string> Lines, bool HasMoreLines, string LastWords);
