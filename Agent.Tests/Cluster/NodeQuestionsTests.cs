using System.Collections.Immutable;
using Agent.Actors.Cluster;
using Agent.Actors.Kernel;
using Agent.Tests.TestKit;

namespace Agent.Tests.Cluster;

/// <summary>Questions for another node, over a link that the test plays.</summary>
public sealed class NodeQuestionsTests : TestKitBase, INodeTransport, INodeDesk
{
    private readonly List<(string Node, object Message)> _sent = [];
    private readonly List<(NodeQuestion Question, ReplyTo ReplyTo)> _atDesk = [];
    private readonly TestProbe _asker;
    private readonly IActorRef _questions;

    public NodeQuestionsTests()
    {
        _asker = CreateTestProbe("asker");
        _questions = ActorOf(NodeQuestionsActor.Props(new NodeQuestionsSettings(this, this) { OpenMax = 2, BodyMax = 3 }));
    }

    [Fact]
    public void An_answer_reaches_who_asked_and_counts_once_and_only_from_the_node_asked()
    {
        NodeQuestion question = Ask("GET");
        Hear("c", new NodeAnswer(question.Request, 200, [1]));
        Hear("b", new NodeAnswer(question.Request + 1, 200, [1]));
        _asker.ExpectNoMsg(TimeSpan.FromSeconds(1));
        Hear("b", new NodeAnswer(question.Request, 200, [1]));
        Hear("b", new NodeAnswer(question.Request, 200, [2]));
        Assert.Equal(new NodeAnswer(question.Request, 200, [1]), _asker.ExpectMsg<NodeAnswer>());
        _asker.ExpectNoMsg(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public void A_question_that_was_lost_is_told_again_and_an_order_is_not_and_both_end_in_time()
    {
        Ask("GET");
        Ask("POST");
        Advance(TimeSpan.FromSeconds(10));
        Assert.True(_sent.Count(s => s.Message is NodeQuestion { Method: "GET" }) > 2);
        Assert.Single(_sent, s => s.Message is NodeQuestion { Method: "POST" });
        Advance(TimeSpan.FromSeconds(11));
        Assert.Equal(NodeAnswer.Silent, _asker.ExpectMsg<NodeAnswer>().Status);
        Assert.Equal(NodeAnswer.Silent, _asker.ExpectMsg<NodeAnswer>().Status);
    }

    [Fact]
    public void More_than_may_be_open_is_answered_at_once()
    {
        Ask("GET");
        Ask("GET");
        _asker.Send(_questions, new AskNode("b", "GET", "/x"));
        Assert.Equal(NodeAnswer.Busy, _asker.ExpectMsg<NodeAnswer>().Status);
    }

    [Fact]
    public void What_others_ask_is_answered_to_them_within_bounds()
    {
        foreach ((string node, int number) in new[] { ("b", 7), ("c", 7), ("b", 8) }) Hear(node, new NodeQuestion(number, "GET", "/x"));
        Assert.Equal(new NodeAnswer(8, NodeAnswer.Busy, []), Assert.Single(_sent).Message);
        Reply(1, [1, 2, 3, 4]);
        Reply(0, [1, 2]);
        Assert.Equal(("c", 7L, NodeAnswer.TooLarge), Answered(^2));
        Assert.Equal(("b", 7L, 200), Answered(^1));
        Hear("b", new NodeQuestion(9, "GET", "/x"));
        Assert.Equal(3, _atDesk.Count);
    }

    void INodeTransport.Connect(ImmutableArray<NodePeer> peers)
    {
    }

    void INodeTransport.Send(string node, object message) => _sent.Add((node, message));

    void INodeTransport.Receive(IActorRef receiver)
    {
    }

    void INodeDesk.Answer(NodeQuestion question, ReplyTo replyTo) => _atDesk.Add((question, replyTo));

    private NodeQuestion Ask(string method)
    {
        _asker.Send(_questions, new AskNode("b", method, "/x"));
        RunReady();
        return Assert.IsType<NodeQuestion>(_sent[^1].Message);
    }

    private void Hear(string node, object message)
    {
        _questions.Tell(new FromNode(node, Guid.Empty, message));
        RunReady();
    }

    private void Reply(int at, ImmutableArray<byte> body)
    {
        (NodeQuestion question, ReplyTo replyTo) = _atDesk[at];
        replyTo.Tell(new NodeAnswer(question.Request, 200, body));
        RunReady();
    }

    private (string Node, long Request, int Status) Answered(Index at)
    {
        (string node, object message) = _sent[at];
        NodeAnswer answer = Assert.IsType<NodeAnswer>(message);
        return (node, answer.Request, answer.Status);
    }
}
