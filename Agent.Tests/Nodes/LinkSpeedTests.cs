using System.Diagnostics;
using Agent.Actors.Cluster;
using Agent.Actors.Zones;
using Agent.Bench.Peers;
using Agent.Dns.Wire;
using Agent.Dns.Zones;
using Agent.Tests.Journal;
using Agent.Tests.TestKit;
using Xunit.Abstractions;

namespace Agent.Tests.Nodes;

/// <summary>
/// Prints what a link with TLS over loopback carries, for docs/node-link.md. What it asserts is only that everything arrives.
/// </summary>
public sealed class LinkSpeedTests(ITestOutputHelper output) : IAsyncDisposable
{
    private readonly LinkRig _rig = new();
    private readonly TestAuthority _authority = new();

    public async ValueTask DisposeAsync()
    {
        await _rig.DisposeAsync();
        _authority.Dispose();
    }

    [Fact]
    [Trait("Category", "Long")]
    public async Task Messages_per_second_latency_and_fetches()
    {
        TestNode a = await _rig.StartAsync("a", _authority.IssueNode("a"));
        TestNode b = await _rig.StartAsync("b", _authority.IssueNode("b"));
        await LinkRig.JoinAsync(a, b);
        await EchoAsync(a, b, 2000);
        double[] times = await EchoAsync(a, b, 5000);
        Array.Sort(times);
        output.WriteLine($"echo: median {times[times.Length / 2]:0} us, 99th percentile {times[times.Length * 99 / 100]:0} us");

        const int Count = 100_000;
        int before = b.Probe.Count;
        var request = new RouteRequest(1, 2, 3, new NotifyZone(
            DomainName.Parse("zone.example."), new RequestOrigin("192.0.2.1", null, "0123456789abcdef"), null, 7));
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < Count; i++)
        {
            if (i % 2000 == 0) SpinWait.SpinUntil(() => a.Link.State.Peers[0].QueuedFrames < 10_000);
            a.Link.Send("b", request);
        }
        await b.ReceivesAsync(before + Count);
        output.WriteLine($"one way: {Count / Stopwatch.GetElapsedTime(start).TotalSeconds:0} NOTIFYs per second");

        MemoryZoneContent[] contents = [.. Enumerable.Range(0, 1000).Select(i => TestZones.Large($"z{i}.example.", 1, 17_000))];
        before = b.Probe.Count;
        start = Stopwatch.GetTimestamp();
        foreach (MemoryZoneContent content in contents) a.Link.Send("b", new RouteAnswer(1, new ZoneContentReply(content.Apex, content)));
        await b.ReceivesAsync(before + contents.Length);
        output.WriteLine($"fetches: {contents.Length / Stopwatch.GetElapsedTime(start).TotalSeconds:0} contents of 17 KB per second");

        MemoryZoneContent large = TestZones.Large("large.example.", 1, 50_000_000);
        start = Stopwatch.GetTimestamp();
        a.Link.Send("b", new RouteAnswer(1, new ZoneContentReply(large.Apex, large)));
        await b.ReceivesAsync(before + contents.Length + 1);
        output.WriteLine($"a content of 50 MB: {large.ByteCount / 1e6 / Stopwatch.GetElapsedTime(start).TotalSeconds:0} MB per second");
        Assert.Equal(0, a.Counts.Dropped + b.Counts.Dropped);
    }

    private static async Task<double[]> EchoAsync(TestNode a, TestNode b, int count)
    {
        var times = new double[count];
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        long sentAt = 0;
        b.Probe.OnMessage = from => b.Link.Send("a", from.Message);
        a.Probe.OnMessage = from =>
        {
            int i = (int)((RouteAccepted)from.Message).Request;
            times[i] = Stopwatch.GetElapsedTime(sentAt).TotalMicroseconds;
            if (i + 1 == count)
            {
                done.SetResult();
                return;
            }
            sentAt = Stopwatch.GetTimestamp();
            a.Link.Send("b", new RouteAccepted(i + 1));
        };
        sentAt = Stopwatch.GetTimestamp();
        a.Link.Send("b", new RouteAccepted(0));
        await done.Task.WaitAsync(Eventually.Deadline);
        b.Probe.OnMessage = null;
        return times;
    }
}
