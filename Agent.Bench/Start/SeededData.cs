using System.Globalization;
using Agent.Actors.Journal;
using Agent.Actors.Kernel;
using Agent.Bench.Journal;
using Agent.Host.Journal;
using Agent.Host.Journal.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace Agent.Bench.Start;

/// <summary>
/// A data folder with many zones that an agent finds at its start. The rows go through the journal itself and are those that an agent
/// leaves when all its zones are served: only the transfers and the targets were spared.
/// </summary>
internal static class SeededData
{
    public const uint Serial = 1;
    private const int RowsPerBatch = 1000;

    public static string NameOf(int zone) => string.Create(CultureInfo.InvariantCulture, $"zone{zone:d7}.start.example.");

    /// <summary>Writes the zones from one number up to another.</summary>
    /// <param name="target">The target that was seen to serve them.</param>
    public static async Task WriteAsync(string folder, int from, int to, string target, int records = 10)
    {
        using DataDirectory directory = DataDirectory.Open(folder);
        using SqliteJournal journal = SqliteJournal.Open(
            directory, new JournalOptions(), TimeProvider.System, NullLogger<SqliteJournal>.Instance);
        DateTimeOffset now = DateTimeOffset.UtcNow;
        for (int first = from; first < to; first += RowsPerBatch)
        {
            JournalEntry[] rows = [.. Enumerable.Range(first, Math.Min(RowsPerBatch, to - first))
                .Select(zone => new PutZone(SampleRows.Of(NameOf(zone), Serial, now, records, target)))];
            await CommitAsync(journal, new JournalBatch(first, [.. rows], [new ShardEpoch(0, journal.Epoch)]));
        }
    }

    private static async Task CommitAsync(SqliteJournal journal, JournalBatch batch)
    {
        Answer answer = new();
        journal.Commit(batch, new ReplyTo(answer, 0));
        if (await answer.Task is not JournalCommitted) throw new InvalidOperationException($"the journal said {await answer.Task}");
    }

    /// <summary>Stands where an asking actor stands.</summary>
    private sealed class Answer : IActorRef
    {
        private readonly TaskCompletionSource<object> _message = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public string Path => "/bench";

        public Task<object> Task => _message.Task;

        public void Tell(object message, IActorRef? sender = null) => _message.SetResult(message);
    }
}
