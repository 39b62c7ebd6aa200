namespace Agent.Actors.Backends;

/// <summary>How a target is proven level, and what is done where it is not.</summary>
public sealed record TargetRules
{
    /// <summary>What proves that a change has arrived.</summary>
    public ContentProof Verify { get; init; } = ContentProof.Serial;

    /// <summary>When a zone may be taken from the server and given anew because nothing else has helped.</summary>
    public ReAddRule ReAdd { get; init; } = ReAddRule.Unserved;

    /// <summary>What becomes of content that somebody else changed at the server.</summary>
    public DriftRule Drift { get; init; } = DriftRule.Report;
}

/// <summary>When a zone that the server does not serve as wanted is taken away and added anew.</summary>
public enum ReAddRule
{
    /// <summary>Never.</summary>
    Never = 0,

    /// <summary>Where the server does not answer for it in any case, so that nothing is lost by it.</summary>
    Unserved = 1,

    /// <summary>Also where it answers with older content, which is not served for the moment.</summary>
    Always = 2,
}

/// <summary>What is done about a difference that no change of ours explains.</summary>
public enum DriftRule
{
    /// <summary>Nobody looks for any.</summary>
    Off = 0,

    /// <summary>It is told, and stays until the zone changes or an operator has it repaired.</summary>
    Report = 1,

    /// <summary>It is told, and what is wanted put back.</summary>
    Repair = 2,

    /// <summary>As repair; and zones that nobody created become ours if the masters have them.</summary>
    Adopt = 3,
}

/// <summary>How closely a target is looked at.</summary>
public enum LookDepth
{
    /// <summary>The serial will do.</summary>
    Serial = 0,

    /// <summary>The content is compared, too, and what the target's rule for drift says is done.</summary>
    Content = 1,

    /// <summary>The content is compared, and what differs is put right whatever the rule.</summary>
    Repair = 2,
}
