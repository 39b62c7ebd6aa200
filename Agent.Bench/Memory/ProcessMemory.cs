using System.Globalization;

namespace Agent.Bench.Memory;

/// <summary>What a program and the programs that it started take, as the kernel counts it (Linux).</summary>
public static class ProcessMemory
{
    /// <summary>
    /// Octets resident, with what processes share counted once (PSS): the fair figure for a server that is several processes.
    /// </summary>
    public static long Resident(int processId) => Tree(processId).Sum(id => Field($"/proc/{id}/smaps_rollup", "Pss:"));

    /// <summary>The most octets that the process alone ever had resident.</summary>
    public static long Peak(int processId) => Field($"/proc/{processId}/status", "VmHWM:");

    private static IEnumerable<int> Tree(int root)
    {
        ILookup<int, int> children = Directory.EnumerateDirectories("/proc")
            .Select(folder => int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out int id) ? id : 0)
            .Where(id => id > 0)
            .ToLookup(ParentOf);
        Queue<int> open = new([root]);
        while (open.TryDequeue(out int next))
        {
            yield return next;
            foreach (int child in children[next])
            {
                open.Enqueue(child);
            }
        }
    }

    private static int ParentOf(int id)
    {
        try
        {
            // The name may contain spaces and brackets; what follows its last bracket is the state and the parent.
            string line = File.ReadAllText($"/proc/{id}/stat");
            return int.Parse(line[(line.LastIndexOf(')') + 2)..].Split(' ')[1], CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return 0;
        }
    }

    private static long Field(string file, string name)
    {
        string line = File.ReadLines(file).First(one => one.StartsWith(name, StringComparison.Ordinal));
        return 1024 * long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
    }
}
