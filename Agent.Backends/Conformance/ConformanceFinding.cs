namespace Agent.Backends.Conformance;

/// <summary>What is wrong with a driver.</summary>
/// <param name="Check">The rule that it broke.</param>
/// <param name="Problem">How it broke it.</param>
public sealed record ConformanceFinding(string Check, string Problem)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Check}: {Problem}";
}
