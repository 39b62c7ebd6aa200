using System.Globalization;

namespace Agent.Bench.Peers;

/// <summary>The most memory that a program held (VmHWM of proc(5)), with all its children: what they share counts for each.</summary>
public static class PeakMemory
{
    public static double MebibytesOf(ChildProcess process) => TreeOf(process.Id).Sum(OwnKibibytes) / 1024.0;

    private static List<int> TreeOf(int root)
    {
        ILookup<int, int> children = Directory.EnumerateDirectories("/proc")
            .Select(Path.GetFileName).Where(name => int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out _))
            .Select(name => int.Parse(name!, CultureInfo.InvariantCulture))
            .ToLookup(id => (int)(Field(id, "PPid:") ?? 0));
        List<int> tree = [root];
        for (int i = 0; i < tree.Count; i++)
        {
            tree.AddRange(children[tree[i]]);
        }

        return tree;
    }

    private static long OwnKibibytes(int id) => Field(id, "VmHWM:") ?? 0;

    private static long? Field(int id, string name)
    {
        try
        {
            string? line = File.ReadLines($"/proc/{id.ToString(CultureInfo.InvariantCulture)}/status")
                .FirstOrDefault(text => text.StartsWith(name, StringComparison.Ordinal));
            string? value = line?.Split((char[])['\t', ' '], StringSplitOptions.RemoveEmptyEntries)[1];
            return value is null ? null : long.Parse(value, CultureInfo.InvariantCulture);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // It ended in this moment.
            return null;
        }
    }
}
