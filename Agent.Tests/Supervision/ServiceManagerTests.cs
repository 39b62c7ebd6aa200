using System.Net.Sockets;
using Agent.Bench.Peers;
using Agent.Host.Supervision;

namespace Agent.Tests.Supervision;

public sealed class ServiceManagerTests
{
    [Theory]
    [InlineData("30000000", null, 30.0)]
    [InlineData("30000000", "7", 30.0)]
    [InlineData("30000000", "8", null)]
    [InlineData("30000000", "x", null)]
    [InlineData("0", null, null)]
    [InlineData("-5", null, null)]
    [InlineData("soon", null, null)]
    [InlineData(null, null, null)]
    public void The_watchdog_counts_where_it_is_set_for_this_process(string? microseconds, string? process, double? seconds) =>
        Assert.Equal(seconds, ServiceManager.WatchdogOf(microseconds, process, self: 7)?.TotalSeconds);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_message_arrives_at_a_path_and_at_an_abstract_name(bool isAbstract)
    {
        using TemporaryFolder folder = new("notify");
        using NotifyListener listener = new(isAbstract ? "@" + folder.FullPath : folder.Combine("notify"));
        using NotifySocket socket = NotifySocket.Open(listener.Address);

        Assert.True(socket.Send("READY=1", "STATUS=all is well"));

        await listener.HeardAsync("READY=1");
        Assert.Equal(["READY=1\nSTATUS=all is well"], listener.Messages);
    }

    [Fact]
    public void A_listener_that_is_not_there_is_an_error_and_one_that_goes_away_is_none()
    {
        using TemporaryFolder folder = new("notify");
        Assert.Throws<SocketException>(() => NotifySocket.Open(folder.Combine("nobody")));
        Assert.Throws<ArgumentException>(() => NotifySocket.Open("relative"));
        NotifyListener listener = new(folder.Combine("notify"));
        using NotifySocket socket = NotifySocket.Open(listener.Address);
        listener.Dispose();
        Assert.False(socket.Send("READY=1"));
    }

    [Fact]
    public void A_sign_of_life_is_given_only_for_an_answer_in_time()
    {
        int signs = 0;
        Task<bool> answer = Task.FromResult(true);
        using LifeSigns life = new(TimeSpan.FromMilliseconds(40), _ => answer, () => signs++);

        Assert.True(life.Look());
        answer = Task.FromResult(false);
        Assert.False(life.Look());
        answer = Task.FromException<bool>(new InvalidOperationException("the region is gone"));
        Assert.False(life.Look());
        answer = new TaskCompletionSource<bool>().Task;
        Assert.False(life.Look());
        Assert.Equal(1, signs);
    }
}
