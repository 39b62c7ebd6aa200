using System.Collections.Concurrent;
using Agent.Actors.Backends;
using Agent.Actors.Kernel;
using Agent.Actors.Reasons;
using Agent.Backends.Shared;
using Agent.Dns.Wire;

namespace Agent.Host.Plugins;

/// <summary>
/// Stands before a backend from outside and holds it to the port: each order is answered once, in its own kind, under its own number and
/// in time, whether the backend answers, throws, answers twice, answers something else or never. Its methods run apart from the caller, who
/// is an actor and must not be held up.
/// </summary>
/// <remarks>
/// An order that was answered for at its deadline is under way until the backend answers it itself. Its place stays taken, and until then
/// a change for its zone is "away" and a look at it says nothing. A backend that never answers runs out of places so, and not the agent out
/// of memory. Looks do not count: a sweep asks beside the work that is under way.
/// </remarks>
internal sealed class BoundedBackend : IZoneBackend
{
    private const int PlacesMax = 1024;
    private const int FaultsTold = 100;

    private static readonly TimeSpan PatienceMax = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan CloseTime = TimeSpan.FromSeconds(5);

    private readonly IZoneBackend _inner;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly OrderDeadlines _deadlines;
    private readonly ConcurrentDictionary<DomainName, bool> _changing = new();
    private int _changingCount;
    private int _observing;
    private int _faults;
    private int _probing;
    private int _listing;

    /// <exception cref="ArgumentException">It says impossible things of itself.</exception>
    public BoundedBackend(string driver, IZoneBackend inner, TimeProvider time, ILogger log, OrderDeadlines? deadlines = null)
    {
        ArgumentNullException.ThrowIfNull(inner);
        BackendTraits said = inner.Traits ?? throw new ArgumentException("it says nothing of itself (Traits)", nameof(inner));
        if (said.MaxConcurrentOrders is < 1 or > PlacesMax)
            throw new ArgumentException($"it takes {said.MaxConcurrentOrders} orders at once, not 1 to {PlacesMax}", nameof(inner));
        if (said.VerifyPatience < TimeSpan.Zero || said.VerifyPatience > PatienceMax)
            throw new ArgumentException($"its server takes {said.VerifyPatience} to serve what it took", nameof(inner));
        Traits = said with { Driver = driver };
        _inner = inner;
        _time = time;
        _log = log;
        _deadlines = deadlines ?? OrderDeadlines.Default;
    }

    public BackendTraits Traits { get; }

    public void Apply(ApplyZone order, ReplyTo replyTo) =>
        Change(order, order.Zone, _deadlines.Apply, replyTo, answer => _inner.Apply(order, answer));

    public void Remove(RemoveZone order, ReplyTo replyTo) =>
        Change(order, order.Zone, _deadlines.Remove, replyTo, answer => _inner.Remove(order, answer));

    public void Observe(ObserveZone order, ReplyTo replyTo)
    {
        var pending = new PendingOrder(this, order, replyTo, () => Interlocked.Decrement(ref _observing));
        if (_changing.ContainsKey(order.Zone)) pending.Refuse(NotEnded(order.Zone));
        else if (!TryEnter(ref _observing, PlacesMax)) pending.Refuse(NoPlace(PlacesMax, "looks"));
        else pending.Run(answer => _inner.Observe(order, answer), _deadlines.Observe);
    }

    public void Probe(ProbeServer order, ReplyTo replyTo)
    {
        var pending = new PendingOrder(this, order, replyTo, () => Interlocked.Decrement(ref _probing));
        if (!TryEnter(ref _probing, 1)) pending.Refuse($"an earlier probe by the driver {Traits.Driver} has not ended yet");
        else pending.Run(answer => _inner.Probe(order, answer), _deadlines.Probe);
    }

    public void List(ListServed order, ReplyTo replyTo)
    {
        var pending = new PendingOrder(this, order, replyTo, () => Interlocked.Decrement(ref _listing));
        if (!TryEnter(ref _listing, 1)) pending.Refuse($"an earlier list by the driver {Traits.Driver} has not ended yet");
        else pending.Run(answer => _inner.List(order, answer), _deadlines.List);
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            await Task.Run(async () => await _inner.DisposeAsync()).WaitAsync(CloseTime, _time);
        }
        catch (Exception failure)
        {
            Fault($"did not close: {failure.GetType().Name}: {failure.Message}");
        }
    }

    private static bool TryEnter(ref int count, int maximum)
    {
        if (Interlocked.Increment(ref count) <= maximum) return true;
        Interlocked.Decrement(ref count);
        return false;
    }

    private void Change(BackendOrder order, DomainName zone, TimeSpan deadline, ReplyTo replyTo, Action<ReplyTo> work)
    {
        var pending = new PendingOrder(this, order, replyTo, () =>
        {
            Interlocked.Decrement(ref _changingCount);
            _changing.TryRemove(zone, out bool _);
        });
        if (!_changing.TryAdd(zone, true))
        {
            pending.Refuse(NotEnded(zone));
        }
        else if (!TryEnter(ref _changingCount, Traits.MaxConcurrentOrders))
        {
            _changing.TryRemove(zone, out bool _);
            pending.Refuse(NoPlace(Traits.MaxConcurrentOrders, "changes"));
        }
        else
        {
            pending.Run(work, deadline);
        }
    }

    private static string NotEnded(DomainName zone) => $"an earlier order for {zone} has not ended yet";

    private string NoPlace(int maximum, string what) =>
        $"the driver {Traits.Driver} has {maximum} {what} under way that it has not answered";

    /// <summary>The first ones tell all; a log is not filled by what breaks the port again and again.</summary>
    private void Fault(string fault)
    {
        if (Interlocked.Increment(ref _faults) <= FaultsTold) PluginLog.Fault(_log, Traits.Driver, fault);
    }

    /// <summary>One order: the caller hears of it once, and its place is free when the backend has answered.</summary>
    private sealed class PendingOrder(BoundedBackend bounded, BackendOrder order, ReplyTo caller, Action ended) : IActorRef
    {
        private ITimer? _late;
        private int _isAnswered;
        private int _hasEnded;

        public string Path => $"/driver/{bounded.Traits.Driver}/{order.Id}";

        public void Refuse(string text) => caller.Tell(Failure(OrderOutcome.Away, text));

        public void Run(Action<ReplyTo> work, TimeSpan deadline)
        {
            _late = bounded._time.CreateTimer(_ => AnswerLate(deadline), state: null, deadline, Timeout.InfiniteTimeSpan);
            _ = Task.Run(() =>
            {
                try
                {
                    work(new ReplyTo(this, 0));
                }
                catch (Exception failure)
                {
                    // It may have answered before, or answer still; both count as surplus then.
                    string text = $"the driver {bounded.Traits.Driver} failed: {failure.GetType().Name}: {failure.Message}";
                    End(Failure(OrderOutcome.Refused, text));
                }
            });
        }

        /// <summary>The backend's answer.</summary>
        public void Tell(object message, IActorRef? sender = null)
        {
            if (Fitting(message) is { } answer) End(answer);
            else bounded.Fault($"answered {order.GetType().Name} {order.Id} by {Named(message)}");
        }

        private static string Named(object? message) => message switch
        {
            null => "nothing",
            OrderFinished finished => $"OrderFinished {finished.Id}",
            ZoneObserved observed => $"ZoneObserved {observed.Id}",
            ServedListed listed => $"ServedListed {listed.Id}",
            _ => message.GetType().Name,
        };

        private void AnswerLate(TimeSpan deadline)
        {
            string text = $"the driver {bounded.Traits.Driver} did not answer within {deadline.TotalSeconds:0.#} s";
            if (Interlocked.Exchange(ref _isAnswered, 1) == 0) caller.Tell(Failure(OrderOutcome.Away, text));
        }

        private void End(object answer)
        {
            if (Interlocked.Exchange(ref _hasEnded, 1) != 0)
            {
                bounded.Fault($"answered {order.GetType().Name} {order.Id} twice");
                return;
            }

            ended();
            _late?.Dispose();
            if (Interlocked.Exchange(ref _isAnswered, 1) == 0) caller.Tell(answer);
        }

        /// <summary>The answer, if it is one to this order; what it lacks is put in.</summary>
        private object? Fitting(object? message) => (order, message) switch
        {
            (ObserveZone, ZoneObserved observed) when observed.Id == order.Id => observed.Observation == Observation.CannotTell
                ? observed with { Serial = 0, Reason = observed.Reason ?? Silent(ReasonCode.TargetAway) }
                : observed,
            (ListServed list, ServedListed listed) when listed.Id == order.Id => Fitting(list, listed),
            (ApplyZone or RemoveZone or ProbeServer, OrderFinished finished) when finished.Id == order.Id => finished.Outcome switch
            {
                OrderOutcome.Done => finished with { Reason = null },
                OrderOutcome.Refused => finished with { Reason = finished.Reason ?? Silent(ReasonCode.TargetRefused) },
                _ => finished with { Outcome = OrderOutcome.Away, Reason = finished.Reason ?? Silent(ReasonCode.TargetAway) },
            },
            _ => null,
        };

        private static ServedListed Fitting(ListServed order, ServedListed listed)
        {
            if (listed.Failure is not null) return listed with { Zones = [] };
            if (listed.Zones.IsDefault || listed.Zones.Any(zone => zone is null))
                return new ServedListed(order.Id, [], Silent(ReasonCode.TargetRefused));
            return listed.Zones.Length <= order.Maximum
                ? listed
                : new ServedListed(order.Id, [], new Reason(ReasonCode.TargetRefused, $"the server has more than {order.Maximum} zones"));
        }

        private static Reason Silent(string code) => new(code, "the driver did not say why");

        private object Failure(OrderOutcome outcome, string text)
        {
            var reason = new Reason(outcome == OrderOutcome.Refused ? ReasonCode.TargetRefused : ReasonCode.TargetAway, text);
            return order switch
            {
                ObserveZone => new ZoneObserved(order.Id, Observation.CannotTell, 0, reason),
                ListServed => new ServedListed(order.Id, [], reason),
                _ => new OrderFinished(order.Id, outcome, reason),
            };
        }
    }
}
