using System.Diagnostics;
using Agent.Actors.Kernel;
using Agent.Bench.Measure;

namespace Agent.Bench;

/// <summary>
/// What the actor kernel does on this machine: the figures that an Akka user knows to ask for. Each is the median of several rounds after a
/// warm-up; on a shared machine look at the ratio between two runs, not at the number.
/// </summary>
internal static class KernelBench
{
    private const int Pairs = 8;
    private const int MessagesPerPair = 200_000;
    private const int MessagesToOne = 2_000_000;
    private const int Actors = 200_000;

    public static async Task<BenchReport> RunAsync(BenchOptions options)
    {
        int rounds = options.Number("rounds", 5);
        BenchReport report = new("Actor kernel, in one process");
        ActorSystem system = ActorSystem.Create("bench");
        Repeat(rounds, report.Of("agent", $"{Pairs} ping-pong pairs", "messages/s"), () => PingPong(system));
        Repeat(rounds, report.Of("agent", "one sender to one actor", "messages/s"), () => OneWay(system));
        Repeat(rounds, report.Of("agent", "actors created", "actors/s"), () => Spawn(system, out _));
        await system.Terminate();
        report.Of("agent", "idle actor, without its own state", "octets").Add(await OctetsPerIdleActorAsync());
        return report;
    }

    private static void Repeat(int rounds, Samples samples, Func<double> measure)
    {
        measure();
        for (int round = 0; round < rounds; round++)
        {
            samples.Add(measure());
        }
    }

    /// <summary>In a system of its own: actors that are just being stopped would be counted as memory given back.</summary>
    private static async Task<double> OctetsPerIdleActorAsync()
    {
        ActorSystem system = ActorSystem.Create("bench-memory");
        Spawn(system, out double octets);
        await system.Terminate();
        return octets;
    }

    private static double PingPong(ActorSystem system)
    {
        using var done = new CountdownEvent(Pairs);
        long started = Stopwatch.GetTimestamp();
        for (int i = 0; i < Pairs; i++)
        {
            IActorRef pong = system.ActorOf(Props.Create(static () => new Echo()));
            IActorRef ping = system.ActorOf(Props.Create(static d => new Counter(d.done, d.pong), (done, pong)));
            ping.Tell(Go.Instance);
        }

        done.Wait();
        return Pairs * 2.0 * MessagesPerPair / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    private static double OneWay(ActorSystem system)
    {
        using var done = new CountdownEvent(1);
        IActorRef sink = system.ActorOf(Props.Create(static d => new Sink(d), done));
        long started = Stopwatch.GetTimestamp();
        for (int i = 0; i < MessagesToOne; i++) sink.Tell(Go.Instance);
        done.Wait();
        system.Stop(sink);
        return MessagesToOne / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    private static double Spawn(ActorSystem system, out double octetsPerActor)
    {
        using var done = new CountdownEvent(Actors);
        Props props = Props.Create(static d => new Starter(d), done);
        IActorRef parent = system.ActorOf(Props.Create(static p => new Nursery(p), props));
        long before = GC.GetTotalMemory(forceFullCollection: true);
        long started = Stopwatch.GetTimestamp();
        parent.Tell(Go.Instance);
        done.Wait();
        double rate = Actors / Stopwatch.GetElapsedTime(started).TotalSeconds;
        octetsPerActor = (GC.GetTotalMemory(forceFullCollection: true) - before) / (double)Actors;
        system.Stop(parent);
        return rate;
    }

    private sealed record Go
    {
        public static Go Instance { get; } = new();
    }

    private sealed class Echo : UntypedActor
    {
        protected internal override void OnReceive(object message) => Sender.Tell(message, Self);
    }

    private sealed class Counter(CountdownEvent done, IActorRef pong) : UntypedActor
    {
        private int _left = MessagesPerPair;

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

    private sealed class Sink(CountdownEvent done) : UntypedActor
    {
        private int _left = MessagesToOne;

        protected internal override void OnReceive(object message)
        {
            if (--_left == 0) done.Signal();
        }
    }

    private sealed class Nursery(Props child) : UntypedActor
    {
        protected internal override void OnReceive(object message)
        {
            for (uint i = 1; i <= Actors; i++) Context.ActorOf(child, i);
        }
    }

    private sealed class Starter(CountdownEvent done) : UntypedActor
    {
        protected internal override void PreStart() => done.Signal();

        protected internal override void OnReceive(object message) => Unhandled(message);
    }
}
