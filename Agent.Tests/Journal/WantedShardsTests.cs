using Agent.Actors.Journal;
using Agent.Actors.Reasons;
using Agent.Bench.Peers;
using Agent.Host.Journal.Sqlite;

namespace Agent.Tests.Journal;

/// <summary>What waits for the threads that read shards.</summary>
public sealed class WantedShardsTests
{
    private readonly ReplyProbe _probe = new();
    private readonly WantedShards _wanted = new(capacity: 8);

    [Fact]
    public async Task Who_waits_for_all_to_be_read_waits_for_what_waits_and_for_what_is_read()
    {
        Assert.True(_wanted.TryAdd(1, _probe.ReplyTo));
        Assert.True(_wanted.TryAdd(2, _probe.ReplyTo));
        bool isOver = false;
        var waiting = new Thread(() =>
        {
            _wanted.WaitUntilAllAreRead();
            Volatile.Write(ref isOver, true);
        });
        waiting.Start();
        await IsAsleepAsync();
        for (int left = 2; left > 0; left--)
        {
            Assert.NotNull(_wanted.TakeNow(1));
            await IsAsleepAsync();
            Assert.False(Volatile.Read(ref isOver));
            _wanted.PassOver();
        }

        Assert.True(waiting.Join(Eventually.Deadline));

        Task IsAsleepAsync() => Eventually.HoldsAsync(
            () => waiting.ThreadState.HasFlag(ThreadState.WaitSleepJoin), () => $"asleep, not {waiting.ThreadState}");
    }

    [Fact]
    public void They_are_given_out_by_their_numbers_and_each_once()
    {
        foreach (int shard in (int[])[5, 1, 3, 1]) Assert.True(_wanted.TryAdd(shard, _probe.ReplyTo));
        ShardPass first = _wanted.TakeNow(2)!;
        Assert.Equal([1, 3], first.Left);
        Assert.Equal(3, first.Askers);
        Assert.Equal([5], _wanted.TakeNow(2)!.Left);
        Assert.Null(_wanted.TakeNow(2));
    }

    [Fact]
    public void What_is_closed_refuses_what_waits_and_takes_no_more()
    {
        Assert.True(_wanted.TryAdd(4, _probe.ReplyTo));
        _wanted.Close(new Reason(ReasonCode.JournalAway, "closed for a test"));
        Assert.Equal(4, _probe.Expect<ShardLoadFailed>().Shard);
        Assert.False(_wanted.TryAdd(4, _probe.ReplyTo));
        Assert.False(_wanted.Wait());
    }
}
