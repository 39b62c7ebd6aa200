using System.Net;

namespace Agent.Backends.ZoneFiles;

/// <summary>Settings of the zone-files driver.</summary>
/// <param name="Directory">Where the files go; must exist.</param>
public sealed record ZoneFilesOptions(string Directory)
{
    /// <summary>
    /// Program and arguments to run after each change; empty for none. <c>{zone}</c> and <c>{file}</c> are replaced inside each
    /// argument; no shell
    /// sees them.
    /// </summary>
    public IReadOnlyList<string> Command { get; init; } = [];

    /// <summary>How long the command may take before it is killed.</summary>
    public TimeSpan CommandTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Where the server that reads the files answers DNS; null when it is unknown, then the files themselves are looked
    /// at.</summary>
    public EndPoint? Server { get; init; }
}
