using System.Globalization;
using System.Runtime.InteropServices;
using Agent.Bench.Peers;

namespace Agent.Bench.All;

/// <summary>What a figure was taken on.</summary>
/// <param name="Processor">Its name as the kernel gives it.</param>
/// <param name="Load">Load average of the last minute, before the scenario began: above the number of cores somebody else was at
/// work.</param>
public sealed record Machine(int Cores, string Processor, string Kernel, string Runtime, double Load)
{
    /// <summary>This one, now.</summary>
    public static Machine Now() => new(
        Environment.ProcessorCount,
        ProcessorName() ?? RuntimeInformation.ProcessArchitecture.ToString(),
        RuntimeInformation.OSDescription.Split(' ') is [string system, string release, ..] ? $"{system} {release}" : "unknown",
        RuntimeInformation.FrameworkDescription,
        double.Parse(File.ReadAllText("/proc/loadavg").Split(' ')[0], CultureInfo.InvariantCulture));

    /// <summary>The folder that the program was built from; null for one that was copied out of it.</summary>
    public static string? SourceFolder()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Agent.sln"))) return folder.FullName;
        }

        return null;
    }

    /// <summary>The commit of a folder, with a plus when files differ from it; "unknown" for a folder that is no repository.</summary>
    public static async Task<string> CommitAsync(string folder)
    {
        ToolResult head = await Tool.RunAsync("git", ["-C", folder, "rev-parse", "--short=10", "HEAD"]);
        if (head.ExitCode != 0) return "unknown";
        ToolResult status = await Tool.RunAsync("git", ["-C", folder, "status", "--porcelain", "--untracked-files=no"]);
        // What earlier runs wrote down is no change of what is measured.
        bool isChanged = status.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Any(line => !line.Contains("docs/performance", StringComparison.Ordinal));
        return head.Output.Trim() + (isChanged ? "+" : "");
    }

    private static string? ProcessorName() => File.ReadLines("/proc/cpuinfo")
        .FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(':')[1].Trim();
}
