using System.Globalization;

namespace Agent.Bench.Measure;

/// <summary>What a process and all its descendants have used, from <c>/proc</c> (proc(5)).</summary>
/// <param name="CpuSeconds">User and system time, in the kernel's ticks of 10 ms.</param>
/// <param name="ResidentBytes">Memory that is resident now.</param>
public readonly record struct ProcessUsage(double CpuSeconds, long ResidentBytes)
{
    private const double TicksPerSecond = 100;
    private const int PageBytes = 4096;

    /// <summary>A process that ends while it is looked at counts as nothing.</summary>
    public static ProcessUsage Of(int process)
    {
        Dictionary<int, string[]> all = [];
        foreach (string folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out int id)
                && ReadStatus(folder) is { } fields)
            {
                all[id] = fields;
            }
        }

        ProcessUsage sum = default;
        foreach ((int id, string[] fields) in all)
        {
            if (Descends(id, process, all))
            {
                sum = new ProcessUsage(
                    sum.CpuSeconds + ((Number(fields[11]) + Number(fields[12])) / TicksPerSecond),
                    sum.ResidentBytes + (Number(fields[21]) * PageBytes));
            }
        }

        return sum;
    }

    /// <summary>The fields behind the program's name, which may itself hold blanks and brackets.</summary>
    private static string[]? ReadStatus(string folder)
    {
        try
        {
            string line = File.ReadAllText(Path.Combine(folder, "stat"));
            return line[(line.LastIndexOf(')') + 2)..].Split(' ');
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static bool Descends(int id, int ancestor, Dictionary<int, string[]> all)
    {
        while (id != ancestor)
        {
            if (!all.TryGetValue(id, out string[]? fields))
            {
                return false;
            }

            id = (int)Number(fields[1]);
        }

        return true;
    }

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}
