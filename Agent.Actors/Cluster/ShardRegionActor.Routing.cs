using Agent.Actors.Kernel;
using Agent.Actors.Kernel.Simulation;
using Agent.Actors.Telemetry;

namespace Agent.Actors.Cluster;

/// <content>Messages on their way to the owner of their entity, and back with an answer.</content>
public sealed partial class ShardRegionActor
{
    /// <summary>A message that its owner has not confirmed after this long is sent again.</summary>
    private static readonly TimeSpan ResendAfter = TimeSpan.FromSeconds(1);

    /// <summary>An owner that has taken a message answers by the deadline; this guards against its silence.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);

    private readonly SortedDictionary<long, Request> _requests = [];
    private readonly Dictionary<ulong, Entity> _entities = [];
    private readonly int[] _heldByShard;
    private ClusterView _view = ClusterView.Empty;

    /// <summary>Begins anywhere: the other nodes remember the numbers of a region that broke and began anew.</summary>
    private long _counter;

    private void Route(IShardKeyed message, IActorRef sender)
    {
        int shard = ShardOf(message.ShardKey, _hosts.Length);
        if (_settings.Peers is null && _hosts[shard].Admits)
        {
            _hosts[shard].Ref!.Tell(message, sender);
            return;
        }

        if (_requests.Count >= _settings.MaxHeld || _heldByShard[shard] >= _settings.MaxHeldPerShard)
        {
            _settings.Unplaced.Answer(message, sender, Self);
            return;
        }

        TimeSpan patience = message.ChangesWish ? _settings.HoldWishAtMost : _settings.HoldAtMost;
        var request = new Request(++_counter, message, sender, shard, Clock.Monotonic + patience);
        _requests.Add(request.Id, request);
        _heldByShard[shard]++;
        CountWaiting(1);
        if (!_entities.TryGetValue(message.ShardKey, out Entity? entity)) _entities[message.ShardKey] = entity = new Entity();
        entity.Waiting.Add(request);
        Dispatch(message.ShardKey, entity);
        if (_requests.Count > 0 && !Timers.IsTimerActive(TickTimer)) Timers.StartPeriodicTimer(TickTimer, TickTimer, TickInterval);
    }

    private void DispatchShard(int shard)
    {
        foreach ((ulong key, Entity entity) in _entities.ToArray())
        {
            if (ShardOf(key, _hosts.Length) == shard) Dispatch(key, entity);
        }
    }

    private void DispatchAll()
    {
        foreach ((ulong key, Entity entity) in _entities.ToArray()) Dispatch(key, entity);
    }

    /// <summary>Sends what can be sent for one entity, in order.</summary>
    private void Dispatch(ulong key, Entity entity)
    {
        while (entity.OnItsWay is null && entity.Waiting.Count > 0)
        {
            Request request = entity.Waiting[0];
            HostSlot slot = _hosts[request.Shard];
            if (slot.Admits)
            {
                entity.Waiting.RemoveAt(0);
                Hand(request, entity, slot);
            }
            else if (RemoteOwner(request.Shard) is { } owner)
            {
                entity.Waiting.RemoveAt(0);
                entity.OnItsWay = request;
                (request.Node, request.Epoch) = owner;
                Send(request, RoutedFate.Sent);
            }
            else
            {
                return;
            }
        }

        if (entity.IsIdle) _entities.Remove(key);
    }

    private void Hand(Request request, Entity entity, HostSlot slot)
    {
        if (_settings.Peers is null)
        {
            slot.Ref!.Tell(request.Message, request.Sender);
            Remove(request);
            return;
        }

        (request.Node, request.Epoch) = (null, slot.Epoch);
        entity.Taken.Add(request);
        slot.Ref!.Tell(request.Message, new Requester(Self, request.Id));
    }

    private void Send(Request request, RoutedFate fate)
    {
        ClusterMetrics.Count(fate);
        request.SentAt = Clock.Monotonic;
        _settings.Peers!.Transport.Send(
            request.Node!, new RouteRequest(request.Id, request.Shard, request.Epoch, request.Message));
    }

    /// <summary>The node that owns a shard, when it is another one that is there.</summary>
    private (string Node, long Epoch)? RemoteOwner(int shard)
    {
        if (_settings.Peers is not { } peers || !_view.Owners.TryGetValue(shard, out Held<OwnerRecord>? owner)) return null;
        return owner.Record.Node != peers.Node && _view.IsThere(owner.Record.Node, owner.Record.Instance)
            ? (owner.Record.Node, _view.EpochOf(owner.CreateRevision))
            : null;
    }

    private void Accepted(string node, long id)
    {
        if (!_requests.TryGetValue(id, out Request? request) || request.Node != node) return;
        Entity entity = _entities[request.Message.ShardKey];
        if (entity.OnItsWay != request) return;
        entity.OnItsWay = null;
        entity.Taken.Add(request);
        Dispatch(request.Message.ShardKey, entity);
    }

    /// <summary>An answer ends the request, unless it only says that the entity's actor ended because its shard went elsewhere.</summary>
    private void Answer(long id, object answer)
    {
        if (!_requests.TryGetValue(id, out Request? request)) return;
        if (request.Node is null && IsOver(answer, request.Shard, request.Epoch))
        {
            // The host may not know yet that it is over: the next look hands it to whoever is the owner then.
            CodeProbe.Reached("region.asked-again");
            Requeue(request);
            return;
        }

        if (request.Node is null && !IsCertain(request.Shard, request.Epoch))
        {
            Doubt(new Doubted(request.Shard, request.Epoch, answer, request, null));
            return;
        }

        request.Sender.Tell(answer, Self);
        Finish(request);
    }

    /// <summary>A bug that simulations plant: nobody hears of what waited.</summary>
    private void LoseBuffer(int shard)
    {
        foreach (Request request in _requests.Values.Where(r => r.Shard == shard).ToArray()) Finish(request);
    }

    /// <summary>Whether an answer only says that its host is not the owner any more.</summary>
    private bool IsOver(object answer, int shard, long epoch) =>
        answer is IEntityAnswer { IsFromFormerOwner: true }
        || (answer is IEntityAnswer { IsInterrupted: true } && !(_hosts[shard].Admits && _hosts[shard].Epoch == epoch));

    /// <summary>The node that was believed to own the shard does not: the message waits for a newer view, or for a moment.</summary>
    private void Refused(string node, long id)
    {
        if (!_requests.TryGetValue(id, out Request? request) || request.Node != node) return;
        CodeProbe.Reached("region.refused");
        ClusterMetrics.Count(RoutedFate.Refused);
        Requeue(request);
    }

    private void Finish(Request request)
    {
        Remove(request);
        ulong key = request.Message.ShardKey;
        if (!_entities.TryGetValue(key, out Entity? entity)) return;
        entity.Forget(request);
        if (request.Message.ChangesWish) entity.LastWish = Math.Max(entity.LastWish, request.Id);
        Dispatch(key, entity);
    }

    /// <summary>
    /// The message waits once more, at its old place. One that says what is wanted must not come behind a later one that was answered: it
    /// would undo what that one was promised.
    /// </summary>
    private void Requeue(Request request)
    {
        Entity entity = _entities[request.Message.ShardKey];
        if (entity.Waiting.Contains(request)) return;
        entity.Forget(request);
        (request.Node, request.Epoch) = (null, 0);
        if (request.Message.ChangesWish && request.Id < entity.LastWish)
        {
            CodeProbe.Reached("region.superseded");
            _settings.Unplaced.Answer(request.Message, request.Sender, Self);
            Remove(request);
            return;
        }

        int place = entity.Waiting.FindIndex(waiting => waiting.Id > request.Id);
        entity.Waiting.Insert(place < 0 ? entity.Waiting.Count : place, request);
    }

    private void Remove(Request request)
    {
        if (!_requests.Remove(request.Id)) return;
        _heldByShard[request.Shard]--;
        CountWaiting(-1);
    }

    /// <summary>Only of a cluster: an agent that stands alone has nobody to wait for once it has started.</summary>
    private void CountWaiting(long change)
    {
        if (_settings.Peers is not null && change != 0) ClusterMetrics.RequestsWaiting.Add(change);
    }

    private void Tick()
    {
        TimeSpan now = Clock.Monotonic;
        foreach (Request request in _requests.Values.ToArray())
        {
            Entity entity = _entities[request.Message.ShardKey];
            bool waits = entity.Waiting.Contains(request) || entity.OnItsWay == request;
            if (now >= request.Until + (waits ? TimeSpan.Zero : Grace))
            {
                CodeProbe.Reached("region.expired");
                if (_settings.Peers is not null) ClusterMetrics.Count(RoutedFate.Expired);
                _settings.Unplaced.Answer(request.Message, request.Sender, Self);
                Finish(request);
            }
            else if (entity.OnItsWay == request && now - request.SentAt >= ResendAfter)
            {
                CodeProbe.Reached("region.sent-again");
                Send(request, RoutedFate.SentAgain);
            }
        }

        DispatchAll();
        ForgetServed(now);
        if (_requests.Count == 0 && _served.Count == 0 && _questions.Count == 0) Timers.Cancel(TickTimer);
    }

    /// <summary>What was sent to a node that does not own the shard any more is sent to the one that does.</summary>
    private void See(ClusterView view)
    {
        _view = view;
        NoteLinks();
        foreach (Request request in _requests.Values.Where(r => r.Node is not null).ToArray())
        {
            if (RemoteOwner(request.Shard) is not { } owner || owner != (request.Node!, request.Epoch)) Requeue(request);
        }

        DispatchAll();
    }

    /// <summary>Answers may have been lost with the link: what the node has not answered is asked again; it knows what it has.</summary>
    private void LinkChanged(LinkChanged link)
    {
        NoteLink(link.Node);
        foreach (Request request in _requests.Values.Where(r => r.Node == link.Node).ToArray()) Requeue(request);
        if (link.IsUp) DispatchAll();
    }

    /// <summary>A message that has no answer yet. Its node is null while it waits and when it was handed to a host of this node.</summary>
    private sealed class Request(long id, IShardKeyed message, IActorRef sender, int shard, TimeSpan until)
    {
        public long Id { get; } = id;

        public IShardKeyed Message { get; } = message;

        public IActorRef Sender { get; } = sender;

        public int Shard { get; } = shard;

        public TimeSpan Until { get; } = until;

        public string? Node { get; set; }

        public long Epoch { get; set; }

        public TimeSpan SentAt { get; set; }
    }

    /// <summary>The messages of one entity, by how far they are.</summary>
    private sealed class Entity
    {
        public List<Request> Waiting { get; } = [];

        /// <summary>Sent to another node, which has not confirmed it.</summary>
        public Request? OnItsWay { get; set; }

        /// <summary>Handed to the entity, here or there.</summary>
        public List<Request> Taken { get; } = [];

        /// <summary>The last message about what is wanted that was answered.</summary>
        public long LastWish { get; set; }

        public bool IsIdle => Waiting.Count == 0 && OnItsWay is null && Taken.Count == 0;

        public void Forget(Request request)
        {
            if (OnItsWay == request) OnItsWay = null;
            else if (!Taken.Remove(request)) Waiting.Remove(request);
        }
    }

    /// <summary>Stands for who asked while the answer is under way.</summary>
    private sealed class Requester(IActorRef region, long id) : IActorRef
    {
        public string Path => region.Path + "/request";

        public void Tell(object message, IActorRef? sender = null) => region.Tell(new Answered(id, message), sender);
    }

    private sealed record Answered(long Request, object Answer);
}
