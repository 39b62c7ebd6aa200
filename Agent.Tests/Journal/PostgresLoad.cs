using Agent.Actors.Journal;
using Agent.Bench.Peers;
using Agent.Dns.Wire;
using Agent.Dns.Zones;
using static Agent.Tests.Journal.TestZones;

namespace Agent.Tests.Journal;

/// <summary>
/// Writes generation after generation of a few zones that belong together, and keeps the record: after a definite answer the journal must
/// hold exactly the last generation that was committed, no more and no less.
/// </summary>
internal sealed class PostgresLoad : IAsyncDisposable
{
    private readonly string[] _names;
    private readonly PostgresJournalFixture _journal;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _work;
    private long _committed;
    private long _failed;
    private long _inDoubt;

    public PostgresLoad(PostgresJournalFixture journal, params string[] names)
    {
        _journal = journal;
        _names = names.Length > 0 ? names : ["a.example.", "b.example.", "c.example."];
        _ = journal.Journal;
        _work = Task.Run(WriteAsync);
    }

    public long Committed => Interlocked.Read(ref _committed);

    public long Failed => Interlocked.Read(ref _failed);

    public long InDoubt => Interlocked.Read(ref _inDoubt);

    /// <summary>Waits until some more are committed.</summary>
    public Task MovesAsync(Func<string> describe)
    {
        long from = Committed;
        return Eventually.HoldsAsync(
            () => Committed >= from + 5,
            () => $"commits go on behind {from}: {_work.Status}\n{string.Join('\n', _journal.Log.Lines)}\n{describe()}",
            TimeSpan.FromSeconds(60));
    }

    /// <summary>Stops writing and compares what is there with what was answered.</summary>
    public async Task HoldsAsync(bool hasHistory = true)
    {
        await _stop.CancelAsync();
        await _work;
        foreach (string name in _names)
        {
            ZoneRow row = _journal.Read(name)!;
            Assert.Equal(Committed, row.Generation);
            Assert.Equal((uint)Committed, row.Content!.Serial);
            Assert.Equal(row.Content.Hash, ContentHash.Of(ReadAll(row.Content)));
        }

        if (hasHistory) Assert.Equal($"{Committed}", Assert.Single(_journal.History(_names[0], 1)).Text);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _work;
        _stop.Dispose();
    }

    private async Task WriteAsync()
    {
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        for (long generation = 1; !_stop.IsCancellationRequested; generation++)
        {
            _journal.Journal.Commit(_journal.Batch(generation, [.. Entries(generation)]), _journal.Probe.ReplyTo);
            object answer = _journal.Probe.ExpectLast<object>();
            if (answer is JournalInDoubt)
            {
                Interlocked.Increment(ref _inDoubt);
                answer = _journal.Probe.ExpectLast<object>();
            }

            if (answer is JournalCommitted) Interlocked.Exchange(ref _committed, generation);
            else Interlocked.Increment(ref _failed);
            await pace.WaitForNextTickAsync();
        }
    }

    private IEnumerable<JournalEntry> Entries(long generation)
    {
        foreach (string name in _names) yield return new PutZone(Row(name, generation, Small(name, (uint)generation, 50)));
        yield return new ZoneEvent(DomainName.Parse(_names[0]), Noon, "changed", $"{generation}");
    }
}
