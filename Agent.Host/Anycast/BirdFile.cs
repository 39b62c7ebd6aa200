using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Agent.Actors.Anycast;

namespace Agent.Host.Anycast;

/// <summary>
/// A file for an <c>include</c> inside a static protocol of BIRD 2: one route for each prefix of one family while the node is announced,
/// and no route otherwise. Replaced as a whole, and only when something changes.
/// </summary>
/// <param name="path">The file.</param>
/// <param name="prefixes">The prefixes of its family.</param>
/// <param name="via">The next hop that the routes hang on; null: they stand by themselves.</param>
internal sealed class BirdFile(string path, IReadOnlyList<IPNetwork> prefixes, IPAddress? via)
{
    private const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    private string? _written;

    /// <summary>Writes what is wanted, unless it stands there since the last time.</summary>
    /// <returns>Whether the file changed.</returns>
    /// <exception cref="IOException">The disk is full, gone or failing.</exception>
    /// <exception cref="UnauthorizedAccessException">We may not write there.</exception>
    public bool Write(Announcement wanted)
    {
        string text = TextOf(wanted);
        if (text == _written) return false;
        string full = Path.GetFullPath(path);
        // A leading dot keeps it out of an include by pattern.
        string temporary = Path.Combine(Path.GetDirectoryName(full)!, $".{Path.GetFileName(full)}.new");
        File.WriteAllText(temporary, text, new UTF8Encoding(false));
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(temporary, Mode);
        File.Move(temporary, full, overwrite: true);
        _written = text;
        return true;
    }

    /// <summary>The prefixes of a family.</summary>
    public static IReadOnlyList<IPNetwork> Of(IEnumerable<IPNetwork> prefixes, AddressFamily family) =>
        [.. prefixes.Where(prefix => prefix.BaseAddress.AddressFamily == family)];

    private string TextOf(Announcement wanted)
    {
        var text = new StringBuilder("# Kept by the agent; what is changed here is lost.\n");
        if (!wanted.IsAnnounced) return text.Append("# Withdrawn.\n").ToString();
        string way = via is null ? "blackhole" : $"via {via}";
        foreach (IPNetwork prefix in prefixes)
            text.Append(CultureInfo.InvariantCulture, $"route {prefix} {way} {{ bgp_med = {wanted.Metric}; }};\n");
        return text.ToString();
    }
}
