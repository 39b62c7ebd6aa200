using System.Net;
using Agent.Actors.Backends;
using Agent.Bench.Peers;
using Agent.Dns.Wire;
using Agent.Dns.Zones;
using Agent.Tests.Dns.Transfers;
using Agent.Tests.Dns.Zones;

namespace Agent.Tests.Backends;

/// <summary>A driver for a real server: orders that must succeed, and what is seen and served afterwards.</summary>
/// <param name="backend">The driver, which goes with this.</param>
/// <param name="endPoint">Where the server answers DNS.</param>
/// <param name="output">What it has said.</param>
/// <param name="history">What the driver is told of changes; null for nothing.</param>
internal abstract class ServerTarget(IZoneBackend backend, IPEndPoint endPoint, Func<string> output, IContentHistory? history)
    : IAsyncDisposable
{
    private const int LogLength = 5000;

    protected ServerTarget(IZoneBackend backend, DnsServer server, IContentHistory? history = null)
        : this(backend, server.EndPoint, () => server.Output, history)
    {
    }

    public BackendCaller Caller { get; } = new(backend) { History = history };

    /// <summary>The last that the server said.</summary>
    public string Log => output() is { Length: > LogLength } all ? all[^LogLength..] : output();

    /// <summary>The end of an order proves that the server serves what was ordered, at the first look.</summary>
    protected virtual bool ServesAtOnce => false;

    /// <summary>A driver that knows nothing of what this one did, for the same server.</summary>
    public abstract ServerTarget Again();

    public async Task DoneAsync(Task<OrderFinished> order)
    {
        OrderFinished answer = await order;
        Assert.True(answer.Outcome == OrderOutcome.Done, $"{answer.Reason}\n{Log}");
    }

    /// <summary>All are done.</summary>
    public async Task DoneAsync(IEnumerable<Task<OrderFinished>> orders)
    {
        OrderFinished[] answers = await Task.WhenAll(orders);
        OrderFinished? failed = answers.FirstOrDefault(answer => answer.Outcome != OrderOutcome.Done);
        Assert.True(failed is null, $"{failed?.Reason}\n{Log}");
    }

    /// <summary>Taken, and served with its serial.</summary>
    public async Task AppliedAsync(ZoneContent content)
    {
        await DoneAsync(Caller.ApplyAsync(content.Apex, content));
        await ServedAsync(content.Apex, content.Serial);
    }

    /// <summary>Taken, and served record by record.</summary>
    public async Task AppliedEquallyAsync(ZoneContent content)
    {
        await AppliedAsync(content);
        await ServesAsync(content);
    }

    public async Task RemovedAsync(DomainName zone)
    {
        await DoneAsync(Caller.RemoveAsync(zone));
        await SeenAsync(zone, Observation.Absent, 0);
    }

    /// <summary>The reason of a refusal.</summary>
    public async Task<string> RefusedAsync(ZoneContent content)
    {
        OrderFinished answer = await Caller.ApplyAsync(content.Apex, content);
        Assert.True(answer.Outcome == OrderOutcome.Refused, $"{answer.Outcome} {answer.Reason}\n{Log}");
        return answer.Reason!.Text;
    }

    /// <summary>The server cannot be worked with; the reason.</summary>
    public async Task<string> AwayAsync(Task<OrderFinished> order)
    {
        OrderFinished answer = await order;
        Assert.True(answer.Outcome == OrderOutcome.Away, $"{answer.Outcome} {answer.Reason}\n{Log}");
        return answer.Reason!.Text;
    }

    public Task ServedAsync(DomainName zone, uint serial) => SeenAsync(zone, Observation.Present, serial);

    public async Task SeenAsync(DomainName zone, Observation observation, uint serial)
    {
        ZoneObserved? last = null;
        if (ServesAtOnce)
            Assert.True(await IsSeenAsync(), Told());
        else
            await Eventually.HoldsAsync(IsSeenAsync, Told);

        async Task<bool> IsSeenAsync() =>
            (last = await Caller.ObserveAsync(zone)).Observation == observation && last.Serial == serial;

        string Told() => $"{zone} {observation} {serial}, seen {last}\n{Log}";
    }

    /// <summary>What is served is the content, record by record.</summary>
    public virtual async Task ServesAsync(ZoneContent content)
    {
        MemoryZoneContent served = await PeerTransfer.AxfrAsync(endPoint, content.Apex);
        Assert.Equal(ZoneFilePeerTests.Lines(content), ZoneFilePeerTests.Lines(served));
    }

    public ValueTask DisposeAsync() => backend.DisposeAsync();
}
