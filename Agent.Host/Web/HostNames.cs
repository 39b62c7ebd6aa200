namespace Agent.Host.Web;

/// <summary>Names by which an agent may be asked: whole ones, and with <c>*.</c> in front all below a name.</summary>
public sealed class HostNames
{
    /// <summary>What stands in front of a name for all below it.</summary>
    public const string Below = "*.";

    private readonly HashSet<string> _names = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<string> _suffixes = [];

    public HostNames(params IEnumerable<string> names)
    {
        foreach (string name in names.Select(WithoutLastDot))
        {
            if (name.StartsWith(Below, StringComparison.Ordinal)) _suffixes.Add(name[1..]);
            else _names.Add(name);
        }
    }

    /// <summary>Whether a Host header, without its port, names this agent.</summary>
    public bool Contains(string host)
    {
        string name = WithoutLastDot(host);
        return _names.Contains(name)
            || _suffixes.Exists(suffix => name.Length > suffix.Length && name.EndsWith(suffix, StringComparison.OrdinalIgnoreCase));
    }

    private static string WithoutLastDot(string name) => name.EndsWith('.') ? name[..^1] : name;
}
