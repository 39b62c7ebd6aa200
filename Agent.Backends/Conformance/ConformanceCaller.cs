using System.Collections.Concurrent;
using Agent.Actors.Backends;
using Agent.Actors.Kernel;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Backends.Conformance;

/// <summary>Gives orders to a driver and holds it to its answers: one to each, under its number, in its kind, with a reason where one is
/// due.</summary>
internal sealed class ConformanceCaller(IZoneBackend backend) : IActorRef
{
    // Longer than any deadline of a driver: whoever has not answered by then never will.
    private static readonly TimeSpan AnswerTime = TimeSpan.FromMinutes(3);

    private readonly ConcurrentDictionary<long, TaskCompletionSource<object>> _open = new();
    private readonly ConcurrentQueue<string> _surplus = new();
    private long _lastId;

    public string Path => "/conformance";

    public IZoneBackend Backend => backend;

    public Task<OrderFinished> ApplyAsync(ZoneContent content) =>
        ChangeAsync((id, replyTo) => backend.Apply(new ApplyZone(id, content.Apex, content), replyTo));

    public Task<OrderFinished> RemoveAsync(DomainName zone) =>
        ChangeAsync((id, replyTo) => backend.Remove(new RemoveZone(id, zone), replyTo));

    public Task<OrderFinished> ProbeAsync() => ChangeAsync((id, replyTo) => backend.Probe(new ProbeServer(id), replyTo));

    public async Task<ZoneObserved> ObserveAsync(DomainName zone)
    {
        ZoneObserved seen = await AskAsync<ZoneObserved>((id, replyTo) => backend.Observe(new ObserveZone(id, zone), replyTo));
        if (seen.Observation == Observation.CannotTell && seen.Reason is null)
            throw new ConformanceException($"it cannot tell of {zone} and does not say why");
        return seen.Observation == Observation.Present || seen.Serial == 0
            ? seen
            : throw new ConformanceException($"{zone} is {seen.Observation} with the serial {seen.Serial}");
    }

    public Task<ServedListed> ListAsync(int maximum) =>
        AskAsync<ServedListed>((id, replyTo) => backend.List(new ListServed(id, maximum), replyTo));

    /// <summary>Answers that nobody waited for.</summary>
    public void CheckSurplus()
    {
        if (_surplus.TryDequeue(out string? first)) throw new ConformanceException($"an answer too many: {first}");
    }

    public void Tell(object message, IActorRef? sender = null)
    {
        long id = message switch
        {
            OrderFinished finished => finished.Id,
            ZoneObserved observed => observed.Id,
            ServedListed listed => listed.Id,
            _ => 0,
        };
        if (_open.TryRemove(id, out TaskCompletionSource<object>? waiting)) waiting.SetResult(message);
        else _surplus.Enqueue(message?.ToString() ?? "nothing");
    }

    private async Task<OrderFinished> ChangeAsync(Action<long, ReplyTo> give)
    {
        OrderFinished answer = await AskAsync<OrderFinished>(give);
        return answer.Outcome == OrderOutcome.Done || answer.Reason is not null
            ? answer
            : throw new ConformanceException($"it says {answer.Outcome} and not why");
    }

    private async Task<T> AskAsync<T>(Action<long, ReplyTo> give)
    {
        long id = Interlocked.Increment(ref _lastId);
        TaskCompletionSource<object> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _open[id] = answer;
        give(id, new ReplyTo(this, 0));
        try
        {
            object message = await answer.Task.WaitAsync(AnswerTime);
            return message is T fitting
                ? fitting
                : throw new ConformanceException($"an order is answered by {message.GetType().Name} and not by {typeof(T).Name}");
        }
        catch (TimeoutException)
        {
            throw new ConformanceException($"an order had no answer within {AnswerTime.TotalSeconds:0} s");
        }
    }
}
