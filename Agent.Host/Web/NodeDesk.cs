using System.Collections.Immutable;
using Agent.Actors.Cluster;
using Agent.Actors.Kernel;

namespace Agent.Host.Web;

/// <summary>
/// Answers what other nodes ask with this node's own management interface, without a connection to it. Only what is marked so is answered,
/// and never by asking further: the node that asks has found out whom to ask.
/// </summary>
/// <remarks>Who may ask is the matter of the link, which knows its peers by their certificates, and of the node that asks, whose guard has
/// let the request pass.</remarks>
internal sealed class NodeDesk : INodeDesk
{
    private Func<NodeQuestion, Task<NodeAnswer>>? _answer;

    /// <summary>From here on questions are answered.</summary>
    public void Open(Func<NodeQuestion, Task<NodeAnswer>> answer) => Volatile.Write(ref _answer, answer);

    /// <inheritdoc/>
    public void Answer(NodeQuestion question, ReplyTo replyTo)
    {
        if (Volatile.Read(ref _answer) is { } answer) _ = Task.Run(() => AnswerAsync(answer, question, replyTo));
        else replyTo.Tell(new NodeAnswer(question.Request, NodeAnswer.Busy, []));
    }

    private static async Task AnswerAsync(Func<NodeQuestion, Task<NodeAnswer>> answer, NodeQuestion question, ReplyTo replyTo)
    {
        try
        {
            replyTo.Tell(await answer(question));
        }
        catch (Exception failure) when (failure is AskTimeoutException or AskFailedException or OperationCanceledException or IOException)
        {
            replyTo.Tell(new NodeAnswer(question.Request, NodeAnswer.Silent, ImmutableArray<byte>.Empty));
        }
    }
}
