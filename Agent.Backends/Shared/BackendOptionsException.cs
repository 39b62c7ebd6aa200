namespace Agent.Backends.Shared;

/// <summary>A driver's settings can never work; found before anything is touched.</summary>
/// <param name="setting">The key as users write it, such as <c>zone-options</c>.</param>
/// <param name="problem">What is wrong with it; never a secret.</param>
public sealed class BackendOptionsException(string setting, string problem) : Exception($"{setting}: {problem}")
{
    /// <summary>The key as users write it.</summary>
    public string Setting { get; } = setting;

    /// <summary>What is wrong with it.</summary>
    public string Problem { get; } = problem;
}
