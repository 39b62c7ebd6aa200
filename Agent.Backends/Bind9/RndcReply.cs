namespace Agent.Backends.Bind9;

/// <summary>What named's answer comes to.</summary>
public enum RndcVerdict
{
    /// <summary>It did it, or began to.</summary>
    Done,

    /// <summary>The zone is there already.</summary>
    AlreadyExists,

    /// <summary>There is no such zone.</summary>
    NoSuchZone,

    /// <summary>A listener, an option or a permission does not let us.</summary>
    NotPermitted,

    /// <summary>It has no view of that name, so nothing in it.</summary>
    NoSuchView,

    /// <summary>It tried and could not, for instance because the zone file has an error.</summary>
    Failed,
}

/// <summary>
/// named's answer to a command. The numbers in <c>result</c> changed between its branches (only 0 is sure), so everything else is
/// decided by its words.
/// </summary>
/// <param name="Result">The number; "0" is success.</param>
/// <param name="Error">The name of the error, or empty.</param>
/// <param name="Text">What it says besides, or empty.</param>
public sealed record RndcReply(string Result, string Error, string Text)
{
    private const int ExplanationCharsMax = 400;

    /// <summary>What it comes to.</summary>
    public RndcVerdict Verdict
    {
        get
        {
            if (string.Equals(Result, "0", StringComparison.Ordinal))
                return RndcVerdict.Done;
            if (Error.Contains("already exists", StringComparison.OrdinalIgnoreCase))
                return RndcVerdict.AlreadyExists;
            // "not found" is also said of views and files; only of a zone (modzone says nothing more) does it mean that it is absent.
            if (string.Equals(Error, "not found", StringComparison.OrdinalIgnoreCase)
                && (Text.Length == 0 || Text.Contains("no matching zone", StringComparison.OrdinalIgnoreCase)))
                return RndcVerdict.NoSuchZone;
            if (string.Equals(Error, "not found", StringComparison.OrdinalIgnoreCase)
                && Text.Contains("no matching view", StringComparison.OrdinalIgnoreCase))
                return RndcVerdict.NoSuchView;
            return Mentions("permission denied") || Mentions("not permitted") || Mentions("not allowed") || Mentions("allow-new-zones")
                ? RndcVerdict.NotPermitted
                : RndcVerdict.Failed;
        }
    }

    /// <summary>The zone is not loaded because the journal beside its file has no step from or to the file's serial.</summary>
    public bool IsJournalOutOfStep => Verdict == RndcVerdict.Failed && Mentions("out of range");

    /// <summary>The zone takes updates, so that its file is loaded only while they are stopped.</summary>
    public bool IsDynamicZone => Verdict == RndcVerdict.Failed && Mentions("dynamic zone");

    /// <summary>The whole answer in one bounded line.</summary>
    public string Explanation
    {
        get
        {
            string line = string.Join(": ", new[] { Error, Text.ReplaceLineEndings(" ").Trim() }.Where(part => part.Length > 0));
            return line.Length <= ExplanationCharsMax ? line : string.Concat(line.AsSpan(0, ExplanationCharsMax), "...");
        }
    }

    /// <summary>The value of a line such as <c>serial: 7</c> in the text, or null.</summary>
    public string? Field(string name)
    {
        foreach (string line in Text.Split('\n'))
        {
            if (line.StartsWith(name, StringComparison.Ordinal) && line.AsSpan(name.Length).StartsWith(": "))
                return line[(name.Length + 2)..].Trim();
        }

        return null;
    }

    private bool Mentions(string words) =>
        Error.Contains(words, StringComparison.OrdinalIgnoreCase) || Text.Contains(words, StringComparison.OrdinalIgnoreCase);
}
