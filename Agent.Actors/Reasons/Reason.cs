namespace Agent.Actors.Reasons;

/// <summary>Why something is not as wanted: a stable word for programs and a sentence for people.</summary>
/// <param name="Code">One of <see cref="ReasonCode"/>; public, never changed once shipped.</param>
/// <param name="Text">One sentence for an operator, with the names and numbers that matter; never a secret.</param>
public sealed record Reason(string Code, string Text)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Code}: {Text}";
}
