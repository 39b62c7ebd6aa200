using Agent.Actors.Journal;
using Agent.Dns.Wire;
using Agent.Dns.Zones;
using Agent.Host.Journal;
using Agent.Host.Journal.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using static Agent.Tests.Journal.TestZones;

namespace Agent.Tests.Journal;

/// <summary>Writes batches of entries that belong together until it is killed, and judges what it left.</summary>
public static class JournalWriter
{
    private static readonly string[] Names = ["a.example.", "b.example.", "big.example.", "c.example."];

    /// <summary>The program: goes on from the last generation, one line for each durable batch.</summary>
    public static int Run(string path)
    {
        using DataDirectory directory = DataDirectory.Open(path);
        using SqliteJournal journal = Open(directory);
        var probe = new ReplyProbe();
        for (long generation = Generation(journal, probe) + 1; ; generation++)
        {
            journal.Commit(new JournalBatch(generation, [.. Entries(generation)], [new ShardEpoch(0, journal.Epoch)]), probe.ReplyTo);
            probe.Expect<JournalCommitted>();
            Console.WriteLine($"committed {generation}");
        }
    }

    /// <summary>All zones are of one generation, not older than what was acknowledged, with contents that match it.</summary>
    public static void Check(string path, long acknowledged)
    {
        using DataDirectory directory = DataDirectory.Open(path);
        using SqliteJournal journal = Open(directory);
        var probe = new ReplyProbe();
        long generation = Generation(journal, probe);
        Assert.InRange(generation, acknowledged, long.MaxValue);
        journal.TakeShard(0, 1, journal.Epoch, probe.ReplyTo);
        ShardLoaded loaded = probe.Expect<ShardLoaded>();
        Assert.Equal(Names, loaded.Rows.Select(row => row.Name.ToString()).Order());
        foreach (ZoneRow row in loaded.Rows)
        {
            Assert.Equal(generation, row.Generation);
            Assert.Equal((uint)generation, row.Content!.Serial);
            Assert.Equal(row.Content.Hash, ContentHash.Of(ReadAll(row.Content)));
        }
        journal.ReadHistory(null, 1, probe.ReplyTo);
        Assert.Equal(generation.ToString(), Assert.Single(probe.Expect<HistoryRead>().Events).Text);
        Assert.Single(Directory.GetFiles(directory.ContentsPath));
    }

    private static IEnumerable<JournalEntry> Entries(long generation)
    {
        foreach (string name in Names)
        {
            ZoneContent content = name == "big.example." ? Large(name, (uint)generation, 150_000) : Small(name, (uint)generation, 50);
            yield return new PutZone(Row(name, generation, content));
        }
        yield return new ZoneEvent(DomainName.Parse("a.example."), Noon, "changed", generation.ToString());
    }

    private static SqliteJournal Open(DataDirectory directory) =>
        SqliteJournal.Open(directory, new JournalOptions(), TimeProvider.System, NullLogger<SqliteJournal>.Instance);

    private static long Generation(SqliteJournal journal, ReplyProbe probe)
    {
        journal.TakeShard(0, 1, journal.Epoch, probe.ReplyTo);
        return probe.Expect<ShardLoaded>().Rows.Select(row => row.Generation).DefaultIfEmpty(0).Max();
    }
}
