namespace Agent.Backends.Exec;

/// <summary>One run of the program as it is wanted.</summary>
/// <param name="Words">What is to be done: the arguments behind the command's own.</param>
/// <param name="Timeout">After this it is killed.</param>
internal sealed record ExecCall(IReadOnlyList<string> Words, TimeSpan Timeout)
{
    /// <summary>What it reads; null: nothing.</summary>
    public string? InputFile { get; init; }

    /// <summary>How many lines of its output are wanted.</summary>
    public int LinesMax { get; init; }

    /// <summary>It changes the server, and does not only look.</summary>
    public bool IsChange { get; init; }
}
