using System.Collections.Immutable;
using Agent.Actors.Kernel;

namespace Agent.Actors.Cluster;

/// <summary>
/// Carries questions for one node over the link, which loses messages, and brings the answers back; and has the questions of others
/// answered here. Nobody waits for ever, and of both kinds only so many are open at once.
/// </summary>
public sealed class NodeQuestionsActor : UntypedActor
{
    private static readonly object TickTimer = new();
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(500);

    private readonly NodeQuestionsSettings _settings;
    private readonly SortedDictionary<long, Asked> _asked = [];
    private readonly SortedDictionary<long, Taken> _taken = [];
    private long _numbers;

    private NodeQuestionsActor(NodeQuestionsSettings settings) => _settings = settings;

    /// <summary>The recipe.</summary>
    public static Props Props(NodeQuestionsSettings settings) => Kernel.Props.Create(static s => new NodeQuestionsActor(s), settings);

    /// <inheritdoc/>
    protected internal override void PreStart() => Timers.StartPeriodicTimer(TickTimer, TickTimer, Tick, Tick);

    /// <inheritdoc/>
    protected internal override void OnReceive(object message)
    {
        switch (message)
        {
            case AskNode ask: Ask(ask, Sender); break;
            case FromNode { Message: NodeQuestion question } from: Take(from.Node, question); break;
            case FromNode { Message: NodeAnswer answer } from: Hear(from.Node, answer); break;
            case FromNode: break;
            case NodeAnswer answer: Return(answer); break;
            case object timer when timer == TickTimer: Expire(); break;
            default: Unhandled(message); break;
        }
    }

    private void Ask(AskNode ask, IActorRef asker)
    {
        if (_asked.Count >= _settings.OpenMax)
        {
            asker.Tell(new NodeAnswer(0, NodeAnswer.Busy, []), Self);
            return;
        }

        long request = Next();
        _asked.Add(request, new Asked(ask, asker, Clock.Monotonic));
        Send(request, ask);
    }

    private void Send(long request, AskNode ask) =>
        _settings.Transport.Send(ask.Node, new NodeQuestion(request, ask.Method, ask.Target));

    private void Hear(string node, NodeAnswer answer)
    {
        if (!_asked.TryGetValue(answer.Request, out Asked? asked) || asked.Ask.Node != node) return;
        _asked.Remove(answer.Request);
        asked.Asker.Tell(answer, Self);
    }

    /// <summary>A question that is repeated while it is being answered is answered once for each time: the asker takes the first.</summary>
    private void Take(string node, NodeQuestion question)
    {
        if (_taken.Count >= _settings.OpenMax)
        {
            _settings.Transport.Send(node, new NodeAnswer(question.Request, NodeAnswer.Busy, []));
            return;
        }

        long number = Next();
        _taken.Add(number, new Taken(node, question.Request, Clock.Monotonic));
        _settings.Desk.Answer(question with { Request = number }, Context.ReplyTo());
    }

    private void Return(NodeAnswer answer)
    {
        if (!_taken.Remove(answer.Request, out Taken? taken)) return;
        bool isTooLarge = answer.Body.Length > _settings.BodyMax;
        _settings.Transport.Send(taken.Node, isTooLarge
            ? new NodeAnswer(taken.Request, NodeAnswer.TooLarge, [])
            : answer with { Request = taken.Request });
    }

    private void Expire()
    {
        foreach ((long number, Taken taken) in _taken.ToArray())
        {
            if (Clock.Monotonic - taken.At >= _settings.Patience) _taken.Remove(number);
        }

        foreach ((long request, Asked asked) in _asked.ToArray())
        {
            TimeSpan waited = Clock.Monotonic - asked.At;
            if (waited >= _settings.Patience)
            {
                _asked.Remove(request);
                asked.Asker.Tell(new NodeAnswer(request, NodeAnswer.Silent, []), Self);
            }
            else if (asked.Ask.Method == "GET" && waited >= _settings.AskAgainAfter * (asked.Repeats + 1))
            {
                asked.Repeats++;
                Send(request, asked.Ask);
            }
        }
    }

    /// <summary>Larger than all before, also when the actor broke meanwhile.</summary>
    private long Next() => _numbers = Math.Max(_numbers + 1, Clock.Monotonic.Ticks);

    private sealed class Asked(AskNode ask, IActorRef asker, TimeSpan at)
    {
        public AskNode Ask { get; } = ask;

        public IActorRef Asker { get; } = asker;

        public TimeSpan At { get; } = at;

        public int Repeats { get; set; }
    }

    private sealed record Taken(string Node, long Request, TimeSpan At);
}

/// <summary>Settings of the questions between nodes.</summary>
/// <param name="Transport">The link.</param>
/// <param name="Desk">Answers for this node.</param>
public sealed record NodeQuestionsSettings(INodeTransport Transport, INodeDesk Desk)
{
    /// <summary>Questions of this node, and of others, that may be open.</summary>
    public int OpenMax { get; init; } = 64;

    /// <summary>Octets of an answer; with its head it must fit into a frame of the link.</summary>
    public int BodyMax { get; init; } = 768 * 1024;

    /// <summary>A question of which nothing was heard is told again after this.</summary>
    public TimeSpan AskAgainAfter { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>So long an answer is waited for.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(20);
}
