using Agent.Backends.Shared;

namespace Agent.Tests.Backends.Shared;

public sealed class CoalescedRunTests
{
    [Fact]
    public async Task Whoever_comes_while_it_runs_shares_the_next_run()
    {
        TaskCompletionSource[] ends = [new(), new(), new()];
        TaskCompletionSource[] begun = [new(), new(), new()];
        int runs = 0;
        CoalescedRun work = new(() =>
        {
            int run = runs++;
            begun[run].SetResult();
            return ends[run].Task;
        });

        Task first = work.JoinAsync();
        await begun[0].Task;
        Task[] later = [.. Enumerable.Range(0, 50).Select(_ => work.JoinAsync())];
        Assert.Equal(1, runs);
        ends[0].SetException(new IOException("the first"));
        await Assert.ThrowsAsync<IOException>(() => first);
        await begun[1].Task;
        Task last = work.JoinAsync();
        ends[1].SetResult();
        await Task.WhenAll(later);
        ends[2].SetResult();
        await last;

        Assert.Equal(3, runs);
    }
}
