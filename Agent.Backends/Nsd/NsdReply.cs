using Agent.Backends.Shared;

namespace Agent.Backends.Nsd;

/// <summary>The answer to one command, or to one line of a command for many zones. nsd has no codes: what it says decides.</summary>
internal sealed class NsdReply(IReadOnlyList<string> lines, bool? isDone = null)
{
    /// <summary>No single command answers in more.</summary>
    public const int LinesMax = 64;

    public IReadOnlyList<string> Lines => lines;

    /// <summary>nsd took the command; what it will lead to is another matter.</summary>
    public bool IsDone { get; } = isDone
        ?? (lines.Count > 0 && lines[^1].EndsWith("ok", StringComparison.Ordinal)
            && !lines.Any(line => line.StartsWith("error", StringComparison.Ordinal)));

    /// <summary>To addzones: nothing was added.</summary>
    public bool AlreadyExists => Says("already exists");

    /// <summary>nsd has no zone of that name in its configuration.</summary>
    public bool IsNoSuchZone => Says(" not configured") || Says(" not present");

    /// <summary>To a transfer: the zone has no primaries.</summary>
    public bool IsNotSecondary => Says("zone not slave") || Says("zone not secondary");

    /// <summary>The zone stands in nsd.conf, and only there it can be changed.</summary>
    public bool IsStatic => Says("defined in nsd.conf");

    /// <summary>For an operator.</summary>
    public string Text => lines.Count == 0 ? "no answer" : AnswerText.Of(string.Join("; ", lines));

    private bool Says(string words) => lines.Any(line => line.Contains(words, StringComparison.Ordinal));
}
