using System.Collections.Immutable;
using System.Diagnostics;
using Agent.Actors.Journal;
using Agent.Actors.Kernel;
using Agent.Bench.Measure;
using Agent.Dns.Wire;

namespace Agent.Bench.Journal;

/// <summary>What came of a load: entries that became durable, the milliseconds of each, and in how many batches.</summary>
internal sealed record JournalOutcome(double PerSecond, Samples Milliseconds, double EntriesPerBatch);

/// <summary>
/// Writers that each have one entry under way, through the agent's own journal actor: what it gathers into one batch, and what one of them
/// waits for.
/// </summary>
internal static class JournalLoad
{
    private const int ShardCount = 64;
    private const int ZonesPerWriter = 100;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <param name="epoch">Of the run that the store counted.</param>
    /// <param name="first">The generation of the first entry; a later run on the same store goes on behind it.</param>
    public static async Task<JournalOutcome> RunAsync(IJournal store, long epoch, int writers, TimeSpan duration, long first)
    {
        ActorSystem system = ActorSystem.Create("journal-bench");
        CountedBatches counted = new(store);
        IActorRef journal = system.ActorOf(JournalActor.Props(counted, ShardCount), "journal");
        long start = Stopwatch.GetTimestamp();
        Samples[] all = await Task.WhenAll(Enumerable.Range(0, writers).Select(
            writer => Task.Run(() => WriteAsync(journal, epoch, $"writer{writer}.example.", duration, first))));
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        await system.Terminate();
        Samples milliseconds = new();
        foreach (Samples one in all) milliseconds.AddRange(one.Values);
        return new JournalOutcome(milliseconds.Count / seconds, milliseconds, milliseconds.Count / (double)counted.Batches);
    }

    /// <summary>The entries of a writer: rows of its zones, each time with another content.</summary>
    public static PutZone Entry(string writer, long number, DateTimeOffset now) =>
        new(SampleRows.Of($"zone{number % ZonesPerWriter}.{writer}", number, now));

    private static async Task<Samples> WriteAsync(IActorRef journal, long epoch, string writer, TimeSpan duration, long first)
    {
        Samples milliseconds = new();
        long start = Stopwatch.GetTimestamp();
        for (long number = first; Stopwatch.GetElapsedTime(start) < duration; number++)
        {
            ImmutableArray<JournalEntry> entries = [Entry(writer, number, DateTimeOffset.UtcNow)];
            long sent = Stopwatch.GetTimestamp();
            object answer = await journal.Ask<object>(new Append(number, epoch, entries), Patience);
            milliseconds.Add(Stopwatch.GetElapsedTime(sent).TotalMilliseconds);
            if (answer is not AppendDone) throw new InvalidOperationException($"the journal said {answer}");
        }

        return milliseconds;
    }

    /// <summary>The store with a count of what reached it.</summary>
    private sealed class CountedBatches(IJournal store) : IJournal
    {
        private long _batches;

        public long Batches => Volatile.Read(ref _batches);

        public void Commit(JournalBatch batch, ReplyTo replyTo)
        {
            Interlocked.Increment(ref _batches);
            store.Commit(batch, replyTo);
        }

        public void TakeShard(int shard, int shardCount, long epoch, ReplyTo replyTo) => store.TakeShard(shard, shardCount, epoch, replyTo);

        public void CheckFence(long request, int shard, long epoch, ReplyTo replyTo) => store.CheckFence(request, shard, epoch, replyTo);

        public void ReadZone(DomainName zone, ReplyTo replyTo) => store.ReadZone(zone, replyTo);

        public void ReadOwned(DomainName catalog, ReplyTo replyTo) => store.ReadOwned(catalog, replyTo);

        public void ReadWanted(DomainName? after, int limit, ReplyTo replyTo) => store.ReadWanted(after, limit, replyTo);

        public void CountGivenUp(ReplyTo replyTo) => store.CountGivenUp(replyTo);

        public void ReadKept(DomainName zone, ReplyTo replyTo) => store.ReadKept(zone, replyTo);

        public void ListKept(DomainName? after, int limit, ReplyTo replyTo) => store.ListKept(after, limit, replyTo);

        public void ReadHistory(DomainName? zone, int limit, ReplyTo replyTo) => store.ReadHistory(zone, limit, replyTo);

        public void PurgeExpired(DateTimeOffset now) => store.PurgeExpired(now);
    }
}
