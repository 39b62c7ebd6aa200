namespace Agent.Actors.Reasons;

/// <summary>Why something is not as wanted: a stable word for programs and a sentence for people.</summary>
/// <param name="Code">One of <see cref="ReasonCode"/>; public, never changed once shipped.</param>
/// <param name="Text">One sentence for an operator, with the names and numbers that matter; never a secret.</param>
public sealed record Reason(string Code, string Text)
{
    /// <summary>
    /// Whether it may be over as soon as a master that was away is back: nobody answered, was accepted, or, of those who did answer, had
    /// the zone; and a zone that expired did so for want of an answer.
    /// </summary>
    public bool IsOfAwayMaster() => Code is ReasonCode.NoMaster or ReasonCode.ZoneNotAtMaster or ReasonCode.Expired
        || Code.StartsWith("tls-", StringComparison.Ordinal);

    /// <inheritdoc/>
    public override string ToString() => $"{Code}: {Text}";
}
