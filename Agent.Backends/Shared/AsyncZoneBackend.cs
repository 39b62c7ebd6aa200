using System.Collections.Concurrent;
using System.Net.Sockets;
using Agent.Actors.Backends;
using Agent.Actors.Kernel;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Backends.Shared;

/// <summary>
/// What all drivers have in common: an asynchronous method for each kind of order here becomes exactly one answering message there. Every
/// order has a deadline, at most <see cref="BackendTraits.MaxConcurrentOrders"/> work at once (probes pass by, they must not wait behind
/// work), and whatever a driver throws becomes an outcome with a reason.
/// </summary>
/// <remarks>
/// A driver that does not heed its cancellation, a hung disk for instance, is answered for at the deadline all the same. Its work
/// counts as
/// under way until it really ends: its place stays taken, and a further order for that zone is answered "away" instead of running
/// beside it.
/// </remarks>
public abstract class AsyncZoneBackend : IZoneBackend
{
    // What a driver gets to stop by itself, with a better reason than ours.
    private static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(500);

    private readonly OrderDeadlines _deadlines;

    // Neither is disposed: work left behind at its deadline may still end, and both hold nothing but memory.
    private readonly SemaphoreSlim _places;
    private readonly CancellationTokenSource _closing = new();
    private readonly ConcurrentDictionary<DomainName, bool> _changing = new();
    private readonly ConcurrentDictionary<long, Task> _running = new();
    private long _runs;
    private int _ordersUnderWay;
    private int _isClosed;

    /// <summary>Connects to nothing and touches nothing yet.</summary>
    protected AsyncZoneBackend(BackendTraits traits, OrderDeadlines deadlines, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(traits);
        Traits = traits;
        Time = time;
        _deadlines = deadlines;
        _places = new SemaphoreSlim(traits.MaxConcurrentOrders);
    }

    /// <inheritdoc/>
    public BackendTraits Traits { get; }

    /// <summary>How many zones are being changed at the moment.</summary>
    protected int OrdersUnderWay => Volatile.Read(ref _ordersUnderWay);

    /// <summary>The clock of the driver.</summary>
    protected TimeProvider Time { get; }

    /// <inheritdoc/>
    public void Apply(ApplyZone order, ReplyTo replyTo) => Start(
        order, replyTo, order.Zone, _deadlines.Apply, async cancellation =>
        {
            ZoneLimits limits = await LimitsAsync(order.Content, cancellation);
            if (ZoneFit.Objection(order.Content, limits) is { } objection)
                throw BackendException.CannotHold($"{Traits.Driver} cannot hold {order.Zone}, serial {order.Content.Serial}: {objection}");
            await ApplyAsync(order, cancellation);
            return Done(order);
        });

    /// <inheritdoc/>
    public void Remove(RemoveZone order, ReplyTo replyTo) => Start(
        order, replyTo, order.Zone, _deadlines.Remove, async cancellation =>
        {
            await RemoveAsync(order.Zone, cancellation);
            return Done(order);
        });

    /// <inheritdoc/>
    public void Observe(ObserveZone order, ReplyTo replyTo) => Start(
        order, replyTo, zone: null, _deadlines.Observe, async cancellation =>
        {
            // Of an actor that broke meanwhile: what is seen now may be gone when that order ends.
            if (_changing.ContainsKey(order.Zone)) throw BackendException.Away($"an earlier order for {order.Zone} has not ended yet");
            ZoneSighting seen = await ObserveAsync(order, cancellation);
            bool asksMore = order.WithSettings && seen.Observation == Observation.Present;
            string? otherSettings = asksMore ? await SettingsDifferenceAsync(order.Zone, cancellation) : null;
            return new ZoneObserved(order.Id, seen.Observation, seen.Serial, seen.Reason)
            {
                SettingsDifference = otherSettings,
                Nsid = seen.Nsid,
            };
        });

    /// <inheritdoc/>
    public void Probe(ProbeServer order, ReplyTo replyTo) => Start(
        order, replyTo, zone: null, _deadlines.Probe, async cancellation =>
        {
            await ProbeAsync(cancellation);
            return Done(order) with { ServerRun = ServerRun, Limits = Limits, Control = await ControlledAsync(cancellation) };
        });

    /// <inheritdoc/>
    public void List(ListServed order, ReplyTo replyTo) => Start(
        order, replyTo, zone: null, _deadlines.List, async cancellation =>
        {
            IReadOnlyCollection<DomainName> zones = await ListAsync(order.Maximum, cancellation);
            return zones.Count > order.Maximum
                ? throw BackendException.Refused($"the server has more than {order.Maximum} zones")
                : new ServedListed(order.Id, [.. zones], Failure: null);
        });

    /// <summary>Names the zones of the server, as far as <see cref="BackendTraits.Listing"/> says; may stop behind
    /// <paramref name="maximum"/> of them.</summary>
    /// <exception cref="BackendException">It cannot.</exception>
    protected virtual Task<IReadOnlyCollection<DomainName>> ListAsync(int maximum, CancellationToken cancellation) =>
        throw BackendException.Refused($"the {Traits.Driver} driver names no zones");

    /// <summary>What the server can hold, by all that is known of it now.</summary>
    protected virtual ZoneLimits Limits => Traits.Limits;

    /// <summary>The limits for a content; a driver may ask its server when none has been asked yet.</summary>
    /// <exception cref="BackendException">It cannot be asked.</exception>
    protected virtual ValueTask<ZoneLimits> LimitsAsync(ZoneContent content, CancellationToken cancellation) => new(Limits);

    /// <summary>Names the run of the server that the last probe saw; null when it does not tell.</summary>
    protected virtual string? ServerRun => null;

    /// <summary>Who the control channel says that the server is, behind a probe that succeeded; null of a driver that has none.</summary>
    /// <exception cref="BackendException">It cannot be asked.</exception>
    protected virtual Task<ControlledServer?> ControlledAsync(CancellationToken cancellation) => Task.FromResult<ControlledServer?>(null);

    /// <summary>Ends what is under way (each order gets its answer), then lets the driver close what it holds. A second time does
    /// nothing.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isClosed, 1) != 0)
            return;
        await _closing.CancelAsync();
        await Task.WhenAll(_running.Values);
        await CloseAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>Brings the zone to the order's content; a driver that takes differences finds their history there.</summary>
    /// <exception cref="BackendException">It cannot.</exception>
    protected virtual Task ApplyAsync(ApplyZone order, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(order);
        return ApplyAsync(order.Zone, order.Content, cancellation);
    }

    /// <summary>Brings the zone to this content.</summary>
    /// <exception cref="BackendException">It cannot.</exception>
    protected abstract Task ApplyAsync(DomainName zone, ZoneContent content, CancellationToken cancellation);

    /// <summary>Takes the zone away; nothing to do is success.</summary>
    /// <exception cref="BackendException">It cannot.</exception>
    protected abstract Task RemoveAsync(DomainName zone, CancellationToken cancellation);

    /// <summary>Finds out what is served; a driver of several servers finds there what they are to serve.</summary>
    /// <exception cref="BackendException">It cannot tell.</exception>
    protected virtual Task<ZoneSighting> ObserveAsync(ObserveZone order, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(order);
        return ObserveAsync(order.Zone, cancellation);
    }

    /// <summary>Finds out what is served.</summary>
    /// <exception cref="BackendException">It cannot tell.</exception>
    protected abstract Task<ZoneSighting> ObserveAsync(DomainName zone, CancellationToken cancellation);

    /// <summary>In what the server's settings of a zone that it has differ from those that this driver gives it; null where they do not, or
    /// the driver gives none.</summary>
    /// <exception cref="BackendException">It cannot tell.</exception>
    protected virtual Task<string?> SettingsDifferenceAsync(DomainName zone, CancellationToken cancellation) =>
        Task.FromResult<string?>(null);

    /// <summary>Returns when the server can be worked with.</summary>
    /// <exception cref="BackendException">It cannot.</exception>
    protected abstract Task ProbeAsync(CancellationToken cancellation);

    /// <summary>Closes connections; nothing is under way any more.</summary>
    protected virtual ValueTask CloseAsync() => ValueTask.CompletedTask;

    private static OrderFinished Done(BackendOrder order) => new(order.Id, OrderOutcome.Done, Reason: null);

    private void Start(BackendOrder order, ReplyTo replyTo, DomainName? zone, TimeSpan deadline, Func<CancellationToken, Task<object>> work)
    {
        long run = Interlocked.Increment(ref _runs);
        Task answered = AnswerAsync(order, replyTo, zone, deadline, work);
        _running[run] = answered;
        _ = answered.ContinueWith(
            _ => _running.TryRemove(run, out Task? _),
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
    }

    private async Task AnswerAsync(
        BackendOrder order, ReplyTo replyTo, DomainName? zone, TimeSpan deadline, Func<CancellationToken, Task<object>> work)
    {
        object answer;
        try
        {
            answer = await RunAsync(order, zone, deadline, work);
        }
        catch (Exception error)
        {
            answer = Explain(order, deadline, error);
        }

        replyTo.TellLast(answer);
    }

    private async Task<object> RunAsync(
        BackendOrder order, DomainName? zone, TimeSpan deadline, Func<CancellationToken, Task<object>> work)
    {
        using CancellationTokenSource late = new(deadline, Time);
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(late.Token, _closing.Token);
        if (zone is not null && !_changing.TryAdd(zone, true))
            throw BackendException.Away($"an earlier order for {zone} has not ended yet");
        // Elsewhere than on the caller's thread, who is an actor; and apart from the deadline, because writing files blocks.
        Task<object> working = Task.Run(() => WorkAsync(order, zone, work, stop.Token), CancellationToken.None);
        return await working.WaitAsync(deadline + Grace, Time, CancellationToken.None);
    }

    private async Task<object> WorkAsync(
        BackendOrder order, DomainName? zone, Func<CancellationToken, Task<object>> work, CancellationToken cancellation)
    {
        try
        {
            // A list is made while zones are worked on, and is nobody's turn.
            if (order is ProbeServer or ListServed)
                return await work(cancellation);
            await _places.WaitAsync(cancellation);
            if (zone is not null)
                Interlocked.Increment(ref _ordersUnderWay);
            try
            {
                return await work(cancellation);
            }
            finally
            {
                if (zone is not null)
                    Interlocked.Decrement(ref _ordersUnderWay);
                _places.Release();
            }
        }
        finally
        {
            if (zone is not null)
                _changing.TryRemove(zone, out bool _);
        }
    }

    private object Explain(BackendOrder order, TimeSpan deadline, Exception error)
    {
        string late = _closing.IsCancellationRequested
            ? $"the {Traits.Driver} driver is being closed"
            : $"the {Traits.Driver} driver was not done within {deadline.TotalSeconds:0.#} s";
        BackendException failure = error switch
        {
            BackendException known => known,
            OperationCanceledException or TimeoutException => BackendException.Away(late),
            IOException or UnauthorizedAccessException or SocketException => BackendException.Away(error.Message),
            _ => BackendException.Refused($"the {Traits.Driver} driver failed: {error.GetType().Name}: {error.Message}"),
        };
        return order is ListServed ? new ServedListed(order.Id, [], failure.Reason)
            : order is ObserveZone ? new ZoneObserved(order.Id, Observation.CannotTell, 0, failure.Reason)
            : new OrderFinished(order.Id, failure.Outcome, failure.Reason) { ChangedNothing = failure.ChangedNothing };
    }
}
