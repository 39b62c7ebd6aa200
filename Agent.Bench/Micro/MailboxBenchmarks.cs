using Agent.Actors.Kernel;
using Agent.Bench.Kernel;
using BenchmarkDotNet.Attributes;

namespace Agent.Bench.Micro;

/// <summary>The mailbox, by what an actor's user pays for it.</summary>
public class MailboxBenchmarks : IDisposable
{
    private const int Messages = 1000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly SemaphoreSlim _handled = new(0);
    private ActorSystem _system = null!;
    private IActorRef _counter = null!;
    private IActorRef _echo = null!;

    [GlobalSetup]
    public void Prepare()
    {
        _system = ActorSystem.Create("micro");
        _counter = _system.ActorOf(Props.Create(static handled => new Counter(handled), _handled));
        _echo = _system.ActorOf(Props.Create(static () => new Echo()));
    }

    [GlobalCleanup]
    public Task End() => _system.Terminate();

    public void Dispose()
    {
        _handled.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>For each of them.</summary>
    [Benchmark(Description = "mailbox: a message told and handled, 1000 at once", OperationsPerInvoke = Messages)]
    public void Tell()
    {
        for (int message = 0; message < Messages; message++) _counter.Tell(Go.Instance);
        _handled.Wait();
    }

    [Benchmark(Description = "mailbox: a question and its answer")]
    public Task<object> Ask() => _echo.Ask<object>(Go.Instance, Patience);

    private sealed class Counter(SemaphoreSlim handled) : UntypedActor
    {
        private int _count;

        protected internal override void OnReceive(object message)
        {
            if (++_count % Messages == 0) handled.Release();
        }
    }

    private sealed class Echo : UntypedActor
    {
        protected internal override void OnReceive(object message) => Sender.Tell(message, Self);
    }
}
