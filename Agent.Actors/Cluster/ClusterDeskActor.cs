using Agent.Actors.Kernel;

namespace Agent.Actors.Cluster;

/// <summary>Pins a shard to a node, or takes the pin away. Answered by <see cref="DeskAnswer"/>.</summary>
/// <param name="Shard">Number of the shard.</param>
/// <param name="Node">The node; null for no pin.</param>
public sealed record SetPin(int Shard, string? Node);

/// <summary>Says that a node will not return: its servers are owed nothing any more. Answered by <see cref="DeskAnswer"/>.</summary>
public sealed record ForgetNode(string Node);

/// <summary>Whether an operator's wish was written.</summary>
/// <param name="Done">True when it was.</param>
/// <param name="Why">Why not.</param>
/// <param name="IsWrong">The wish itself cannot be; asking again is no use.</param>
public sealed record DeskAnswer(bool Done, string Why, bool IsWrong = false);

/// <summary>Writes what operators want of the cluster; any node can, whoever leads.</summary>
public sealed class ClusterDeskActor : UntypedActor
{
    private readonly ClusterDeskSettings _settings;
    private readonly Dictionary<long, (IActorRef Asker, string Refusal)> _asked = [];
    private ClusterView _view = ClusterView.Empty;
    private long _requests;

    private ClusterDeskActor(ClusterDeskSettings settings) => _settings = settings;

    /// <summary>The recipe.</summary>
    public static Props Props(ClusterDeskSettings settings) => Kernel.Props.Create(static s => new ClusterDeskActor(s), settings);

    /// <inheritdoc/>
    protected internal override void PreStart() => _settings.View.Tell(new SubscribeView(Self), Self);

    /// <inheritdoc/>
    protected internal override void OnReceive(object message)
    {
        switch (message)
        {
            case ViewChanged x: _view = x.View; break;
            case SetPin x: Pin(x); break;
            case ForgetNode x: Forget(x); break;
            case StoreCommitted x when _asked.Remove(x.Request, out (IActorRef Asker, string Refusal) asked):
                asked.Asker.Tell(x.Succeeded ? new DeskAnswer(true, "") : new DeskAnswer(false, asked.Refusal), Self);
                break;
            case StoreFailed x when _asked.Remove(x.Request, out (IActorRef Asker, string Refusal) asked):
                asked.Asker.Tell(new DeskAnswer(false, x.Reason.Text), Self);
                break;
            case StoreCommitted or StoreFailed: break;
            default: Unhandled(message); break;
        }
    }

    private void Pin(SetPin wish)
    {
        if (_view.Config is not { } config || wish.Shard < 0 || wish.Shard >= config.Record.Shards)
        {
            Sender.Tell(new DeskAnswer(false, $"there is no shard {wish.Shard}", IsWrong: true), Self);
            return;
        }

        if (wish.Node is { } node && !_view.Nodes.ContainsKey(node))
        {
            Sender.Tell(new DeskAnswer(false, $"the cluster has never seen a node {node}", IsWrong: true), Self);
            return;
        }

        var write = new StoreWrite(
            _settings.Keys.Pin(wish.Shard), wish.Node is null ? null : ClusterRecords.Write(new PinRecord(wish.Node)));
        Commit(new StoreTransaction([], [write]), "");
    }

    /// <summary>A node that is there cannot be forgotten: it would be owed nothing and yet ask for everything.</summary>
    private void Forget(ForgetNode wish)
    {
        if (!_view.Nodes.ContainsKey(wish.Node))
        {
            Sender.Tell(new DeskAnswer(false, $"the cluster does not know a node {wish.Node}", IsWrong: true), Self);
            return;
        }

        Commit(
            new StoreTransaction(
                [new StoreCompare(_settings.Keys.Member(wish.Node), StoreField.CreateRevision, 0)],
                [new StoreWrite(_settings.Keys.Node(wish.Node), null)]),
            $"{wish.Node} is a member now");
    }

    private void Commit(StoreTransaction transaction, string refusal)
    {
        _asked.Add(++_requests, (Sender, refusal));
        _settings.Store.Commit(_requests, transaction, Context.ReplyTo());
    }
}

/// <summary>Settings of the desk for operators.</summary>
/// <param name="Keys">The cluster's keys.</param>
/// <param name="Store">What all nodes agree through.</param>
/// <param name="View">The actor that knows the view.</param>
public sealed record ClusterDeskSettings(ClusterKeys Keys, IClusterStore Store, IActorRef View);
