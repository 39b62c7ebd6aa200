using Agent.Actors.Telemetry;
using Agent.Dns.Wire;

namespace Agent.Actors.Listeners;

/// <summary>Bounds the control requests under way: each holds a credit from being posted until it has ended.</summary>
/// <remarks>
/// Shared by all sockets, thread-safe. A request that nobody ends within the limit is answered SERVFAIL here, so that neither a credit nor a
/// client is forgotten whatever happens behind the sink.
/// </remarks>
public sealed class ControlGate : IControlCompletion
{
    private readonly Lock _gate = new();
    private readonly LinkedList<(ControlRequest Request, long DeadlineMs)> _open = new();
    private readonly Dictionary<ControlRequest, LinkedListNode<(ControlRequest Request, long DeadlineMs)>> _nodes = [];
    private readonly IControlSink _sink;
    private readonly int _credits;
    private readonly long _answerWithinMs;

    /// <summary>Starts with all credits free.</summary>
    /// <param name="sink">Where requests go.</param>
    /// <param name="credits">Requests under way at once.</param>
    /// <param name="answerWithinMs">Longer than any answer takes in good order.</param>
    public ControlGate(IControlSink sink, int credits = 4096, long answerWithinMs = 29_000)
    {
        ArgumentNullException.ThrowIfNull(sink);
        ArgumentOutOfRangeException.ThrowIfLessThan(credits, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(answerWithinMs, 1);
        _sink = sink;
        _credits = credits;
        _answerWithinMs = answerWithinMs;
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
    /// <returns>Whether it was handed over; otherwise it has been answered SERVFAIL.</returns>
    public bool Post(ControlRequest request, long nowMs)
    {
        ArgumentNullException.ThrowIfNull(request);
        bool admitted;
        lock (_gate)
        {
            admitted = _open.Count < _credits;
            if (admitted)
            {
                _nodes.Add(request, _open.AddLast((request, nowMs + _answerWithinMs)));
                request.CompleteTo(this);
            }
        }
        if (admitted)
        {
            AgentMetrics.IntakeQueueDepth.Add(1);
            if (_sink.TryPost(request))
            {
                return true;
            }
        }
        AgentMetrics.CountShed(admitted ? "sink" : "credits");
        request.TryAnswer(ControlAnswer.Failed(ExtendedErrorCode.NotReady, "too many requests under way"));
        return false;
    }

    /// <summary>Answers requests that have waited too long. To be called now and then by any socket thread.</summary>
    public void Sweep(long nowMs)
    {
        while (true)
        {
            ControlRequest request;
            lock (_gate)
            {
                if (_open.First is not { } first || first.Value.DeadlineMs > nowMs)
                {
                    return;
                }
                request = first.Value.Request;
                Remove(request);
            }
            AgentMetrics.CountShed("unanswered");
            request.TryAnswer(ControlAnswer.Failed(ExtendedErrorCode.NotReady, "no answer in time"));
        }
    }

    void IControlCompletion.Completed(ControlRequest request)
    {
        lock (_gate)
        {
            Remove(request);
        }
    }

    private void Remove(ControlRequest request)
    {
        if (_nodes.Remove(request, out LinkedListNode<(ControlRequest Request, long DeadlineMs)>? node))
        {
            _open.Remove(node);
            AgentMetrics.IntakeQueueDepth.Add(-1);
        }
    }
}
