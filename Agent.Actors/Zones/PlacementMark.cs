using System.Globalization;
using System.Text;

namespace Agent.Actors.Zones;

/// <summary>
/// A short text that stands for what a configuration says of which zones belong to which targets, and which of those get new content first.
/// The node that owns a zone decides by its own, so nodes that differ move zones to and fro when owners change.
/// </summary>
public static class PlacementMark
{
    /// <summary>The same for policies that say the same, whatever the order of their patterns.</summary>
    public static string Of(ZonePolicy policy)
    {
        ArgumentNullException.ThrowIfNull(policy);
        IEnumerable<string> lines = policy.Placement.Entries
            .Select(e => $"{(e.Pattern.IsBelow ? "*." : "")}{e.Pattern.Name} = {e.Value}")
            .Append($"canaries = {policy.Rollout.Canaries}")
            .Order(StringComparer.Ordinal);
        ulong hash = 14695981039346656037;
        foreach (byte octet in Encoding.UTF8.GetBytes(string.Join('\n', lines))) hash = unchecked((hash ^ octet) * 1099511628211);
        return hash.ToString("x16", CultureInfo.InvariantCulture);
    }
}
