namespace Agent.Bench.Kernel;

/// <summary>A message that says nothing: what is measured is its way.</summary>
internal sealed record Go
{
    public static Go Instance { get; } = new();
}
