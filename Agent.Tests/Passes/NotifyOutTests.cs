using System.Net;
using Agent.Actors.Kernel;
using Agent.Actors.Transfers;
using Agent.Dns.Wire;
using Agent.Tests.TestKit;

namespace Agent.Tests.Passes;

/// <summary>Others are told of changes: until they answer, not for ever, and of the newest.</summary>
public sealed class NotifyOutTests : TestKitBase
{
    private static readonly DomainName Zone = DomainName.Parse("z.example.");
    private static readonly NotifyReceiver First = new(new IPEndPoint(IPAddress.Parse("192.0.2.1"), 53), null);
    private static readonly NotifyReceiver Second = new(new IPEndPoint(IPAddress.Parse("192.0.2.2"), 53), "k1");

    private readonly Sender _sender = new();

    [Fact]
    public void Each_receiver_is_told_once_when_it_answers()
    {
        IActorRef actor = Start(First, Second);
        actor.Tell(new AnnounceZone(Zone, 1), actor);
        RunFor(1);
        Assert.Equal([First, Second], _sender.Sent.Select(sent => sent.Request.Receiver));
        AnswerAll(isAnswered: true);

        RunFor(1000);

        Assert.Equal(2, _sender.Sent.Count);
    }

    [Fact]
    public void Without_an_answer_it_is_sent_again_and_then_given_up()
    {
        IActorRef actor = Start(First);
        actor.Tell(new AnnounceZone(Zone, 1), actor);
        for (int sending = 1; sending <= 5; sending++)
        {
            RunFor(1);
            Assert.Equal(sending, _sender.Sent.Count);
            AnswerAll(isAnswered: false);
            RunFor(58);
            Assert.Equal(sending, _sender.Sent.Count);
            RunFor(1);
        }

        RunFor(1000);

        Assert.Equal(5, _sender.Sent.Count);
    }

    /// <summary>The wait for the answer is no time in addition; where it is the longer, the next sending follows it at once.</summary>
    [Theory]
    [InlineData(10, 7)]
    [InlineData(4, 1)]
    [InlineData(1, 0)]
    public void It_is_sent_again_an_interval_after_it_was_sent(int interval, int restAfterWait)
    {
        IActorRef actor = ActorOf(NotifyOutActor.Props(new NotifyOutSettings(_sender, [First], TimeSpan.FromSeconds(interval), 5)));
        actor.Tell(new AnnounceZone(Zone, 1), actor);
        RunFor(3);
        AnswerAll(isAnswered: false);
        for (int second = 0; second < restAfterWait; second++)
        {
            Assert.Single(_sender.Sent);
            RunFor(1);
        }
        Sim.RunFor(TimeSpan.FromMilliseconds(100));

        Assert.Equal(2, _sender.Sent.Count);
    }

    [Fact]
    public void One_is_outstanding_for_a_zone_and_a_newer_change_takes_its_place()
    {
        IActorRef actor = Start(First);
        actor.Tell(new AnnounceZone(Zone, 1), actor);
        RunFor(1);
        for (uint serial = 2; serial < 10; serial++) actor.Tell(new AnnounceZone(DomainName.Parse("Z.Example."), serial), actor);
        RunFor(1);
        Assert.Single(_sender.Sent);

        AnswerAll(isAnswered: true);
        RunFor(1);
        Assert.Equal(2, _sender.Sent.Count);
        AnswerAll(isAnswered: true);
        RunFor(1000);
        Assert.Equal(2, _sender.Sent.Count);
    }

    [Fact]
    public void A_newer_change_does_not_wait_for_the_time_of_the_next_sending()
    {
        IActorRef actor = Start(First);
        actor.Tell(new AnnounceZone(Zone, 1), actor);
        RunFor(1);
        AnswerAll(isAnswered: false);
        RunFor(5);
        actor.Tell(new AnnounceZone(Zone, 2), actor);
        RunFor(1);

        Assert.Equal(2, _sender.Sent.Count);
    }

    [Fact]
    public void One_that_is_dead_holds_up_nobody_else_and_its_own_within_a_bound()
    {
        IActorRef actor = Start(First, Second);
        for (int i = 0; i < 100; i++) actor.Tell(new AnnounceZone(DomainName.Parse($"z{i}.example."), 1), actor);
        RunFor(1);
        Assert.Equal(64, _sender.Sent.Count);
        Answer(sent => sent.Request.Receiver == Second);
        RunFor(1);
        Answer(sent => sent.Request.Receiver == Second);
        RunFor(1);
        Answer(sent => sent.Request.Receiver == Second);
        RunFor(1);

        Assert.Equal(32, _sender.Sent.Count(sent => sent.Request.Receiver == First));
        Assert.Equal(100, _sender.Sent.Where(sent => sent.Request.Receiver == Second).Select(sent => sent.Request.Zone).Distinct().Count());
    }

    [Fact]
    public void More_than_the_bound_is_left_out()
    {
        IActorRef actor = ActorOf(NotifyOutActor.Props(
            new NotifyOutSettings(_sender, [First], TimeSpan.FromSeconds(60), 5) { MaxWaiting = 2 }));
        for (int i = 0; i < 4; i++) actor.Tell(new AnnounceZone(DomainName.Parse($"z{i}.example."), 1), actor);
        RunFor(1);

        Assert.Equal(2, _sender.Sent.Count);
    }

    private IActorRef Start(params NotifyReceiver[] receivers) =>
        ActorOf(NotifyOutActor.Props(new NotifyOutSettings(_sender, [.. receivers], TimeSpan.FromSeconds(60), 5)));

    private void RunFor(int seconds) => Sim.RunFor(TimeSpan.FromSeconds(seconds));

    private void AnswerAll(bool isAnswered) => Answer(_ => true, isAnswered);

    private void Answer(Func<Sending, bool> which, bool isAnswered = true)
    {
        foreach (Sending sent in _sender.Sent.Where(sent => !sent.IsAnswered && which(sent)).ToArray())
        {
            sent.IsAnswered = true;
            sent.ReplyTo.Tell(new NotifyAnswered(sent.Request.Id, isAnswered, isAnswered ? null : "nobody there"));
        }
    }

    private sealed class Sending(SendNotify request, ReplyTo replyTo)
    {
        public SendNotify Request { get; } = request;

        public ReplyTo ReplyTo { get; } = replyTo;

        public bool IsAnswered { get; set; }
    }

    private sealed class Sender : INotifySender
    {
        public List<Sending> Sent { get; } = [];

        public void Notify(SendNotify request, ReplyTo replyTo) => Sent.Add(new Sending(request, replyTo));
    }
}
