using Akka.Actor;
using Akka.Configuration;

namespace Agent.Bench.Kernel;

/// <summary>Akka.NET as it comes, without its log.</summary>
internal sealed class AkkaKernel(int messages) : ActorKernel(messages)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly ActorSystem _system = ActorSystem.Create(
        "bench", ConfigurationFactory.ParseString("akka { loglevel = OFF, stdout-loglevel = OFF, log-dead-letters = off }"));

    public override string Name => "Akka.NET";

    public override async ValueTask DisposeAsync() => await _system.Terminate();

    protected override void BeginPingPong(CountdownEvent done)
    {
        for (int pair = 0; pair < Pairs; pair++)
        {
            IActorRef pong = _system.ActorOf(Props.Create(static () => new Echo()));
            IActorRef ping = _system.ActorOf(Props.Create(() => new Counter(done, pong, MessagesPerPair)));
            ping.Tell(Go.Instance);
        }
    }

    protected override void BeginOneWay(CountdownEvent done)
    {
        IActorRef sink = _system.ActorOf(Props.Create(() => new Sink(done, MessagesToOne)));
        for (int message = 0; message < MessagesToOne; message++) sink.Tell(Go.Instance);
    }

    protected override object MakeParent(CountdownEvent started)
    {
        Props child = Props.CreateBy(new StarterProducer(started));
        return _system.ActorOf(Props.Create(() => new Nursery(child)));
    }

    protected override void BeginSpawn(object parent, int actors) => ((IActorRef)parent).Tell(actors);

    protected override object MakeAnswerer() => _system.ActorOf(Props.Create(static () => new Echo()));

    protected override Task AskAsync(object target) => ((IActorRef)target).Ask<Go>(Go.Instance, Patience);

    protected override void Stop(object actor) => _system.Stop((IActorRef)actor);

    private sealed class Echo : UntypedActor
    {
        protected override void OnReceive(object message) => Sender.Tell(message, Self);
    }

    private sealed class Counter(CountdownEvent done, IActorRef pong, int messages) : UntypedActor
    {
        private int _left = messages;

        protected override void OnReceive(object message)
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

        protected override void OnReceive(object message)
        {
            if (--_left > 0) return;
            done.Signal();
            Context.Stop(Self);
        }
    }

    private sealed class Nursery(Props child) : UntypedActor
    {
        protected override void OnReceive(object message)
        {
            for (int number = 0; number < (int)message; number++) Context.ActorOf(child);
        }
    }

    private sealed class Starter(CountdownEvent started) : UntypedActor
    {
        protected override void PreStart() => started.Signal();

        protected override void OnReceive(object message) => Unhandled(message);
    }

    /// <summary>Its quickest way to an instance: no expression, no reflection.</summary>
    private sealed class StarterProducer(CountdownEvent started) : IIndirectActorProducer
    {
        public Type ActorType => typeof(Starter);

        public ActorBase Produce() => new Starter(started);

        public void Release(ActorBase actor)
        {
            // Nothing is kept of it.
        }
    }
}
