using Agent.Host.Configuration.Hocon;

namespace Agent.Host.Configuration;

/// <summary>One thing wrong with the configuration: where it was written, which key, and what to do.</summary>
public sealed record ConfigurationProblem(HoconOrigin Origin, string Path, string Text)
{
    /// <summary>The value is wrong by itself, whatever else is given.</summary>
    public bool IsOfValue { get; init; }

    /// <summary>Without the password of an address that it repeats.</summary>
    public string Text { get; } = AddressPassword.Hide(Text);

    public override string ToString() => Path.Length == 0 ? $"{Origin}: {Text}" : $"{Origin}: {Path}: {Text}";
}

/// <summary>The configuration cannot be used. All problems are named at once, so that nobody mends them one start at a time.</summary>
public sealed class ConfigurationException(IReadOnlyList<ConfigurationProblem> problems)
    : Exception(string.Join('\n', problems))
{
    public IReadOnlyList<ConfigurationProblem> Problems { get; } = problems;
}
