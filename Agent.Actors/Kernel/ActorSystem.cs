using Microsoft.Extensions.Logging;

namespace Agent.Actors.Kernel;

/// <summary>A tree of actors with its clock, timers, randomness and event stream. All members may be used from any thread.</summary>
public sealed partial class ActorSystem
{
    private readonly ActorRuntime _runtime;
    private readonly ActorCell _guardian;
    private readonly ILogger _log;
    private readonly Action<FatalError>? _onFatalError;
    private readonly TaskCompletionSource _terminated = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _hasFatalError;

    private ActorSystem(string name, ActorSystemSettings settings)
    {
        Name = name;
        LoggerFactory = settings.LoggerFactory;
        _runtime = settings.Runtime ?? ThreadedRuntime.Instance;
        _log = settings.LoggerFactory.CreateLogger("Agent.Actors.Kernel");
        _onFatalError = settings.OnFatalError;
        Timers = _runtime.CreateTimers();
        Probe = _runtime.Probe;
        DeadLetters = new DeadLetterOffice(this);
        Props props = Props.Create(static strategy => new Guardian(strategy), settings.GuardianStrategy);
        _guardian = ActorCell.New(props.SharedIn(this), parent: null, "user", entityId: 0);
        _guardian.PrepareAsGuardian();
        _guardian.PostSystem(new CreateMail());
    }

    /// <summary>The name given at creation.</summary>
    public string Name { get; }

    /// <summary>Monotonic and civil time; virtual in simulation.</summary>
    public KernelClock Clock => _runtime.Clock;

    /// <summary>Randomness for jitter and choices; only from within an actor's turn.</summary>
    public KernelRandom Random => _runtime.Random;

    /// <summary>Publish and subscribe.</summary>
    public EventStream EventStream { get; } = new();

    /// <summary>Totals since the start.</summary>
    public KernelCounters Counters { get; } = new();

    /// <summary>The office that stands for "nobody": whatever it is told is counted and published as <see cref="DeadLetter"/>.</summary>
    public IActorRef DeadLetters { get; }

    /// <summary>For actors that log.</summary>
    public ILoggerFactory LoggerFactory { get; }

    /// <summary>Completes when all actors have terminated after <see cref="Terminate"/>.</summary>
    public Task WhenTerminated => _terminated.Task;

    internal ActorRuntime Runtime => _runtime;

    internal KernelTimers Timers { get; }

    internal IDeliveryProbe? Probe { get; }

    /// <summary>Starts a system; it lives until <see cref="Terminate"/>.</summary>
    public static ActorSystem Create(string name, ActorSystemSettings? settings = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return new ActorSystem(name, settings ?? new ActorSystemSettings());
    }

    /// <summary>Creates an actor at the top: <c>/user/name</c>.</summary>
    /// <exception cref="InvalidActorNameException">The name is taken or cannot name an actor.</exception>
    /// <exception cref="InvalidOperationException">The system is terminating.</exception>
    public IActorRef ActorOf(Props props, string? name = null) => _guardian.ActorOf(props, name);

    /// <summary>Stops an actor after the message it is handling.</summary>
    public void Stop(IActorRef actor) => _guardian.Stop(actor);

    /// <summary>Stops all actors, children before their parents' last step. An orderly leave (draining, last answers) is up to the actors,
    /// before this.</summary>
    public Task Terminate()
    {
        _guardian.PostSystem(new StopMail());
        return WhenTerminated;
    }

    internal MessageDispatcher DispatcherFor(Props props) => props.IsPinned ? _runtime.CreatePinnedDispatcher() : _runtime.Dispatcher;

    internal void OnDeadLetter(DeadLetter letter)
    {
        Counters.Increment(KernelCounter.DeadLetters);
        // Whoever asked from outside need not wait for the timeout to learn that nobody will answer.
        if (letter.Sender is PromiseRef promise)
            promise.Fail(new AskFailedException($"{letter.Recipient.Path}: {letter.Reason}", letter.Cause));
        if (letter.Message is IUndeliverable undeliverable) undeliverable.OnUndelivered(letter.Sender);
        // A dead letter about a dead letter would go round for ever.
        if (letter.Message is not DeadLetter) EventStream.Publish(letter);
    }

    internal void OnUnhandled(object message, IActorRef sender, IActorRef recipient)
    {
        Counters.Increment(KernelCounter.Unhandled);
        EventStream.Publish(new UnhandledMessage(message, sender, recipient));
    }

    internal void OnActorFailed(ActorFailed failed)
    {
        LogActorFailed(_log, failed.Actor.Path, failed.Directive, failed.Cause);
        EventStream.Publish(failed);
    }

    internal void OnHookFailed(ActorCell cell, string hook, Exception cause) => LogHookFailed(_log, cell.Path, hook, cause);

    internal void OnFatal(ActorCell cell, Exception cause)
    {
        FatalError error = new(cell, cause);
        LogFatalError(_log, cell.Path, cause);
        EventStream.Publish(error);
        if (Interlocked.Exchange(ref _hasFatalError, 1) != 0) return;
        if (_onFatalError is not null) _onFatalError(error);
        else Probe?.OnFatalError(error);
    }

    internal void OnGuardianTerminated()
    {
        Timers.Close();
        _terminated.TrySetResult();
    }

    [LoggerMessage(EventId = 100, EventName = "actor-failed", Level = LogLevel.Warning, Message = "{Actor} failed: {Directive}")]
    private static partial void LogActorFailed(ILogger log, string actor, Directive directive, Exception cause);

    [LoggerMessage(
        EventId = 101,
        EventName = "actor-hook-failed",
        Level = LogLevel.Error,
        Message = "{Actor} failed in {Hook}, and goes on")]
    private static partial void LogHookFailed(ILogger log, string actor, string hook, Exception cause);

    [LoggerMessage(
        EventId = 102,
        EventName = "actor-beyond-repair",
        Level = LogLevel.Critical,
        Message = "{Actor} failed and nobody may repair it")]
    private static partial void LogFatalError(ILogger log, string actor, Exception cause);

    private sealed class Guardian(SupervisorStrategy strategy) : UntypedActor
    {
        protected internal override SupervisorStrategy SupervisorStrategy => strategy;

        protected internal override void OnReceive(object message) => Unhandled(message);
    }

    private sealed class DeadLetterOffice(ActorSystem system) : IActorRef
    {
        public string Path => "/deadLetters";

        public void Tell(object message, IActorRef? sender = null) =>
            system.OnDeadLetter(new DeadLetter(message, sender, this, DeadLetterReason.NoReceiver));

        public override string ToString() => Path;
    }
}
