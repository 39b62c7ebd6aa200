using System.Globalization;
using System.Net.Sockets;

namespace Agent.Backends.Shared;

/// <summary>The path of a unix socket.</summary>
internal static class LocalPath
{
    /// <summary>False for a path that is empty, or too long for any socket.</summary>
    public static bool IsPossible(string path)
    {
        try
        {
            _ = new UnixDomainSocketEndPoint(path);
            return path.StartsWith('/');
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    /// <summary>When a server made the socket, which each start does anew; so it names the server's run.</summary>
    public static string MadeAt(string path) =>
        string.Create(CultureInfo.InvariantCulture, $"control socket made at {File.GetLastWriteTimeUtc(path):O}");
}
