using Agent.Tests.Journal;
using Agent.Tests.Releases;
using Agent.Tests.Simulation.Cluster;
using Agent.Tests.Transfers;

namespace Agent.Tests;

/// <summary>The test runner does not come here: these are programs that tests start as children, to kill them.</summary>
public static class Program
{
    public static int Main(string[] arguments) => arguments switch
    {
        ["journal-writer", string directory] => JournalWriter.Run(directory),
        ["transfer-memory", string master] => LargeZoneTests.Measure(master),
        ["as-release", string release, .. string[] rest] => OtherRelease.Run(release, rest),
        ["simulate", .. string[] options] => SimulateProgram.Run(options, Console.Out),
        _ => 2,
    };
}
