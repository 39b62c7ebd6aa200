using Agent.Actors.Kernel.Simulation;

namespace Agent.Actors.Cluster;

/// <content>
/// Answers of a host while nobody can be sure that its node is still the owner: it may not have heard yet that another one is, and what it
/// knows of its zones may be old. Such an answer waits until the fence has said that the shard was not taken before it was given.
/// </content>
public sealed partial class ShardRegionActor
{
    private static readonly TimeSpan AskFenceAgain = TimeSpan.FromSeconds(1);

    private readonly Dictionary<long, Doubted> _doubted = [];
    private long _fenceQuestions;

    /// <summary>The lease holds at this moment, so nobody else was the owner at any moment before.</summary>
    private bool IsCertain(int shard, long epoch) =>
        _settings.Peers is not { Gate: { } gate, Check: not null } || (gate.IsOpen && _hosts[shard].Epoch == epoch);

    private void Doubt(Doubted doubted)
    {
        CodeProbe.Reached("region.answer-doubted");
        long question = ++_fenceQuestions;
        _doubted.Add(question, doubted);
        _settings.Peers!.Check!.Check(question, doubted.Shard, doubted.Epoch, Context.ReplyTo());
    }

    private void OwnershipIs(OwnershipChecked answer)
    {
        if (!_doubted.Remove(answer.Request, out Doubted? doubted)) return;
        if (answer.IsHeld is { } isHeld)
        {
            Decide(doubted, isHeld);
            return;
        }

        // Nobody can say now. Whoever asked hears at the deadline at the latest.
        Timers.StartSingleTimer(doubted, new AskOwnership(doubted), AskFenceAgain);
    }

    private void AskAgain(Doubted doubted)
    {
        if (!IsWaitedFor(doubted)) return;
        if (IsCertain(doubted.Shard, doubted.Epoch)) Decide(doubted, isHeld: true);
        else Doubt(doubted);
    }

    private void Decide(Doubted doubted, bool isHeld)
    {
        if (!IsWaitedFor(doubted)) return;
        if (!isHeld) CodeProbe.Reached("region.answer-withdrawn");
        if (doubted.Request is { } request)
        {
            if (!isHeld)
            {
                Requeue(request);
                return;
            }

            request.Sender.Tell(doubted.Answer, Self);
            Finish(request);
        }
        else if (doubted.Peer is { } peer && _served.TryGetValue(peer, out Served? served))
        {
            if (isHeld)
            {
                AnswerPeer(new ServedAnswer(peer, doubted.Answer), served);
                return;
            }

            _served.Remove(peer);
            Reply(peer.Node, new RouteRefused(peer.Request));
        }
    }

    /// <summary>Not when it was answered otherwise, or is asked of another owner by now.</summary>
    private bool IsWaitedFor(Doubted doubted) => doubted.Request is { } request
        ? _requests.GetValueOrDefault(request.Id) == request && request.Node is null && request.Epoch == doubted.Epoch
        : doubted.Peer is { } peer && _served.TryGetValue(peer, out Served? served) && served.Answer is null;

    /// <summary>An answer that is not certain yet, to somebody here or on another node.</summary>
    private sealed record Doubted(int Shard, long Epoch, object Answer, Request? Request, PeerRequest? Peer);

    private sealed record AskOwnership(Doubted Doubted);
}
