using System.Diagnostics;

namespace Agent.Actors.Backends;

/// <summary>The stable words for what is seen outside: in metrics, logs and the management interface.</summary>
public static class Words
{
    /// <summary>How orders end.</summary>
    public static IReadOnlyList<string> Outcomes { get; } = [.. Enum.GetValues<OrderOutcome>().Select(Of)];

    /// <summary>What looks at a server come to, and comparisons with it.</summary>
    public static IReadOnlyList<string> Looks { get; } =
        [.. Enum.GetValues<Observation>().Select(Of), .. Enum.GetValues<ContentVerdict>().Select(Of)];

    /// <summary>What is tried when a change did not take effect, after the change itself.</summary>
    public static IReadOnlyList<string> Escalations { get; } = [Of(Rung.ApplyAgain), Of(Rung.ReAdd), Of(Rung.Exhausted)];

    /// <summary>The kinds of drift.</summary>
    public static IReadOnlyList<string> KindsOfDrift { get; } = [.. Enum.GetValues<DriftKind>().Select(Of)];

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

    /// <summary>The word for how an order ended.</summary>
    public static string Of(OrderOutcome outcome) => outcome switch
    {
        OrderOutcome.Done => "done",
        OrderOutcome.Refused => "refused",
        OrderOutcome.Away => "away",
        _ => throw new UnreachableException(),
    };

    /// <summary>The word for what a server was seen to serve.</summary>
    public static string Of(Observation observation) => observation switch
    {
        Observation.Present => "present",
        Observation.Absent => "absent",
        Observation.CannotTell => "cannottell",
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
