using System.Text.RegularExpressions;

namespace Agent.Host.Configuration;

/// <summary>What is known about keys beyond their values: which are secret, and which have no effect yet.</summary>
internal static partial class ConfigurationKeys
{
    /// <summary>Paths, each standing for itself and all below; reference.conf says the same in the keys' lines.</summary>
    public static IReadOnlyList<string> WithoutEffect { get; } =
    [
    ];

    public static bool IsWithoutEffect(string path) => WithoutEffect.Any(listed => IsSameOrBelow(path, listed));

    public static bool IsSameOrBelow(string path, string ancestor) =>
        path == ancestor
            || (path.Length > ancestor.Length && path[ancestor.Length] == '.' && path.StartsWith(ancestor, StringComparison.Ordinal));

    /// <summary>
    /// By the key's own name, so that also a mistyped section hides what it holds. Connection strings may carry a password.
    /// </summary>
    public static bool IsSecret(string key) => SecretKey().IsMatch(key);

    /// <summary>By its own name, for keys of drivers from outside; those of our own say so where they are read.</summary>
    public static bool IsSecretFile(string key) => SecretFileKey().IsMatch(key);

    [GeneratedRegex("(^|-)((secret|password|key)-file|client-key)$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex SecretFileKey();

    [GeneratedRegex("(^|-)(secret|password|token|connection-string|api-key)$",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex SecretKey();
}
