namespace Agent.Host.Configuration;

/// <summary>
/// Our keys may be written with <c>-</c> or <c>_</c> and are kept with <c>-</c>. Names that users give (to TSIG keys and targets)
/// stay as written.
/// </summary>
internal static class KeySpelling
{
    public const string Root = "agent";

    /// <param name="parent">The path above the key; null inside a list, where only keys of ours occur.</param>
    public static string Fold(IReadOnlyList<string>? parent, string key)
    {
        bool isOurs = parent is null || (parent is [Root, ..] && parent is not [Root, "keys" or "targets"]);
        return isOurs ? key.Replace('_', '-') : key;
    }
}
