using System.Diagnostics;
using Agent.Actors.Kernel;

namespace Agent.Tests.Kernel;

/// <summary>The kernel on real threads: what the simulation cannot see.</summary>
public sealed class ThreadedSystemTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Ask_returns_the_answer()
    {
        ActorSystem system = ActorSystem.Create("threads");
        IActorRef echo = system.ActorOf(Props.Create(static () => new Echo()), "echo");
        Assert.Equal("hello", await echo.Ask<string>("hello", Patience));
        Assert.Equal("/user/echo", echo.Path);
        await system.Terminate().WaitAsync(Patience);
    }

    [Fact]
    public async Task Ask_fails_at_once_when_the_question_is_a_dead_letter()
    {
        ActorSystem system = ActorSystem.Create("threads");
        IActorRef echo = system.ActorOf(Props.Create(static () => new Echo()));
        system.Stop(echo);
        await Assert.ThrowsAsync<AskFailedException>(() => echo.Ask<string>("hello", Patience));
        await system.Terminate().WaitAsync(Patience);
    }

    [Fact]
    public async Task Ask_times_out_on_silence()
    {
        ActorSystem system = ActorSystem.Create("threads");
        IActorRef echo = system.ActorOf(Props.Create(static () => new Echo()));
        await Assert.ThrowsAsync<AskTimeoutException>(() => echo.Ask<string>(Echo.Silence, TimeSpan.FromMilliseconds(30)));
        await system.Terminate().WaitAsync(Patience);
    }

    [Fact]
    public async Task Ask_carries_failures_and_refuses_other_types()
    {
        ActorSystem system = ActorSystem.Create("threads");
        IActorRef echo = system.ActorOf(Props.Create(static () => new Echo()));
        await Assert.ThrowsAsync<TimeZoneNotFoundException>(() => echo.Ask<string>(new Failure(new TimeZoneNotFoundException()), Patience));
        await Assert.ThrowsAsync<AskFailedException>(() => echo.Ask<string>(17, Patience));
        using CancellationTokenSource cancellation = new();
        Task<string> asked = echo.Ask<string>(Echo.Silence, Patience, cancellation.Token);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked);
        await system.Terminate().WaitAsync(Patience);
    }

    [Fact]
    public async Task Timers_fire_on_the_machine_clock_and_never_early()
    {
        ActorSystem system = ActorSystem.Create("threads");
        IActorRef waiter = system.ActorOf(Props.Create(static () => new Waiter()));
        TimeSpan waited = await waiter.Ask<TimeSpan>(TimeSpan.FromMilliseconds(25), Patience);
        Assert.True(waited >= TimeSpan.FromMilliseconds(25), $"{waited}");
        await system.Terminate().WaitAsync(Patience);
    }

    [Fact]
    public async Task A_pinned_actor_keeps_its_thread()
    {
        ActorSystem system = ActorSystem.Create("threads");
        IActorRef pinned = system.ActorOf(Props.Create(static () => new ThreadNamer()).WithPinnedDispatcher());
        for (int i = 0; i < 3; i++) Assert.Equal("pinned actor", await pinned.Ask<string>("who", Patience));
        await system.Terminate().WaitAsync(Patience);
    }

    [Fact]
    public async Task An_impossible_state_reaches_the_host_once()
    {
        TaskCompletionSource<FatalError> fatal = new(TaskCreationOptions.RunContinuationsAsynchronously);
        ActorSystem system = ActorSystem.Create("threads", new ActorSystemSettings { OnFatalError = fatal.SetResult });
        IActorRef echo = system.ActorOf(Props.Create(static () => new Echo()), "echo");
        echo.Tell(new UnreachableException("impossible"));
        FatalError error = await fatal.Task.WaitAsync(Patience);
        Assert.Equal("/user/echo", error.Actor.Path);
        Assert.IsType<UnreachableException>(error.Cause);
        await system.Terminate().WaitAsync(Patience);
    }

    private sealed class Echo : UntypedActor
    {
        internal static readonly object Silence = new();

        protected internal override void OnReceive(object message)
        {
            if (message is Exception exception) throw exception;
            if (message != Silence) Sender.Tell(message, Self);
        }
    }

    private sealed class Waiter : UntypedActor
    {
        private TimeSpan _startedAt;
        private IActorRef? _client;

        protected internal override void OnReceive(object message)
        {
            if (message is TimeSpan delay)
            {
                _client = Sender;
                _startedAt = Clock.Monotonic;
                Timers.StartSingleTimer("wait", "done", delay);
            }
            else
            {
                _client!.Tell(Clock.Monotonic - _startedAt, Self);
            }
        }
    }

    private sealed class ThreadNamer : UntypedActor
    {
        protected internal override void OnReceive(object message) => Sender.Tell(Thread.CurrentThread.Name ?? "pool", Self);
    }
}
