using Agent.Actors.Cluster;
using Agent.Actors.Journal;
using Agent.Actors.Kernel;
using Agent.Actors.Reasons;

namespace Agent.Actors.Backends;

/// <summary>The permit of a node of a cluster: open while its lease holds for certain.</summary>
public sealed class GatePermit(OwnershipGate gate) : IOrderPermit
{
    /// <inheritdoc/>
    public bool IsOpen => gate.IsOpen;

    /// <inheritdoc/>
    public bool Holds(TargetHold hold)
    {
        ArgumentNullException.ThrowIfNull(hold);
        return gate.Serves(hold.Shard, hold.Epoch);
    }
}

/// <summary>Asks the journal's fence about answers of hosts while the gate is closed.</summary>
/// <param name="journal">The node's <see cref="JournalActor"/>.</param>
public sealed class JournalOwnershipCheck(IActorRef journal) : IOwnershipCheck
{
    /// <inheritdoc/>
    public void Check(long request, int shard, long epoch, ReplyTo replyTo) =>
        journal.Tell(new AskFence(request, shard, epoch), new Translator(replyTo));

    /// <summary>Puts the journal's answer into the words of the port.</summary>
    private sealed class Translator(ReplyTo replyTo) : IActorRef
    {
        public string Path => "/ownership-check";

        public void Tell(object message, IActorRef? sender = null)
        {
            if (message is not FenceChecked answer) return;
            bool? isHeld = answer.Held ? true : answer.Reason?.Code == ReasonCode.JournalFenced ? false : null;
            replyTo.Tell(new OwnershipChecked(answer.Request, isHeld), sender);
        }
    }
}

/// <summary>Asks the journal's fence while the permit is closed.</summary>
/// <param name="journal">The node's <see cref="JournalActor"/>.</param>
public sealed class JournalFenceCheck(IActorRef journal) : IFenceCheck
{
    /// <inheritdoc/>
    public void Check(FenceQuestion question, ReplyTo replyTo)
    {
        ArgumentNullException.ThrowIfNull(question);
        journal.Tell(new AskFence(question.Id, question.Shard, question.Epoch), new Translator(replyTo));
    }

    /// <summary>Puts the journal's answer into the words of the port.</summary>
    private sealed class Translator(ReplyTo replyTo) : IActorRef
    {
        public string Path => "/fence-check";

        public void Tell(object message, IActorRef? sender = null)
        {
            if (message is not FenceChecked answer) return;
            FenceState state = answer.Held ? FenceState.Held
                : answer.Reason?.Code == ReasonCode.JournalFenced ? FenceState.Lost
                : FenceState.Unknown;
            replyTo.Tell(new FenceAnswer(answer.Request, state), sender);
        }
    }
}
