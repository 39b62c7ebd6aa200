using Agent.Backends.Shared;
using Agent.Dns.Wire;
using Agent.Dns.Zones;
using Agent.Bench.Peers;
using Agent.Tests.Zones;

namespace Agent.Tests.Backends.Shared;

public sealed class ZoneFolderTests
{
    /// <summary>What an earlier run left is taken away once, and never a file that this run is just writing.</summary>
    [Fact]
    public async Task The_first_writers_come_all_at_once_and_none_loses_its_file()
    {
        const int rounds = 30, writers = 8, leftovers = 200;
        ZoneContent[] contents = [.. Enumerable.Range(0, writers).Select(i => SampleZones.Content($"z{i}.example.", 1))];
        for (int round = 0; round < rounds; round++)
        {
            using var temporary = new TemporaryFolder("zone-folder");
            for (int i = 0; i < leftovers; i++) await File.WriteAllTextAsync(Path.Combine(temporary.FullPath, $".agent-old{i}.tmp"), "");
            var folder = new ZoneFolder(temporary.FullPath, TimeProvider.System);
            using var start = new Barrier(writers);
            await Task.WhenAll(contents.Select((content, i) => Task.Factory.StartNew(
                () =>
                {
                    start.SignalAndWait();
                    return folder.WriteAsync(DomainName.Parse($"z{i}.example."), content);
                },
                CancellationToken.None,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default).Unwrap()));
            Assert.Equal(writers, Directory.GetFiles(temporary.FullPath, "*.zone").Length);
            Assert.Empty(Directory.GetFiles(temporary.FullPath, ".agent-*"));
        }
    }
}
