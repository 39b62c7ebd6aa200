using System.Diagnostics;

namespace Agent.Actors.Backends;

/// <summary>The stable words for what is seen outside: in metrics, logs and the management interface.</summary>
public static class Words
{
    /// <summary>The word for a step of the ladder.</summary>
    public static string Of(Rung rung) => rung switch
    {
        Rung.Apply => "apply",
        Rung.ApplyAgain => "apply-again",
        Rung.ReAdd => "re-add",
        Rung.Exhausted => "exhausted",
        _ => throw new UnreachableException(),
    };

    /// <summary>The word for a kind of drift.</summary>
    public static string Of(DriftKind kind) => kind switch
    {
        DriftKind.Missing => "missing",
        DriftKind.Older => "older-serial",
        DriftKind.Newer => "newer-serial",
        DriftKind.Content => "content",
        DriftKind.Settings => "settings",
        _ => throw new UnreachableException(),
    };

    /// <summary>The word for the end of a comparison.</summary>
    public static string Of(ContentVerdict verdict) => verdict switch
    {
        ContentVerdict.Same => "match",
        ContentVerdict.Differs => "mismatch",
        ContentVerdict.CannotTell => "unchecked",
        _ => throw new UnreachableException(),
    };
}
