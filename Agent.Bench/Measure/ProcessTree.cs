using System.Globalization;

namespace Agent.Bench.Measure;

/// <summary>
/// What a program and all that it started take, as the kernel counts it (proc(5), Linux). A process that ends while it is looked at
/// counts as nothing.
/// </summary>
public static class ProcessTree
{
    private const double TicksPerSecond = 100;
    private const int ParentField = 1;
    private const int UserTicksField = 11;
    private const int SystemTicksField = 12;

    /// <summary>Processor time so far, user and system, in steps of 10 ms.</summary>
    public static double CpuSeconds(int root) =>
        ProcessesOf(root).Sum(id => Ticks(id, UserTicksField) + Ticks(id, SystemTicksField)) / TicksPerSecond;

    /// <summary>Octets resident now, with what processes share counted once (PSS): the fair figure for a server that is several
    /// processes.</summary>
    public static long ResidentOctets(int root) => ProcessesOf(root).Sum(id => Octets(id, "smaps_rollup", "Pss:"));

    /// <summary>The most octets that were ever resident (VmHWM), summed over the processes: what they share counts for each.</summary>
    public static long PeakOctets(int root) => ProcessesOf(root).Sum(id => Octets(id, "status", "VmHWM:"));

    private static List<int> ProcessesOf(int root)
    {
        ILookup<int, int> children = Directory.EnumerateDirectories("/proc")
            .Select(folder => int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out int id) ? id : 0)
            .Where(id => id > 0)
            .ToLookup(id => (int)Ticks(id, ParentField));
        List<int> tree = [root];
        for (int index = 0; index < tree.Count; index++)
        {
            tree.AddRange(children[tree[index]]);
        }

        return tree;
    }

    /// <summary>A field of the line <c>stat</c>, counted from behind the program's name, which may itself hold blanks and
    /// brackets.</summary>
    private static long Ticks(int id, int field)
    {
        string line = string.Concat(Lines(id, "stat"));
        return line.Length == 0 ? 0 : Number(line[(line.LastIndexOf(')') + 2)..].Split(' ')[field]);
    }

    private static long Octets(int id, string file, string name)
    {
        string? line = Lines(id, file).FirstOrDefault(text => text.StartsWith(name, StringComparison.Ordinal));
        return line is null ? 0 : 1024 * Number(line.Split((char[])['\t', ' '], StringSplitOptions.RemoveEmptyEntries)[1]);
    }

    private static string[] Lines(int id, string file)
    {
        try
        {
            return File.ReadAllLines($"/proc/{id.ToString(CultureInfo.InvariantCulture)}/{file}");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}
