using System.Diagnostics.CodeAnalysis;
using Agent.Actors.Telemetry;
using Agent.Dns.Wire;

namespace Agent.Actors.Listeners;

/// <summary>Bounds the control requests under way: each holds a credit from being posted until it has ended.</summary>
/// <remarks>
/// A repeat of a CREATE or DELETE that waits is not handed over: it waits beside the first one, is answered with it, and ends with it. Were
/// each handed over, those that came later would be carried out after the first was answered that it failed.
/// <para>
/// Shared by all sockets, thread-safe. A request that nobody ends within the limit is answered SERVFAIL here, so that neither a credit
/// nor a client is forgotten whatever happens behind the sink.
/// </para>
/// </remarks>
public sealed class ControlGate : IControlCompletion
{
    private readonly Lock _gate = new();
    private readonly Dictionary<ControlRequest, LinkedListNode<OpenRequest>> _open = [];

    // The first is the one that was handed over; the others repeat it.
    private readonly Dictionary<RepeatKey, List<ControlRequest>> _changesByKey = [];

    // Each in order of deadline, since all of one kind have the same time.
    private readonly LinkedList<OpenRequest> _changes = new();
    private readonly LinkedList<OpenRequest> _notifies = new();
    private readonly IControlSink _sink;
    private readonly int _credits;
    private readonly long _answerWithinMs;
    private readonly long _notifyWithinMs;

    /// <summary>Starts with all credits free.</summary>
    /// <param name="sink">Where requests go.</param>
    /// <param name="credits">Requests under way at once.</param>
    /// <param name="answerWithinMs">For CREATE and DELETE: longer than any answer takes in good order.</param>
    /// <param name="notifyWithinMs">For NOTIFY, which needs no more than to reach the zone's owner.</param>
    public ControlGate(IControlSink sink, int credits = 4096, long answerWithinMs = 29_000, long notifyWithinMs = 4_000)
    {
        ArgumentNullException.ThrowIfNull(sink);
        ArgumentOutOfRangeException.ThrowIfLessThan(credits, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(answerWithinMs, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(notifyWithinMs, 1);
        _sink = sink;
        _credits = credits;
        _answerWithinMs = answerWithinMs;
        _notifyWithinMs = notifyWithinMs;
    }

    /// <summary>Requests under way.</summary>
    public int OpenCount
    {
        get
        {
            lock (_gate)
            {
                return _open.Count;
            }
        }
    }

    /// <summary>Hands a request over; the request is answered in any case.</summary>
    /// <returns>Whether it was handed over, or joins one that was; otherwise it has been answered SERVFAIL.</returns>
    public bool Post(ControlRequest request, long nowMs)
    {
        ArgumentNullException.ThrowIfNull(request);
        bool admitted, joins;
        lock (_gate)
        {
            List<ControlRequest>? same = null;
            joins = request.Operation != ControlOperation.Notify && _changesByKey.TryGetValue(request.RepeatKey, out same);
            admitted = _open.Count < _credits;
            if (admitted)
            {
                Open(request, same, nowMs);
            }
        }
        if (joins)
        {
            Join(request, admitted);
            return true;
        }
        if (admitted)
        {
            AgentMetrics.IntakeQueueDepth.Add(1);
            if (_sink.TryPost(request))
            {
                return true;
            }
        }
        AgentMetrics.CountShed(admitted ? ShedReason.Sink : ShedReason.Credits);
        request.TryAnswer(ControlAnswer.Failed(ExtendedErrorCode.NotReady, "too many requests under way"));
        return false;
    }

    /// <summary>Answers requests that have waited too long. To be called now and then by any socket thread.</summary>
    public void Sweep(long nowMs)
    {
        while (TryTakeExpired(_notifies, nowMs, out ControlRequest? request) || TryTakeExpired(_changes, nowMs, out request))
        {
            AgentMetrics.CountShed(ShedReason.Unanswered);
            request.TryAnswer(ControlAnswer.Failed(ExtendedErrorCode.NotReady, "no answer in time"));
        }
    }

    IReadOnlyList<ControlRequest> IControlCompletion.Completed(ControlRequest request)
    {
        lock (_gate)
        {
            Remove(request);
            if (request.Operation == ControlOperation.Notify || !_changesByKey.TryGetValue(request.RepeatKey, out var same))
            {
                return [];
            }
            if (same[0] != request)
            {
                same.Remove(request);
                return [];
            }
            _changesByKey.Remove(request.RepeatKey);
            return same[1..];
        }
    }

    private void Open(ControlRequest request, List<ControlRequest>? same, long nowMs)
    {
        bool isNotify = request.Operation == ControlOperation.Notify;
        long deadlineMs = nowMs + (isNotify ? _notifyWithinMs : _answerWithinMs);
        _open.Add(request, (isNotify ? _notifies : _changes).AddLast(new OpenRequest(request, deadlineMs)));
        if (same is not null)
        {
            same.Add(request);
        }
        else if (!isNotify)
        {
            _changesByKey.Add(request.RepeatKey, [request]);
        }
        request.CompleteTo(this);
    }

    /// <summary>Without room for one more, the answer to the first is all that comes; it reaches the same port.</summary>
    private static void Join(ControlRequest request, bool admitted)
    {
        if (admitted)
        {
            AgentMetrics.IntakeQueueDepth.Add(1);
        }
        else
        {
            AgentMetrics.CountShed(ShedReason.Credits);
            request.TryIgnore();
        }
    }

    private bool TryTakeExpired(LinkedList<OpenRequest> requests, long nowMs, [NotNullWhen(true)] out ControlRequest? request)
    {
        lock (_gate)
        {
            request = requests.First is { } first && first.Value.DeadlineMs <= nowMs ? first.Value.Request : null;
            if (request is not null)
            {
                Remove(request);
            }
            return request is not null;
        }
    }

    private void Remove(ControlRequest request)
    {
        if (_open.Remove(request, out LinkedListNode<OpenRequest>? node))
        {
            node.List!.Remove(node);
            AgentMetrics.IntakeQueueDepth.Add(-1);
        }
    }

    private readonly record struct OpenRequest(ControlRequest Request, long DeadlineMs);
}
