using Agent.Actors.Kernel;
using Agent.Actors.Kernel.Simulation;

namespace Agent.Tests.Simulation.Cluster;

/// <summary>Stands where an asking actor stands, and keeps what a model answers, in order.</summary>
internal sealed class ReplyBox(SimScheduler sim) : IActorRef
{
    private readonly Queue<object> _answers = new();

    public string Path => "/box";

    public ReplyTo ReplyTo => new(this, 0);

    public int Waiting => _answers.Count;

    public void Tell(object message, IActorRef? sender = null) => _answers.Enqueue(message);

    /// <summary>The next answer, which must be of this type and come within a minute of virtual time.</summary>
    public T Expect<T>()
    {
        Assert.True(sim.RunUntil(() => _answers.Count > 0, TimeSpan.FromMinutes(1)), $"no {typeof(T).Name} came");
        return Assert.IsType<T>(_answers.Dequeue());
    }

    public IReadOnlyList<object> TakeAll()
    {
        object[] all = [.. _answers];
        _answers.Clear();
        return all;
    }
}
