using Agent.Actors.Kernel;
using Agent.Actors.Kernel.Simulation;

namespace Agent.Tests.Simulation.Cluster;

/// <summary>A request of a client outside the cluster, and the place where its answer goes.</summary>
internal sealed class ClientRequest : IActorRef
{
    private readonly SimScheduler _sim;
    private readonly int _life;
    private readonly Action<ClientRequest> _answered;

    internal ClientRequest(SimScheduler sim, SimNode node, object message, Action<ClientRequest> answered)
    {
        _sim = sim;
        _answered = answered;
        _life = node.Lives;
        Node = node;
        Message = message;
        AskedAt = sim.Now;
    }

    public string Path => "/client";

    /// <summary>The node that was asked.</summary>
    public SimNode Node { get; }

    public object Message { get; }

    public TimeSpan AskedAt { get; }

    public TimeSpan? AnsweredAt { get; private set; }

    /// <summary>The first answer.</summary>
    public object? Answer { get; private set; }

    public int Answers { get; private set; }

    /// <summary>Whoever was asked is dead: an answer may never come.</summary>
    public bool IsOrphan => !Node.IsUp || Node.Lives != _life;

    public void Tell(object message, IActorRef? sender = null)
    {
        // A process that died in the middle of a turn says nothing in the rest of it.
        if (ActorCell.Running is { System.Runtime: SimNode { IsUp: false } }) return;
        Answers++;
        Answer ??= message;
        AnsweredAt ??= _sim.Now;
        _answered(this);
    }
}

/// <summary>Every request to a node is answered exactly once, unless the node crashed.</summary>
internal sealed class AnswerChecker(SimScheduler sim) : IClusterChecker
{
    private readonly HashSet<ClientRequest> _open = [];
    private ClientRequest? _answeredTwice;

    public string Name => "one answer for each request";

    /// <summary>Requests so far.</summary>
    public long Asked { get; private set; }

    /// <summary>Requests that nobody has answered yet, those to dead nodes left out.</summary>
    public int Open => _open.Count(r => !r.IsOrphan);

    public string DescribeOpen() => string.Join(
        ", ", _open.Where(r => !r.IsOrphan).Select(r => $"{r.Message.GetType().Name} asked of {r.Node.Name} at {r.AskedAt}"));

    /// <summary>Longest time from a request to its answer.</summary>
    public TimeSpan Longest { get; private set; }

    /// <summary>Sends a request to an actor of a node that is up.</summary>
    public ClientRequest Ask(SimNode node, IActorRef target, object message)
    {
        ClientRequest request = new(sim, node, message, Answered);
        Asked++;
        _open.Add(request);
        target.Tell(message, request);
        return request;
    }

    public void AfterStep()
    {
        if (_answeredTwice is { } request) Assert.Fail($"{request.Message} was answered {request.Answers} times, first {request.Answer}");
    }

    public void AtEnd()
    {
        AfterStep();
        ClientRequest? silent = _open.FirstOrDefault(r => !r.IsOrphan);
        if (silent is not null) Assert.Fail($"{silent.Message}, asked of {silent.Node.Name} at {silent.AskedAt}, has no answer");
    }

    private void Answered(ClientRequest request)
    {
        _open.Remove(request);
        if (request.Answers > 1) _answeredTwice ??= request;
        else if (sim.Now - request.AskedAt > Longest) Longest = sim.Now - request.AskedAt;
    }
}
