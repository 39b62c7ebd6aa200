namespace Agent.Actors.Backends.Drivers;

/// <summary>What a setting of a driver holds.</summary>
public enum DriverSettingKind
{
    /// <summary>A text (string).</summary>
    Text = 0,

    /// <summary>A whole number that is not negative (int).</summary>
    Number = 1,

    /// <summary>true or false (bool).</summary>
    Flag = 2,

    /// <summary>Such as 500ms, 10s or 5m (TimeSpan).</summary>
    Duration = 3,

    /// <summary>A path, made absolute; empty stays empty (string).</summary>
    Path = 4,

    /// <summary>A list of texts (IReadOnlyList of string).</summary>
    Texts = 5,
}

/// <summary>One key of the section of a target.</summary>
/// <param name="Key">In lower case with hyphens. A key that ends in <c>secret</c>, <c>password</c>, <c>token</c> or <c>api-key</c> is
/// hidden wherever the configuration is shown.</param>
/// <param name="Kind">What it holds.</param>
/// <param name="Purpose">A line for who sets it.</param>
public sealed record DriverSetting(string Key, DriverSettingKind Kind, string Purpose)
{
    /// <summary>As it would be written in the configuration; a list has no other default than none. Empty: there is none.</summary>
    public string Default { get; init; } = "";

    /// <summary>The agent does not start without it.</summary>
    public bool IsRequired { get; init; }
}

/// <summary>A setting of a target can never work.</summary>
/// <param name="key">As users write it.</param>
/// <param name="problem">What is wrong; never a secret.</param>
public sealed class DriverSettingException(string key, string problem) : Exception($"{key}: {problem}");
