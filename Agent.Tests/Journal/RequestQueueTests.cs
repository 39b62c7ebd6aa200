using Agent.Bench.Peers;
using Agent.Host.Journal;

namespace Agent.Tests.Journal;

public sealed class RequestQueueTests
{
    [Fact]
    public void Requests_come_out_in_order_and_no_more_wait_than_may()
    {
        var queue = new RequestQueue<int>(2);
        Assert.True(queue.TryAdd(1));
        Assert.True(queue.TryAdd(2));
        Assert.False(queue.TryAdd(3));
        Assert.False(queue.IsClosed);

        Assert.True(queue.TryTake(Timeout.InfiniteTimeSpan, out int first));
        Assert.True(queue.TryAdd(4));
        Assert.True(queue.TryTake(Timeout.InfiniteTimeSpan, out int second));
        Assert.True(queue.TryTake(Timeout.InfiniteTimeSpan, out int third));
        Assert.Equal([1, 2, 4], [first, second, third]);
        Assert.False(queue.TryTake(TimeSpan.Zero, out _));
    }

    [Fact]
    public void A_closed_queue_gives_out_what_waits_and_takes_nothing_in()
    {
        var queue = new RequestQueue<int>(2);
        Assert.True(queue.TryAdd(1));
        queue.Close();

        Assert.True(queue.IsClosed);
        Assert.False(queue.IsFinished);
        Assert.False(queue.TryAdd(2));
        Assert.True(queue.TryTake(Timeout.InfiniteTimeSpan, out int left));
        Assert.Equal(1, left);
        Assert.True(queue.IsFinished);
        Assert.False(queue.TryTake(Timeout.InfiniteTimeSpan, out _));
    }

    [Fact]
    public async Task Who_waits_is_woken_by_a_request_and_by_the_end()
    {
        var queue = new RequestQueue<int>(1);
        Task<List<int>> taker = Task.Run(() =>
        {
            var taken = new List<int>();
            while (queue.TryTake(Timeout.InfiniteTimeSpan, out int request)) taken.Add(request);
            return taken;
        });
        Assert.True(queue.TryAdd(1));
        await Eventually.HoldsAsync(() => queue.TryAdd(2), () => "the first was taken");
        queue.Close();

        Assert.Equal([1, 2], await taker.WaitAsync(Eventually.Deadline));
    }
}
