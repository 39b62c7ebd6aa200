namespace Agent.Backends.Knot;

/// <summary>What knotd's answer comes to.</summary>
public enum KnotVerdict
{
    /// <summary>It did it, or began to.</summary>
    Done = 0,

    /// <summary>It has no such zone, or its configuration has none.</summary>
    NoSuchZone = 1,

    /// <summary>Its configuration has the zone already.</summary>
    AlreadyExists = 2,

    /// <summary>A transaction of the configuration is open already.</summary>
    TransactionOpen = 3,

    /// <summary>Any other no.</summary>
    Failed = 4,

    /// <summary>The command is not for such a zone: a primary has nothing to fetch.</summary>
    NotSupported = 5,
}

/// <summary>knotd's answer to one command. Errors are words in it, there are no numbers.</summary>
/// <param name="Units">The units before the end of the block.</param>
public sealed record KnotReply(IReadOnlyList<KnotUnit> Units)
{
    private const int ErrorCharsMax = 400;

    /// <summary>What went wrong, in one bounded line; null when nothing did.</summary>
    public string? Error
    {
        get
        {
            KnotUnit? unit = Units.FirstOrDefault(unit => unit[KnotItem.Error] is not null);
            if (unit is null)
                return null;
            string place = unit[KnotItem.Item] is { } item ? $" ({unit[KnotItem.Section]}.{item})" : "";
            string line = unit[KnotItem.Error]!.ReplaceLineEndings(" ") + place;
            return line.Length <= ErrorCharsMax ? line : string.Concat(line.AsSpan(0, ErrorCharsMax), "...");
        }
    }

    /// <summary>What it comes to.</summary>
    public KnotVerdict Verdict => Error switch
    {
        null => KnotVerdict.Done,
        string words when Says(words, "no such zone") || Says(words, "invalid identifier") => KnotVerdict.NoSuchZone,
        string words when Says(words, "duplicate identifier") => KnotVerdict.AlreadyExists,
        string words when Says(words, "too many transactions") => KnotVerdict.TransactionOpen,
        string words when Says(words, "operation not supported") => KnotVerdict.NotSupported,
        _ => KnotVerdict.Failed,
    };

    private static bool Says(string words, string start) => words.StartsWith(start, StringComparison.OrdinalIgnoreCase);
}
