using System.ComponentModel;
using System.Diagnostics;

namespace Agent.Bench.Peers;

/// <summary>
/// One folder for each process, whose folders ext4 lays far from one another. An ext4 without a journal gives no inode out again for one to
/// five minutes after its file is gone, and walks over all of those for each new file of the same group of blocks: where ten thousand zone
/// files of one server were just removed, a new file of the next one costs 0.4 ms of processor time instead of 0.06.
/// </summary>
internal static class SpreadFolder
{
    private const UnixFileMode OnlyOurs = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private static readonly Lazy<string> Root = new(CreateRoot);

    /// <summary>Makes a folder of its own that only this user may enter.</summary>
    /// <param name="prefix">What its name begins with.</param>
    /// <returns>Its whole path.</returns>
    public static string Create(string prefix)
    {
        for (; ; )
        {
            string path = Path.Combine(Root.Value, prefix + Random.Shared.GetHexString(6, lowercase: true));
            if (Directory.Exists(path)) continue;
            return Directory.CreateDirectory(path, OnlyOurs).FullName;
        }
    }

    private static string CreateRoot()
    {
        string path = Directory.CreateTempSubdirectory("agent-").FullName;
        // A server that runs as somebody else is given its folder below; it has to get there.
        File.SetUnixFileMode(path, OnlyOurs | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        Spread(path);
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Remove(path);
        return path;
    }

    /// <summary>The mark by which ext4 takes a folder for the top of independent trees, as it takes a folder of homes.</summary>
    private static void Spread(string path)
    {
        try
        {
            using var mark = Process.Start(new ProcessStartInfo("chattr", ["+T", path])
            {
                RedirectStandardError = true,
                UseShellExecute = false,
            });
            mark?.WaitForExit();
        }
        catch (Win32Exception)
        {
            // Without that program, as on a file system that knows no such mark, folders lie beside one another.
        }
    }

    private static void Remove(string path)
    {
        try
        {
            Directory.Delete(path);
        }
        catch (IOException)
        {
            // Somebody's folder is left in it, and harms nobody.
        }
    }
}
