using System.Net;
using Agent.Actors.Kernel;

namespace Agent.Actors.Transfers;

/// <summary>
/// Bounds the transfers of a node, in all and at each master's address, so that a thousand NOTIFYs neither flood a master nor
/// fill the memory. Who asks waits its turn in order of asking; a full master never holds up the others.
/// </summary>
public sealed class TransferBudgetActor : UntypedActor
{
    private readonly TransferBudget _budget;
    private readonly Dictionary<IActorRef, IPEndPoint> _holders = [];
    private readonly LinkedList<(IActorRef Asker, IPEndPoint EndPoint)> _waiting = new();
    private readonly HashSet<IActorRef> _waits = [];
    private readonly Dictionary<IPEndPoint, int> _perAddress = [];

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
        if (_holders.TryGetValue(Sender, out IPEndPoint? held))
        {
            Sender.Tell(new TransferGranted(held), Self);
            return;
        }

        if (!_waits.Add(Sender)) return;
        Context.Watch(Sender);
        _waiting.AddLast((Sender, ask.EndPoint));
        Grant();
    }

    private void Forget(IActorRef asker)
    {
        if (_holders.Remove(asker, out IPEndPoint? endPoint) && --_perAddress[endPoint] == 0) _perAddress.Remove(endPoint);
        if (_waits.Remove(asker))
        {
            LinkedListNode<(IActorRef Asker, IPEndPoint EndPoint)>? node = _waiting.First;
            while (node is not null && node.Value.Asker != asker) node = node.Next;
            if (node is not null) _waiting.Remove(node);
        }

        Grant();
    }

    private void Grant()
    {
        for (LinkedListNode<(IActorRef Asker, IPEndPoint EndPoint)>? node = _waiting.First;
            node is not null && _holders.Count < _budget.InAll;)
        {
            LinkedListNode<(IActorRef Asker, IPEndPoint EndPoint)>? next = node.Next;
            (IActorRef asker, IPEndPoint endPoint) = node.Value;
            int held = _perAddress.GetValueOrDefault(endPoint);
            if (held < _budget.PerAddress)
            {
                _waiting.Remove(node);
                _waits.Remove(asker);
                _holders[asker] = endPoint;
                _perAddress[endPoint] = held + 1;
                asker.Tell(new TransferGranted(endPoint), Self);
            }

            node = next;
        }
    }
}

/// <summary>Bounds of concurrent transfers.</summary>
/// <param name="InAll">On this node.</param>
/// <param name="PerAddress">From one address of a master.</param>
public sealed record TransferBudget(int InAll, int PerAddress);
