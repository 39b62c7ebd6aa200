using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Agent.Backends.Knot;

/// <summary>
/// What can be found out about a knotd from outside. Zones that come by control stay when it runs from its database of configuration, and
/// are gone at its next start or <c>reload</c> when it runs from a text file; the control protocol says nothing about that, knotd's command
/// line does.
/// </summary>
public static class KnotProcess
{
    private const int SolSocket = 1;
    private const int SoPeerCred = 17;
    private const int PeerCredSize = 12;

    // What knotd takes when it is told nothing, in the packages of the distributions.
    private const string DefaultDatabase = "/var/lib/knot/confdb";
    private const string DefaultFile = "/etc/knot/knot.conf";

    /// <summary>The process at the other side of a unix socket, as this process sees it.</summary>
    public static int? IdOf(Socket socket)
    {
        byte[] credentials = new byte[PeerCredSize];
        try
        {
            int length = socket.GetRawSocketOption(SolSocket, SoPeerCred, credentials);
            int id = length >= sizeof(int) ? BitConverter.ToInt32(credentials) : 0;
            return id > 0 ? id : null;
        }
        catch (SocketException)
        {
            return null;
        }
    }

    /// <summary>The text file that this knotd runs from; null when it has a database, or when nothing can be said.</summary>
    public static string? TextFileOf(int processId)
    {
        try
        {
            string line = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{processId}/cmdline"), Encoding.UTF8);
            return TextFileOf(line.TrimEnd('\0').Split('\0'), IsDefaultDatabaseMissing());
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The same of a command line.</summary>
    /// <param name="command">The program and its arguments.</param>
    /// <param name="isDefaultDatabaseMissing">The database that counts when nothing is said is not there for certain.</param>
    public static string? TextFileOf(IReadOnlyList<string> command, bool isDefaultDatabaseMissing)
    {
        for (int at = 1; at < command.Count; at++)
        {
            string word = command[at];
            string next = at + 1 < command.Count ? command[at + 1] : "";
            if (word is "-C" or "--confdb" || word.StartsWith("--confdb=", StringComparison.Ordinal) || IsShort(word, "-C"))
                return null;
            if (word is "-c" or "--config")
                return next;
            if (word.StartsWith("--config=", StringComparison.Ordinal))
                return word["--config=".Length..];
            if (IsShort(word, "-c"))
                return word[2..];
        }

        return isDefaultDatabaseMissing ? DefaultFile : null;
    }

    private static bool IsShort(string word, string option) =>
        word.Length > option.Length && word.StartsWith(option, StringComparison.Ordinal);

    /// <summary>Only where we may look: for a folder that is closed to us everything seems to be missing.</summary>
    private static bool IsDefaultDatabaseMissing()
    {
        try
        {
            return !Directory.EnumerateFileSystemEntries(Path.GetDirectoryName(DefaultDatabase)!)
                .Contains(DefaultDatabase, StringComparer.Ordinal);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
