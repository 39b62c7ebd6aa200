using Agent.Actors.Kernel;
using Agent.Host.Journal.Sqlite;

namespace Agent.Tests.Journal;

/// <summary>The threads that read shards, each with a shard that it has read, held as they tell the rows until they may go on.</summary>
public sealed class HeldReaders : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    private readonly HoldingProbe[] _probes = [.. Enumerable.Range(0, SqliteShardReader.Count).Select(_ => new HoldingProbe())];

    /// <summary>What they tell.</summary>
    public IEnumerable<object?> Answers => _probes.Select(probe => probe.Answer);

    /// <summary>Holds all of them, by the first shards.</summary>
    public static HeldReaders Of(SqliteJournalFixture journal, int shardCount)
    {
        HeldReaders held = new();
        try
        {
            for (int i = 0; i < held._probes.Length; i++)
            {
                journal.Journal.TakeShard(i, shardCount, journal.Journal.Epoch, new ReplyTo(held._probes[i], 0));
                Assert.True(held._probes[i].IsHeld.Wait(Deadline), "no shard was read");
            }

            return held;
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        foreach (HoldingProbe probe in _probes) probe.MayGoOn.Set();
    }

    /// <summary>Stands where the asking actor stands.</summary>
    private sealed class HoldingProbe : IActorRef
    {
        public string Path => "/holding-probe";

        public ManualResetEventSlim IsHeld { get; } = new();

        public ManualResetEventSlim MayGoOn { get; } = new();

        public object? Answer { get; private set; }

        public void Tell(object message, IActorRef? sender = null)
        {
            Answer = message;
            IsHeld.Set();
            MayGoOn.Wait();
        }
    }
}
