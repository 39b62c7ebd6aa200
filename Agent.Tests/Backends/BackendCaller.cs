using System.Collections.Concurrent;
using Agent.Actors.Backends;
using Agent.Actors.Kernel;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Tests.Backends;

/// <summary>Gives orders to a driver and collects the answers, each of which must come exactly once and under the order's
/// number.</summary>
internal sealed class BackendCaller(IZoneBackend backend) : IActorRef
{
    private readonly ConcurrentDictionary<long, TaskCompletionSource<object>> _open = new();
    private long _lastId;

    public string Path => "/test/caller";

    /// <summary>What led to the contents; null for a driver that is told nothing of it.</summary>
    public IContentHistory? History { get; init; }

    /// <summary>What re-add = never does not allow.</summary>
    public bool MayTakeAway { get; init; } = true;

    /// <summary>Answers that nobody waited for: a second one, or one under a wrong number.</summary>
    public ConcurrentQueue<object> Surplus { get; } = new();

    public Task<OrderFinished> ApplyAsync(DomainName zone, ZoneContent content) => OrderAsync<OrderFinished>((id, replyTo) =>
        backend.Apply(new ApplyZone(id, zone, content) { History = History, MayTakeAway = MayTakeAway }, replyTo));

    public Task<OrderFinished> RemoveAsync(DomainName zone) =>
        OrderAsync<OrderFinished>((id, replyTo) => backend.Remove(new RemoveZone(id, zone), replyTo));

    public Task<ZoneObserved> ObserveAsync(DomainName zone) =>
        OrderAsync<ZoneObserved>((id, replyTo) => backend.Observe(new ObserveZone(id, zone), replyTo));

    public Task<ZoneObserved> ObserveAsync(DomainName zone, uint wantedSerial) => OrderAsync<ZoneObserved>(
        (id, replyTo) => backend.Observe(new ObserveZone(id, zone) { WantedSerial = wantedSerial }, replyTo));

    /// <summary>In what the server's settings of a zone that it serves differ.</summary>
    public async Task<string?> SettingsDifferenceAsync(DomainName zone)
    {
        ZoneObserved seen = await OrderAsync<ZoneObserved>((id, replyTo) =>
            backend.Observe(new ObserveZone(id, zone) { WithSettings = true }, replyTo));
        Assert.Equal(Observation.Present, seen.Observation);
        return seen.SettingsDifference;
    }

    public Task<ServedListed> ListAsync(int maximum = 1000) =>
        OrderAsync<ServedListed>((id, replyTo) => backend.List(new ListServed(id, maximum), replyTo));

    public Task<OrderFinished> ProbeAsync() => OrderAsync<OrderFinished>((id, replyTo) => backend.Probe(new ProbeServer(id), replyTo));

    public void Tell(object message, IActorRef? sender = null)
    {
        long id = message switch
        {
            OrderFinished finished => finished.Id,
            ZoneObserved observed => observed.Id,
            ServedListed listed => listed.Id,
            _ => 0,
        };
        if (_open.TryRemove(id, out TaskCompletionSource<object>? waiting))
            waiting.SetResult(message);
        else
            Surplus.Enqueue(message);
    }

    private async Task<T> OrderAsync<T>(Action<long, ReplyTo> give)
    {
        long id = Interlocked.Increment(ref _lastId);
        TaskCompletionSource<object> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _open[id] = answer;
        give(id, new ReplyTo(this, 0));
        return Assert.IsType<T>(await answer.Task.WaitAsync(TimeSpan.FromSeconds(60)));
    }
}
