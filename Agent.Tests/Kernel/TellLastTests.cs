using Agent.Actors.Kernel;

namespace Agent.Tests.Kernel;

/// <summary>Answers with which a thread of the pool ends its work: the actor has its turn right there.</summary>
public sealed class TellLastTests
{
    private const int Tries = 1000;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task The_actor_has_its_turn_on_the_thread_that_brought_the_answer()
    {
        ActorSystem system = ActorSystem.Create("threads");
        IActorRef asking = system.ActorOf(Props.Create(static () => new Asking()));
        ReplyTo replyTo = await asking.Ask<ReplyTo>(Asking.GiveReplyTo, Patience);

        // The turn before may not have left the mailbox yet; then another thread has this one.
        bool wasHere = await Task.Run(() =>
        {
            for (int i = 0; i < Tries; i++)
            {
                var answer = new Answer();
                replyTo.TellLast(answer);
                if (answer.HandledBy.Task is { IsCompletedSuccessfully: true, Result: var thread })
                    return thread == Environment.CurrentManagedThreadId;
                answer.HandledBy.Task.Wait(Patience);
            }

            return false;
        });
        Assert.True(wasHere);
        await system.Terminate().WaitAsync(Patience);
    }

    [Fact]
    public async Task Within_a_turn_it_waits_for_the_end_of_that_turn()
    {
        ActorSystem system = ActorSystem.Create("threads");
        IActorRef asking = system.ActorOf(Props.Create(static () => new Asking()));
        ReplyTo replyTo = await asking.Ask<ReplyTo>(Asking.GiveReplyTo, Patience);
        IActorRef other = system.ActorOf(Script.Of((_, message) =>
        {
            var answer = (Answer)message;
            replyTo.TellLast(answer);
            answer.WasHandledInside = answer.HandledBy.Task is { IsCompletedSuccessfully: true, Result: var thread }
                && thread == Environment.CurrentManagedThreadId;
        }));
        for (int i = 0; i < Tries; i++)
        {
            var answer = new Answer();
            other.Tell(answer);
            await answer.HandledBy.Task.WaitAsync(Patience);
            Assert.False(answer.WasHandledInside);
        }

        await system.Terminate().WaitAsync(Patience);
    }

    [Fact]
    public async Task From_a_thread_that_is_not_of_the_pool_the_pool_takes_the_turn()
    {
        ActorSystem system = ActorSystem.Create("threads");
        IActorRef asking = system.ActorOf(Props.Create(static () => new Asking()));
        ReplyTo replyTo = await asking.Ask<ReplyTo>(Asking.GiveReplyTo, Patience);
        var answer = new Answer();
        int teller = 0;
        var thread = new Thread(() =>
        {
            teller = Environment.CurrentManagedThreadId;
            replyTo.TellLast(answer);
        });
        thread.Start();
        thread.Join();
        Assert.NotEqual(teller, await answer.HandledBy.Task.WaitAsync(Patience));
        await system.Terminate().WaitAsync(Patience);
    }

    /// <summary>What the actor tells others in that turn follows on the same thread, and all of it is over when the call returns.</summary>
    [Fact]
    public async Task Who_is_told_something_in_that_turn_is_next_on_the_same_thread()
    {
        ActorSystem system = ActorSystem.Create("threads");
        IActorRef asking = system.ActorOf(Props.Create(static () => new Asking()));
        IActorRef passing = system.ActorOf(Script.Of((self, message) =>
        {
            if (message is Answer) asking.Tell(message);
            else self.From.Tell(self.Surroundings.ReplyTo());
        }));
        ReplyTo replyTo = await passing.Ask<ReplyTo>("reply to", Patience);
        bool wasHere = await Task.Run(() =>
        {
            for (int i = 0; i < Tries; i++)
            {
                var answer = new Answer();
                replyTo.TellLast(answer);
                if (answer.HandledBy.Task is { IsCompletedSuccessfully: true, Result: var thread }
                    && thread == Environment.CurrentManagedThreadId)
                    return true;
                answer.HandledBy.Task.Wait(Patience);
            }

            return false;
        });
        Assert.True(wasHere);
        await system.Terminate().WaitAsync(Patience);
    }

    private sealed class Answer
    {
        public TaskCompletionSource<int> HandledBy { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool WasHandledInside { get; set; }
    }

    private sealed class Asking : UntypedActor
    {
        public const string GiveReplyTo = "reply to";

        protected internal override void OnReceive(object message)
        {
            if (message is Answer answer) answer.HandledBy.TrySetResult(Environment.CurrentManagedThreadId);
            else Sender.Tell(Context.ReplyTo(), Self);
        }
    }
}
