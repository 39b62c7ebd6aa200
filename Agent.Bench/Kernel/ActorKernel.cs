using System.Diagnostics;

namespace Agent.Bench.Kernel;

/// <summary>How many messages went their way in a second, and the processor time that one took, which others on the machine hardly
/// change.</summary>
internal readonly record struct KernelRate(double PerSecond, double CpuNanoseconds);

/// <summary>What is measured of an actor kernel. Both sides get the same work: the same messages, the same actors.</summary>
/// <param name="messages">Of each pair; one actor gets ten times as many.</param>
internal abstract class ActorKernel(int messages) : IAsyncDisposable
{
    public const int Pairs = 8;

    protected int MessagesPerPair { get; } = messages;

    protected int MessagesToOne => 10 * MessagesPerPair;

    private int Questions => MessagesPerPair / 4;

    /// <summary>As a user knows it.</summary>
    public abstract string Name { get; }

    /// <summary>Messages between actors that answer each other.</summary>
    public KernelRate PingPong() => Rate(Pairs, 2.0 * Pairs * MessagesPerPair, BeginPingPong);

    /// <summary>Messages from this thread to one actor.</summary>
    public KernelRate OneWay() => Rate(1, MessagesToOne, BeginOneWay);

    /// <summary>Actors created per second as children of one, until each has run its PreStart; and what one takes afterwards, while all
    /// are idle.</summary>
    public (double PerSecond, double Octets) Spawn(int actors)
    {
        using CountdownEvent done = new(actors);
        object parent = MakeParent(done);
        long before = GC.GetTotalMemory(forceFullCollection: true);
        long start = Stopwatch.GetTimestamp();
        BeginSpawn(parent, actors);
        done.Wait();
        double rate = actors / Stopwatch.GetElapsedTime(start).TotalSeconds;
        double octets = (GC.GetTotalMemory(forceFullCollection: true) - before) / (double)actors;
        Stop(parent);
        return (rate, octets);
    }

    /// <summary>Microseconds from a question to its answer, one at a time.</summary>
    public async Task<double> AskAsync()
    {
        object target = MakeAnswerer();
        long start = Stopwatch.GetTimestamp();
        for (int question = 0; question < Questions; question++) await AskAsync(target);
        double microseconds = Stopwatch.GetElapsedTime(start).TotalMicroseconds / Questions;
        Stop(target);
        return microseconds;
    }

    public abstract ValueTask DisposeAsync();

    /// <summary>Starts the pairs; each signals when it has exchanged its messages, and ends.</summary>
    protected abstract void BeginPingPong(CountdownEvent done);

    /// <summary>Tells one actor all messages; it signals with the last.</summary>
    protected abstract void BeginOneWay(CountdownEvent done);

    /// <summary>An actor that creates as many children as it is told.</summary>
    protected abstract object MakeParent(CountdownEvent started);

    protected abstract void BeginSpawn(object parent, int actors);

    protected abstract object MakeAnswerer();

    protected abstract Task AskAsync(object target);

    protected abstract void Stop(object actor);

    private static KernelRate Rate(int signals, double messages, Action<CountdownEvent> begin)
    {
        using CountdownEvent done = new(signals);
        long start = Stopwatch.GetTimestamp();
        TimeSpan before = Environment.CpuUsage.TotalTime;
        begin(done);
        done.Wait();
        return new KernelRate(
            messages / Stopwatch.GetElapsedTime(start).TotalSeconds,
            (Environment.CpuUsage.TotalTime - before).TotalNanoseconds / messages);
    }
}
