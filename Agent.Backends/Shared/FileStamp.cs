using System.Globalization;

namespace Agent.Backends.Shared;

/// <summary>Tells whether files that others replace are still those that were read.</summary>
public static class FileStamp
{
    /// <summary>
    /// A text that changes when one of the files does. A link stands for the file that it leads to: a secret volume of Kubernetes has links
    /// that stay as they are while another folder is put behind them.
    /// </summary>
    /// <param name="paths">An empty one is no file.</param>
    public static string Of(params string[] paths)
    {
        ArgumentNullException.ThrowIfNull(paths);
        return string.Join(' ', paths.Select(OfOne));
    }

    private static string OfOne(string path)
    {
        if (path.Length == 0) return "none";
        try
        {
            var named = new FileInfo(path);
            FileSystemInfo file = named.ResolveLinkTarget(returnFinalTarget: true) ?? named;
            return file is FileInfo { Exists: true } there
                ? string.Create(CultureInfo.InvariantCulture, $"{there.LastWriteTimeUtc.Ticks}/{there.Length}")
                : "gone";
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return "gone"; // Whoever reads it then says why.
        }
    }
}
