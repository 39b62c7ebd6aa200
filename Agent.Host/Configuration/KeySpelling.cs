namespace Agent.Host.Configuration;

/// <summary>
/// Our keys may be written with <c>-</c> or <c>_</c> and are kept with <c>-</c>. Names that users give (to TSIG keys, targets, zones and
/// the like) stay as written: elsewhere they stand in values, where nothing is folded.
/// </summary>
internal static class KeySpelling
{
    public const string Root = "agent";

    /// <param name="parent">The path above the key; null inside a list, where only keys of ours occur.</param>
    public static string Fold(IReadOnlyList<string>? parent, string key)
    {
        bool isOurs = parent is null || (parent is [Root, ..] && !HoldsNames(parent));
        return isOurs ? key.Replace('_', '-') : key;
    }

    private static bool HoldsNames(IReadOnlyList<string> parent) => parent
        is [_, "keys" or "targets" or "zones" or "tls" or "master-sets" or "catalogs"]
        or [_, "backends" or "targets", _, "templates"]
        or [_, "catalogs", _, "groups"];
}
