using System.Globalization;

namespace Agent.Bench.Provision;

/// <summary>What the kernel says of a process (proc(5)).</summary>
internal static class ProcessUsage
{
    private const double TicksPerSecond = 100;
    private const double BytesPerMegabyte = 1 << 20;
    private const int UserTicksField = 11;

    /// <summary>Processor time so far, user and system.</summary>
    public static double CpuSeconds(int processId)
    {
        string line = File.ReadAllText($"/proc/{processId}/stat");
        string[] fields = line[(line.LastIndexOf(')') + 2)..].Split(' ');
        return (Number(fields[UserTicksField]) + Number(fields[UserTicksField + 1])) / TicksPerSecond;
    }

    /// <summary>Memory that is resident now.</summary>
    public static double ResidentMegabytes(int processId)
    {
        string line = File.ReadLines($"/proc/{processId}/status").First(one => one.StartsWith("VmRSS:", StringComparison.Ordinal));
        return Number(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]) * 1024 / BytesPerMegabyte;
    }

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
}
