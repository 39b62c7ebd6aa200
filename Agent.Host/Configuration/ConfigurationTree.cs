using Agent.Host.Configuration.Hocon;

namespace Agent.Host.Configuration;

/// <param name="Path">Keys joined by dots, quoted where they need it.</param>
/// <param name="Text">The value in one spelling, for comparison; it may be a secret.</param>
internal sealed record ConfigurationLeaf(string Path, string Key, HoconNode Value, string Text)
{
    public HoconOrigin Origin => Value.Origin;
}

/// <summary>The effective configuration as a flat list: one leaf for each value, list or empty object.</summary>
internal static class ConfigurationTree
{
    public static IEnumerable<ConfigurationLeaf> Leaves(HoconObject root) => Below(root, "");

    private static IEnumerable<ConfigurationLeaf> Below(HoconObject parent, string prefix)
    {
        foreach ((string key, HoconMember member) in parent.Members)
        {
            string path = prefix + HoconPath.RenderKey(key);
            if (member.Value is HoconObject { Members.Count: > 0 } inner)
            {
                foreach (ConfigurationLeaf leaf in Below(inner, path + ".")) yield return leaf;
            }
            else
            {
                // Quotes make no difference to what a value means here.
                string text = member.Value is HoconScalar scalar ? scalar.Text : HoconWriter.Inline(member.Value);
                yield return new ConfigurationLeaf(path, key, member.Value, text);
            }
        }
    }
}
