using Agent.Actors.Kernel;
using Agent.Actors.Kernel.Simulation;

namespace Agent.Actors.Cluster;

/// <content>What other nodes ask of the shards here, and questions to all shards of the cluster.</content>
public sealed partial class ShardRegionActor
{
    /// <summary>How long an answer is kept for a node that may not have got it.</summary>
    private static readonly TimeSpan KeepAnswers = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan KeepQuestions = TimeSpan.FromSeconds(10);
    private const int MaxServed = 100_000;
    private const int MaxQuestions = 1000;

    /// <summary>Owners on a node without a link count as reachable for so long: links are made anew after a moment.</summary>
    private static readonly TimeSpan UnlinkedMax = TimeSpan.FromSeconds(5);

    private readonly Dictionary<string, TimeSpan> _unlinkedSince = [];
    private readonly Dictionary<PeerRequest, Served> _served = [];
    private readonly Queue<(PeerRequest Key, TimeSpan Until)> _answered = new();
    private readonly SortedDictionary<long, (IActorRef Asker, TimeSpan Until)> _questions = [];

    private void FromPeer(FromNode from)
    {
        switch (from.Message)
        {
            case RouteRequest x: Serve(from, x); break;
            case RouteAccepted x: Accepted(from.Node, x.Request); break;
            case RouteAnswer x:
                if (_requests.TryGetValue(x.Request, out Request? request) && request.Node == from.Node) Answer(x.Request, x.Answer);
                break;
            case RouteRefused x: Refused(from.Node, x.Request); break;
            case AskShards x: AskHere(from, x); break;
            case ShardsAnswer x:
                if (_questions.TryGetValue(x.Request, out (IActorRef Asker, TimeSpan Until) question)) question.Asker.Tell(x.Answer, Self);
                break;
            default: Unhandled(from); break;
        }
    }

    /// <summary>
    /// Hands a message from another node to its entity, once: a repeated one is confirmed, and answered when there is an answer. Who is
    /// wrong about the owner hears so.
    /// </summary>
    private void Serve(FromNode from, RouteRequest request)
    {
        var key = new PeerRequest(from.Node, from.Instance, request.Request);
        if (_served.TryGetValue(key, out Served? known))
        {
            CodeProbe.Reached("region.served-before");
            Reply(from.Node, new RouteAccepted(request.Request));
            if (known.Answer is { } answer) Reply(from.Node, new RouteAnswer(request.Request, answer));
            return;
        }

        bool isOurs = request.Shard >= 0 && request.Shard < _hosts.Length
            && ShardOf(request.Message.ShardKey, _hosts.Length) == request.Shard
            && _hosts[request.Shard].Admits && _hosts[request.Shard].Epoch == request.Epoch;
        if (!isOurs || _served.Count >= MaxServed)
        {
            Reply(from.Node, new RouteRefused(request.Request));
            return;
        }

        _served.Add(key, new Served(request.Shard, request.Epoch));
        if (!Timers.IsTimerActive(TickTimer)) Timers.StartPeriodicTimer(TickTimer, TickTimer, TickInterval);
        _hosts[request.Shard].Ref!.Tell(request.Message, new PeerRequester(Self, key));
        Reply(from.Node, new RouteAccepted(request.Request));
    }

    private void AnswerPeer(ServedAnswer answered)
    {
        if (!_served.TryGetValue(answered.Key, out Served? served) || served.Answer is not null) return;
        if (IsOver(answered.Answer, served.Shard, served.Epoch))
        {
            _served.Remove(answered.Key);
            Reply(answered.Key.Node, new RouteRefused(answered.Key.Request));
            return;
        }

        if (!IsCertain(served.Shard, served.Epoch)) Doubt(new Doubted(served.Shard, served.Epoch, answered.Answer, null, answered.Key));
        else AnswerPeer(answered, served);
    }

    private void AnswerPeer(ServedAnswer answered, Served served)
    {
        served.Answer = answered.Answer;
        _answered.Enqueue((answered.Key, Clock.Monotonic + KeepAnswers));
        Reply(answered.Key.Node, new RouteAnswer(answered.Key.Request, answered.Answer));
    }

    private void ToAll(ToAllShards all, IActorRef asker)
    {
        foreach (HostSlot slot in _hosts) slot.Ref?.Tell(all.Message, asker);
        if (_settings.Peers is not { } peers || _questions.Count >= MaxQuestions) return;
        _questions.Add(++_counter, (asker, Clock.Monotonic + KeepQuestions));
        if (!Timers.IsTimerActive(TickTimer)) Timers.StartPeriodicTimer(TickTimer, TickTimer, TickInterval);
        foreach (string node in _view.Members.Keys.Where(name => name != peers.Node))
            peers.Transport.Send(node, new AskShards(_counter, all.Message));
    }

    private void AskHere(FromNode from, AskShards question)
    {
        int asked = 0;
        foreach (IActorRef host in _hosts.Select(slot => slot.Ref).OfType<IActorRef>())
        {
            asked++;
            host.Tell(question.Question, new PeerAsker(_settings.Peers!.Transport, from.Node, question.Request));
        }

        Reply(from.Node, new ShardsAnswered(question.Request, asked));
    }

    private void ForgetServed(TimeSpan now)
    {
        while (_answered.TryPeek(out (PeerRequest Key, TimeSpan Until) oldest) && oldest.Until <= now)
        {
            _answered.Dequeue();
            _served.Remove(oldest.Key);
        }

        foreach (long id in _questions.Where(question => question.Value.Until <= now).Select(question => question.Key).ToArray())
            _questions.Remove(id);
    }

    private int CountReachable()
    {
        int reachable = 0;
        for (int shard = 0; shard < _hosts.Length; shard++)
        {
            if (_hosts[shard].Ref is not null || (RemoteOwner(shard) is { } owner && IsInReach(owner.Node))) reachable++;
        }

        return reachable;
    }

    private bool IsInReach(string node)
    {
        NoteLink(node);
        return !_unlinkedSince.TryGetValue(node, out TimeSpan since) || Clock.Monotonic - since < UnlinkedMax;
    }

    /// <summary>The port knows whether there is a link; since when there is none, nobody else remembers.</summary>
    private void NoteLink(string node)
    {
        if (_settings.Peers!.Transport.IsLinked(node)) _unlinkedSince.Remove(node);
        else _unlinkedSince.TryAdd(node, Clock.Monotonic);
    }

    private void NoteLinks()
    {
        if (_settings.Peers is not { } peers) return;
        foreach (string gone in _unlinkedSince.Keys.Where(node => !_view.Members.ContainsKey(node)).ToArray()) _unlinkedSince.Remove(gone);
        foreach (string node in _view.Members.Keys.Where(name => name != peers.Node)) NoteLink(node);
    }

    private void Reply(string node, object message) => _settings.Peers!.Transport.Send(node, message);

    private readonly record struct PeerRequest(string Node, Guid Instance, long Request);

    /// <summary>A message from another node that was handed to its entity.</summary>
    private sealed class Served(int shard, long epoch)
    {
        public int Shard { get; } = shard;

        public long Epoch { get; } = epoch;

        public object? Answer { get; set; }
    }

    private sealed record ServedAnswer(PeerRequest Key, object Answer);

    /// <summary>Stands for the node that asked while the answer is under way.</summary>
    private sealed class PeerRequester(IActorRef region, PeerRequest key) : IActorRef
    {
        public string Path => region.Path + "/served";

        public void Tell(object message, IActorRef? sender = null) => region.Tell(new ServedAnswer(key, message), sender);
    }

    /// <summary>Takes the answers of shards straight back to the node that asked them all.</summary>
    private sealed class PeerAsker(INodeTransport transport, string node, long question) : IActorRef
    {
        public string Path => "/peer/" + node;

        public void Tell(object message, IActorRef? sender = null) => transport.Send(node, new ShardsAnswer(question, message));
    }
}
