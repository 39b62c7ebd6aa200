using Agent.Actors.Kernel;

namespace Agent.Bench.Kernel;

/// <summary>The kernel of this project.</summary>
internal sealed class AgentKernel(int messages) : ActorKernel(messages)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly ActorSystem _system = ActorSystem.Create("bench");

    public override string Name => "agent";

    public override async ValueTask DisposeAsync() => await _system.Terminate();

    protected override void BeginPingPong(CountdownEvent done)
    {
        for (int pair = 0; pair < Pairs; pair++)
        {
            IActorRef pong = _system.ActorOf(Props.Create(static () => new Echo()));
            IActorRef ping = _system.ActorOf(Props.Create(
                static d => new Counter(d.done, d.pong, d.MessagesPerPair), (done, pong, MessagesPerPair)));
            ping.Tell(Go.Instance);
        }
    }

    protected override void BeginOneWay(CountdownEvent done)
    {
        IActorRef sink = _system.ActorOf(Props.Create(static d => new Sink(d.done, d.MessagesToOne), (done, MessagesToOne)));
        for (int message = 0; message < MessagesToOne; message++) sink.Tell(Go.Instance);
    }

    protected override object MakeParent(CountdownEvent started) =>
        _system.ActorOf(Props.Create(static p => new Nursery(p), Props.Create(static d => new Starter(d), started)));

    protected override void BeginSpawn(object parent, int actors) => ((IActorRef)parent).Tell(actors);

    protected override object MakeAnswerer() => _system.ActorOf(Props.Create(static () => new Echo()));

    protected override Task AskAsync(object target) => ((IActorRef)target).Ask<Go>(Go.Instance, Patience);

    protected override void Stop(object actor) => _system.Stop((IActorRef)actor);

    private sealed class Echo : UntypedActor
    {
        protected internal override void OnReceive(object message) => Sender.Tell(message, Self);
    }

    private sealed class Counter(CountdownEvent done, IActorRef pong, int messages) : UntypedActor
    {
        private int _left = messages;

        protected internal override void OnReceive(object message)
        {
            if (_left-- > 0)
            {
                pong.Tell(message, Self);
                return;
            }

            done.Signal();
            Context.Stop(pong);
            Context.Stop(Self);
        }
    }

    private sealed class Sink(CountdownEvent done, int messages) : UntypedActor
    {
        private int _left = messages;

        protected internal override void OnReceive(object message)
        {
            if (--_left > 0) return;
            done.Signal();
            Context.Stop(Self);
        }
    }

    private sealed class Nursery(Props child) : UntypedActor
    {
        protected internal override void OnReceive(object message)
        {
            for (uint number = 1; number <= (int)message; number++) Context.ActorOf(child, number);
        }
    }

    private sealed class Starter(CountdownEvent started) : UntypedActor
    {
        protected internal override void PreStart() => started.Signal();

        protected internal override void OnReceive(object message) => Unhandled(message);
    }
}
