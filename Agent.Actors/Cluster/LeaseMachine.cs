using Agent.Actors.Kernel.Simulation;

namespace Agent.Actors.Cluster;

/// <summary>What a lease machine wants done.</summary>
public abstract record LeaseEffect;

/// <summary>Ask for a lease.</summary>
public sealed record AskLease(long Request) : LeaseEffect;

/// <summary>Give a sign of life.</summary>
public sealed record BeatLease(long Request, long Lease) : LeaseEffect;

/// <summary>Enter the node among the members, unless its name is taken.</summary>
public sealed record EnterMember(long Request, long Lease, Guid Instance) : LeaseEffect;

/// <summary>End a lease that is of no use any more; nobody waits for it.</summary>
public sealed record DropLease(long Lease) : LeaseEffect;

/// <summary>The node is a member: from now on it may claim shards.</summary>
/// <param name="Lease">Its lease.</param>
/// <param name="Instance">This run's name; a new one after each loss.</param>
/// <param name="Revision">Create revision of its key.</param>
public sealed record Joined(long Lease, Guid Instance, long Revision) : LeaseEffect;

/// <summary>The membership is over: everything that hung on it stops at once.</summary>
public sealed record Expelled(Guid Instance, string Why) : LeaseEffect;

/// <summary>The lease holds for certain until then, on the clock since boot.</summary>
public sealed record HoldsUntil(TimeSpan SinceBoot) : LeaseEffect;

/// <summary>The node cannot enter.</summary>
public sealed record CannotJoin(string Why) : LeaseEffect;

/// <summary>
/// Keeps one lease alive and the node among the members, as a pure machine: time and the store's answers go in.
/// </summary>
/// <remarks>
/// <code>
///             granted                 entered
///   Asking -----------> Entering ----------------> Member --beat, beat, beat--+
///     ^  ^                 | name taken, failed       |  ^                    |
///     |  +--- after a rest-+                          |  +--------------------+
///     +--------------------- the store says that the lease is gone, or the key is
/// </code>
/// The lease is counted from the moment at which a sign of life was <em>sent</em>, on a clock that goes on while the machine is
/// suspended; an answer never shortens what an earlier one gave, and one that comes late gives what it gave when it was sent. That the
/// store is silent ends nothing here: only the store can say that a lease is over. After that the next life has a new lease and a new name
/// of its run; nothing of the old one is taken along.
/// </remarks>
public sealed class LeaseMachine
{
    private readonly LeaseTimes _times;
    private readonly Func<Guid> _newInstance;
    private State _state;
    private long _requestCounter;
    private long _request;
    private TimeSpan _sentAt;
    private TimeSpan _dueAt;
    private TimeSpan _heldUntil;
    private TimeSpan _grantedFor;
    private TimeSpan _grantSentAt;
    private long _lease;
    private Guid _instance;
    private string? _told;

    /// <summary>A machine that asks for its first lease at the first tick.</summary>
    /// <param name="times">How long everything may take.</param>
    /// <param name="newInstance">Names a run; never the same twice.</param>
    public LeaseMachine(LeaseTimes times, Func<Guid> newInstance)
    {
        _times = times;
        _newInstance = newInstance;
        _instance = newInstance();
    }

    private enum State
    {
        Asking = 0,
        Entering = 1,
        Member = 2,
    }

    /// <summary>The lease, 0 when there is none.</summary>
    public long Lease => _lease;

    /// <summary>This run's name.</summary>
    public Guid Instance => _instance;

    /// <summary>Whether the node is a member as far as it knows.</summary>
    public bool IsMember => _state == State.Member;

    /// <summary>Time has passed.</summary>
    public void Tick(TimeSpan now, List<LeaseEffect> effects)
    {
        ArgumentNullException.ThrowIfNull(effects);
        if (_request != 0 || now < _dueAt) return;
        _sentAt = now;
        _request = ++_requestCounter;
        effects.Add(_state switch
        {
            State.Asking => new AskLease(_request),
            State.Entering => new EnterMember(_request, _lease, _instance),
            _ => new BeatLease(_request, _lease),
        });
    }

    /// <summary>The store gave a lease.</summary>
    public void Granted(LeaseGranted answer, TimeSpan now, List<LeaseEffect> effects)
    {
        ArgumentNullException.ThrowIfNull(answer);
        if (!Take(answer.Request, State.Asking))
        {
            // It came after its deadline: nobody keeps it, so it need not be waited for.
            effects.Add(new DropLease(answer.Lease));
            return;
        }

        _lease = answer.Lease;
        _grantedFor = answer.TimeToLive;
        _grantSentAt = _sentAt;
        _state = State.Entering;
        _dueAt = now;
        Tick(now, effects);
    }

    /// <summary>The transaction that enters the node was decided.</summary>
    public void Entered(StoreCommitted answer, TimeSpan now, List<LeaseEffect> effects)
    {
        ArgumentNullException.ThrowIfNull(answer);
        if (!Take(answer.Request, State.Entering)) return;
        if (!answer.Succeeded)
        {
            Tell($"another node of this name is there (or this one's last run, until its lease ends)", effects);
            StartAnew(now, effects, rest: _times.Beat);
            return;
        }

        _told = null;
        _state = State.Member;
        _dueAt = _grantSentAt + _times.Beat;
        effects.Add(new Joined(_lease, _instance, answer.Revision));
        Hold(_grantSentAt + _grantedFor - _times.Guard, effects);
    }

    /// <summary>The store answered a sign of life.</summary>
    public void Kept(LeaseKept answer, TimeSpan now, List<LeaseEffect> effects)
    {
        ArgumentNullException.ThrowIfNull(answer);
        if (answer.Lease != _lease || !Take(answer.Request, State.Member)) return;
        if (answer.TimeToLive <= TimeSpan.Zero)
        {
            CodeProbe.Reached("lease.over");
            Lose("the store says that the lease is over", now, effects);
            return;
        }

        _dueAt = _sentAt + _times.Beat;
        TimeSpan from = PlantedBug.Is(PlantedBug.LeaseFromReceipt) ? now : _sentAt;
        Hold(from + answer.TimeToLive - _times.Guard, effects);
    }

    /// <summary>A request failed; it is made again soon.</summary>
    public void Failed(StoreFailed answer, TimeSpan now, List<LeaseEffect> effects)
    {
        ArgumentNullException.ThrowIfNull(answer);
        if (answer.Request != _request || _request == 0) return;
        _request = 0;
        if (_state == State.Member)
        {
            _dueAt = now + (_times.Beat / 4);
            return;
        }

        Tell(answer.Reason.Text, effects);
        // Whether the node was entered cannot be known: with another lease and name the question does not arise.
        StartAnew(now, effects, rest: _times.Beat / 2);
    }

    /// <summary>The view of the cluster does not show this run any more although it was entered before.</summary>
    public void NotSeen(TimeSpan now, List<LeaseEffect> effects)
    {
        if (_state != State.Member) return;
        CodeProbe.Reached("lease.not-seen");
        Lose("the node's key is gone", now, effects);
    }

    /// <summary>Something on this node wants a fresh start.</summary>
    public void Leave(string why, TimeSpan now, List<LeaseEffect> effects)
    {
        if (_state == State.Member) Lose(why, now, effects);
    }

    private bool Take(long request, State state)
    {
        if (request != _request || _request == 0 || _state != state) return false;
        _request = 0;
        return true;
    }

    private void Hold(TimeSpan until, List<LeaseEffect> effects)
    {
        if (until <= _heldUntil) return;
        _heldUntil = until;
        effects.Add(new HoldsUntil(until));
    }

    private void Lose(string why, TimeSpan now, List<LeaseEffect> effects)
    {
        effects.Add(new Expelled(_instance, why));
        StartAnew(now, effects, rest: TimeSpan.Zero);
    }

    private void StartAnew(TimeSpan now, List<LeaseEffect> effects, TimeSpan rest)
    {
        if (_lease != 0) effects.Add(new DropLease(_lease));
        _lease = 0;
        _request = 0;
        _heldUntil = TimeSpan.Zero;
        _instance = _newInstance();
        _state = State.Asking;
        _dueAt = now + rest;
    }

    private void Tell(string why, List<LeaseEffect> effects)
    {
        if (why == _told) return;
        _told = why;
        effects.Add(new CannotJoin(why));
    }
}
