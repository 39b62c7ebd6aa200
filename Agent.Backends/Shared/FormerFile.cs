using Agent.Dns.Wire;

namespace Agent.Backends.Shared;

/// <summary>
/// The file of a zone in the folder that a driver had before its zone-directory was set to another one. The server goes on reading it until
/// the zone's next change, and only the server's configuration still tells where it is.
/// </summary>
internal static class FormerFile
{
    /// <summary>Whether a driver with another folder would have put the zone's file at this path.</summary>
    public static bool IsPossible(string? path, ZoneFolder folder, DomainName zone) =>
        path is not null && Path.IsPathFullyQualified(path)
        && ZoneFileName.TryCreate(zone, out string? name) && Path.GetFileName(path) == name
        && Path.GetDirectoryName(Path.GetFullPath(path)) != folder.FullPath;

    /// <summary>Takes it away. One that resists stays: nobody reads it any more, and the zone goes all the same.</summary>
    public static void Delete(string path, IEnumerable<string> companionSuffixes)
    {
        try
        {
            foreach (string one in companionSuffixes.Select(suffix => path + suffix).Append(path))
                File.Delete(one);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Another machine's folder, or one that is read only.
        }
    }
}
