using System.Net;
using Agent.Actors.Kernel;

namespace Agent.Actors.Transfers;

/// <summary>
/// Bounds the transfers of a node, in all and at each master's address, so that a thousand NOTIFYs neither flood a master nor
/// fill the memory. A full master never holds up the others.
/// </summary>
/// <remarks>
/// Each address has a line of its own, which is served from both ends, so that a zone beside a crowd does not wait for all of it; and those
/// that may go on take turns, so that neither does a master beside a crowd of another's. Who would do with several addresses stands in the
/// lines of all of them, so that one that keeps its transfers holds up nobody who can be served elsewhere. What a message costs does not
/// grow with the number of those who wait.
/// </remarks>
public sealed class TransferBudgetActor : UntypedActor
{
    private readonly TransferBudget _budget;
    private readonly Dictionary<IActorRef, Line> _holders = [];
    private readonly Dictionary<IActorRef, Waiter> _waits = [];
    private readonly Dictionary<IPEndPoint, Line> _lines = [];
    private readonly Queue<Line> _open = new();

    private TransferBudgetActor(TransferBudget budget)
    {
        _budget = budget;
    }

    /// <summary>The recipe.</summary>
    public static Props Props(TransferBudget budget) => Kernel.Props.Create(static b => new TransferBudgetActor(b), budget);

    /// <inheritdoc/>
    protected internal override void OnReceive(object message)
    {
        switch (message)
        {
            case AskLeave ask:
                Ask(ask);
                break;
            case ReturnLeave:
                Context.Unwatch(Sender);
                Forget(Sender);
                break;
            case Terminated terminated:
                Forget(terminated.ActorRef);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    /// <summary>Who asks again keeps its turn, or hears once more that it may go.</summary>
    private void Ask(AskLeave ask)
    {
        if (_holders.TryGetValue(Sender, out Line? held))
        {
            Sender.Tell(new TransferGranted(held.EndPoint), Self);
            return;
        }

        if (_waits.ContainsKey(Sender)) return;
        Context.Watch(Sender);
        Line[] all = [LineOf(ask.EndPoint), .. ask.Others.Select(LineOf)];
        // Who may go on at once stands in one line only: those at full addresses are then all that others leave their places in.
        Line? free = _holders.Count < _budget.InAll ? Array.Find(all, l => l.Held < _budget.PerAddress && l.Next is null) : null;
        Line[] lines = free is null ? all : [free];
        var waiter = new Waiter(Sender, lines);
        _waits[Sender] = waiter;
        foreach (Line line in lines)
        {
            line.Waiting.Join(waiter);
            Open(line);
        }

        Grant();
        foreach (Line line in all) DropIfUnused(line);
    }

    private Line LineOf(IPEndPoint endPoint)
    {
        if (!_lines.TryGetValue(endPoint, out Line? line)) _lines[endPoint] = line = new Line(endPoint);
        return line;
    }

    private void Forget(IActorRef asker)
    {
        if (_waits.Remove(asker, out Waiter? waiter))
        {
            waiter.IsGone = true;
            foreach (Line waited in waiter.Lines) DropIfUnused(waited);
        }

        if (_holders.Remove(asker, out Line? line))
        {
            line.Held--;
            Open(line);
            DropIfUnused(line);
        }

        Grant();
    }

    /// <summary>Puts a line with somebody in it behind the others, unless it is among them or its address is full.</summary>
    private void Open(Line line)
    {
        if (line.IsOpen || line.Held >= _budget.PerAddress || line.Next is null) return;
        line.IsOpen = true;
        _open.Enqueue(line);
    }

    private void Grant()
    {
        while (_holders.Count < _budget.InAll && _open.TryDequeue(out Line? line))
        {
            line.IsOpen = false;
            if (line.Next is not { } next) continue;
            line.Waiting.TryTake(out _);
            next.IsGone = true;
            _waits.Remove(next.Asker);
            _holders[next.Asker] = line;
            line.Held++;
            next.Asker.Tell(new TransferGranted(line.EndPoint), Self);
            Open(line);
            foreach (Line left in next.Lines) DropIfUnused(left);
        }
    }

    private void DropIfUnused(Line line)
    {
        if (line.Held == 0 && line.Next is null) _lines.Remove(line.EndPoint);
    }

    /// <summary>Those who wait for one address, and how many have its leave.</summary>
    private sealed class Line(IPEndPoint endPoint)
    {
        public IPEndPoint EndPoint { get; } = endPoint;

        public TwoEndedLine<Waiter> Waiting { get; } = new();

        public int Held { get; set; }

        /// <summary>It stands in the queue of lines.</summary>
        public bool IsOpen { get; set; }

        /// <summary>Whose turn it is of those who still wait; null when nobody does.</summary>
        public Waiter? Next
        {
            get
            {
                while (Waiting.TryPeek(out Waiter? next))
                {
                    if (!next.IsGone) return next;
                    Waiting.TryTake(out _);
                }

                return null;
            }
        }
    }

    private sealed class Waiter(IActorRef asker, Line[] lines)
    {
        public IActorRef Asker { get; } = asker;

        /// <summary>Those of all addresses that will do for it.</summary>
        public Line[] Lines { get; } = lines;

        /// <summary>It ended, or may go on; its places are passed over.</summary>
        public bool IsGone { get; set; }
    }
}

/// <summary>Bounds of concurrent transfers.</summary>
/// <param name="InAll">On this node.</param>
/// <param name="PerAddress">From one address of a master.</param>
public sealed record TransferBudget(int InAll, int PerAddress);
