using Agent.Actors.Journal;
using Agent.Actors.Reasons;
using Agent.Bench.Peers;
using Agent.Host.Journal;
using static Agent.Tests.Journal.TestZones;

namespace Agent.Tests.Journal;

/// <summary>Shards are read beside everything else that the journal is asked.</summary>
public sealed class SqliteShardReaderTests : IDisposable
{
    private const int Shards = 64;

    private readonly SqliteJournalFixture _journal = new() { Options = new JournalOptions { RowsPerPass = 20 } };

    public void Dispose() => _journal.Dispose();

    [Fact]
    public void Everything_else_is_answered_while_shards_are_read()
    {
        _journal.Commit(new PutZone(Row("a.example.", 1)));
        using HeldReaders held = HeldReaders.Of(_journal, Shards);

        _journal.Commit(new PutZone(Row("b.example.", 1, Small("b.example.", 1))));
        Assert.NotNull(_journal.Read("b.example."));
        Assert.Empty(_journal.History("b.example."));
        held.Dispose();

        Assert.Equal(2, _journal.Load().Length);
    }

    [Fact]
    public void A_shard_that_is_asked_for_behind_a_write_shows_it_however_long_its_readers_are_at_work()
    {
        using HeldReaders held = HeldReaders.Of(_journal, Shards);
        ZoneRow[] rows = [.. Enumerable.Range(0, 100).Select(i => Row($"z{i}.example.", i + 1, Small($"z{i}.example.", (uint)i)))];
        _journal.Commit([.. rows.Select(row => new PutZone(row))]);
        for (int shard = 0; shard < Shards; shard++) Take(shard);
        held.Dispose();

        ShardLoaded[] loaded = [.. Enumerable.Range(0, Shards).Select(_ => _journal.Probe.Expect<ShardLoaded>())];
        Assert.All(loaded, answer => Assert.All(answer.Rows, row => Assert.Equal(answer.Shard, _journal.ShardOf(row.Name))));
        Assert.Equal(
            rows.Select(row => row.Name.ToString()).Order(),
            loaded.SelectMany(answer => answer.Rows, (_, row) => row.Name.ToString()).Order());
    }

    [Fact]
    public void More_shards_than_may_wait_are_refused()
    {
        _journal.Options = _journal.Options with { QueueLength = 4 };
        using HeldReaders held = HeldReaders.Of(_journal, Shards);
        for (int shard = 10; shard < 15; shard++)
        {
            Take(shard);
            // By its answer the shard has been handed on.
            if (shard < 14) Assert.Null(_journal.Read("a.example."));
        }

        ShardLoadFailed refused = _journal.Probe.Expect<ShardLoadFailed>();
        Assert.Equal((14, ReasonCode.JournalAway), (refused.Shard, refused.Reason.Code));
        held.Dispose();
        Assert.Equal([10, 11, 12, 13], Enumerable.Range(0, 4).Select(_ => _journal.Probe.Expect<ShardLoaded>().Shard).Order());
    }

    [Fact]
    public async Task A_journal_that_closes_waits_for_what_is_read_and_refuses_what_is_not()
    {
        using HeldReaders held = HeldReaders.Of(_journal, Shards);
        Take(50);
        Take(51);
        Task closing = Task.Run(_journal.Close);

        ShardLoadFailed[] refused = [.. Enumerable.Range(0, 2).Select(_ => _journal.Probe.Expect<ShardLoadFailed>())];
        Assert.Equal([50, 51], refused.Select(failed => failed.Shard).Order());
        Assert.All(refused, failed => Assert.Contains("closed", failed.Reason.Text, StringComparison.Ordinal));
        Assert.False(closing.IsCompleted);
        held.Dispose();

        await closing.WaitAsync(Eventually.Deadline);
        Assert.All(held.Answers, answer => Assert.IsType<ShardLoaded>(answer));
        Assert.Equal([_journal.DatabasePath], Directory.GetFiles(_journal.FolderPath, "journal.db*"));
    }

    [Fact]
    public void A_reader_that_cannot_open_the_file_says_so_and_tries_again_when_it_is_asked_again()
    {
        _journal.Commit(new PutZone(Row("a.example.", 1)));
        string away = _journal.DatabasePath + ".away";
        File.Move(_journal.DatabasePath, away);
        for (int shard = 0; shard < Shards; shard++) Take(shard);

        ShardLoadFailed[] failed = [.. Enumerable.Range(0, Shards).Select(_ => _journal.Probe.Expect<ShardLoadFailed>())];
        Assert.Equal(Enumerable.Range(0, Shards), failed.Select(answer => answer.Shard).Order());
        Assert.All(failed, answer => Assert.Equal(ReasonCode.JournalAway, answer.Reason.Code));

        File.Move(away, _journal.DatabasePath);
        Assert.Single(_journal.Load());
    }

    [Fact]
    public void Shards_are_counted_anew_only_when_none_is_read_any_more()
    {
        ZoneRow[] rows = [.. Enumerable.Range(0, 100).Select(i => Row($"z{i}.example.", 1))];
        _journal.Commit([.. rows.Select(row => new PutZone(row))]);
        using HeldReaders held = HeldReaders.Of(_journal, Shards);
        for (int shard = 0; shard < Shards; shard++) Take(shard);
        for (int shard = 0; shard < 7; shard++) _journal.Journal.TakeShard(shard, 7, _journal.Journal.Epoch, _journal.Probe.ReplyTo);
        _journal.Journal.CheckFence(1, 0, _journal.Journal.Epoch, _journal.Probe.ReplyTo);
        held.Dispose();

        // What is asked behind the new count is answered behind all that was asked by the old one.
        Expect(Shards, _journal.Probe.Expect<ShardLoaded>);
        Expect(7, _journal.Probe.ExpectLast<ShardLoaded>);

        void Expect(int count, Func<ShardLoaded> next)
        {
            ShardLoaded[] loaded = [.. Enumerable.Range(0, count).Select(_ => next())];
            foreach (ShardLoaded answer in loaded)
                Assert.All(answer.Rows, row => Assert.Equal((ulong)answer.Shard, row.Name.StableHash % (ulong)count));
            Assert.Equal(rows.Length, loaded.Sum(answer => answer.Rows.Length));
        }
    }

    private void Take(int shard) => _journal.Journal.TakeShard(shard, Shards, _journal.Journal.Epoch, _journal.Probe.ReplyTo);
}
