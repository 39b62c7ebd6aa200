using Agent.Actors.Kernel;
using Agent.Actors.Kernel.Simulation;
using Xunit.Sdk;

namespace Agent.Tests.TestKit;

/// <summary>An actor that keeps what it is sent and lets the test look at it. Expectations run the simulation until they are met or virtual
/// time is up.</summary>
public sealed class TestProbe
{
    private readonly Queue<(object Message, IActorRef Sender)> _received = new();
    private readonly SimScheduler _sim;
    private Predicate<object>? _ignored;
    private Action<TestProbe, object>? _autoPilot;

    internal TestProbe(SimScheduler sim, ActorSystem system, string? name)
    {
        _sim = sim;
        Ref = system.ActorOf(Props.Create(static probe => new ProbeActor(probe), this), name);
        LastSender = system.DeadLetters;
    }

    public IActorRef Ref { get; }

    /// <summary>The sender of the message that the last expectation took.</summary>
    public IActorRef LastSender { get; private set; }

    /// <summary>How many messages wait to be looked at.</summary>
    public int Waiting => _received.Count;

    public T ExpectMsg<T>(TimeSpan? within = null)
    {
        object message = Receive(within, $"a {typeof(T).Name}");
        return message is T expected ? expected : throw new XunitException($"{Ref.Path}: expected a {typeof(T).Name}, got {message}");
    }

    public T ExpectMsg<T>(Predicate<T> predicate, TimeSpan? within = null)
    {
        T message = ExpectMsg<T>(within);
        return predicate(message) ? message : throw new XunitException($"{Ref.Path}: {message} is not as expected");
    }

    /// <summary>The next message equals the given one.</summary>
    public T ExpectMsg<T>(T expected, TimeSpan? within = null)
        where T : notnull
    {
        T message = ExpectMsg<T>(within);
        return expected.Equals(message) ? message : throw new XunitException($"{Ref.Path}: expected {expected}, got {message}");
    }

    /// <summary>Nothing comes for this long.</summary>
    public void ExpectNoMsg(TimeSpan duration)
    {
        TimeSpan end = _sim.Now + duration;
        while (_received.Count == 0 && _sim.Step(end))
        {
        }
        if (_received.TryPeek(out (object Message, IActorRef Sender) first))
            throw new XunitException($"{Ref.Path}: expected nothing for {duration}, got {first.Message} from {first.Sender.Path}");
        if (end > _sim.Now) _sim.RunFor(end - _sim.Now);
    }

    /// <summary>Nothing comes from what can run without waiting.</summary>
    public void ExpectNoMsg()
    {
        _sim.RunReady();
        ExpectNoMsg(TimeSpan.Zero);
    }

    public Terminated ExpectTerminated(IActorRef actor, TimeSpan? within = null) =>
        ExpectMsg<Terminated>(terminated => terminated.ActorRef == actor, within);

    /// <summary>Skips messages until one fits.</summary>
    public T FishForMessage<T>(Predicate<T> predicate, TimeSpan? within = null)
    {
        TimeSpan end = _sim.Now + (within ?? TestKitBase.DefaultWithin);
        while (true)
        {
            if (Receive(end - _sim.Now, $"a fitting {typeof(T).Name}") is T message && predicate(message)) return message;
        }
    }

    public IReadOnlyList<T> ReceiveN<T>(int count, TimeSpan? within = null)
    {
        TimeSpan end = _sim.Now + (within ?? TestKitBase.DefaultWithin);
        List<T> messages = [];
        while (messages.Count < count) messages.Add(ExpectMsg<T>(end - _sim.Now));
        return messages;
    }

    /// <summary>Takes everything that has arrived, without running anything.</summary>
    public IReadOnlyList<object> TakeAll()
    {
        List<object> messages = [.. _received.Select(static entry => entry.Message)];
        _received.Clear();
        return messages;
    }

    public void Send(IActorRef target, object message) => target.Tell(message, Ref);

    public void Reply(object message) => LastSender.Tell(message, Ref);

    /// <summary>Watches, and returns when the watch stands.</summary>
    public void Watch(IActorRef actor) => Command(new WatchCommand(actor));

    public void Unwatch(IActorRef actor) => Command(new UnwatchCommand(actor));

    /// <summary>Messages that fit are dropped on arrival; null drops none.</summary>
    public void IgnoreMessages(Predicate<object>? predicate) => _ignored = predicate;

    /// <summary>Called with each message on arrival, in the probe's turn; <see cref="LastSender"/> is its sender. The message waits as
    /// well.</summary>
    public void SetAutoPilot(Action<TestProbe, object>? pilot) => _autoPilot = pilot;

    private void Command(ProbeCommand command)
    {
        Ref.Tell(command);
        if (!_sim.RunUntil(() => command.IsDone, TestKitBase.DefaultWithin)) throw new XunitException($"{Ref.Path} is stopped");
    }

    private object Receive(TimeSpan? within, string what)
    {
        TimeSpan bound = within ?? TestKitBase.DefaultWithin;
        if (!_sim.RunUntil(() => _received.Count > 0, bound))
            throw new XunitException($"{Ref.Path}: expected {what} within {bound}, got nothing");
        (object message, LastSender) = _received.Dequeue();
        return message;
    }

    private void OnArrival(object message, IActorRef sender)
    {
        if (_ignored?.Invoke(message) == true) return;
        _received.Enqueue((message, sender));
        if (_autoPilot is null) return;
        LastSender = sender;
        _autoPilot(this, message);
    }

    private abstract class ProbeCommand(IActorRef actor)
    {
        internal IActorRef Actor { get; } = actor;

        internal bool IsDone { get; set; }
    }

    private sealed class WatchCommand(IActorRef actor) : ProbeCommand(actor);

    private sealed class UnwatchCommand(IActorRef actor) : ProbeCommand(actor);

    private sealed class ProbeActor(TestProbe probe) : UntypedActor
    {
        protected internal override void OnReceive(object message)
        {
            if (message is ProbeCommand command)
            {
                if (command is WatchCommand) Context.Watch(command.Actor);
                else Context.Unwatch(command.Actor);
                command.IsDone = true;
                return;
            }
            probe.OnArrival(message, Sender);
        }
    }
}
