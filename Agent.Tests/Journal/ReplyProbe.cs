using System.Collections.Concurrent;
using Agent.Actors.Kernel;

namespace Agent.Tests.Journal;

/// <summary>Stands where the asking actor stands, and takes the answers of an adapter in order.</summary>
public sealed class ReplyProbe : IActorRef
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    private readonly BlockingCollection<object> _answers = [];

    public string Path => "/probe";

    public ReplyTo ReplyTo => new(this, 0);

    /// <summary>Answers that nobody took yet.</summary>
    public int Waiting => _answers.Count;

    public void Tell(object message, IActorRef? sender = null) => _answers.Add(message);

    /// <summary>The next answer, which must be of this type.</summary>
    public T Expect<T>()
    {
        object answer = Next($"no {typeof(T).Name} came");
        Assert.True(answer is T, $"{typeof(T).Name} was to come, and not {answer}");
        return (T)answer;
    }

    /// <summary>The next answer, whatever it is.</summary>
    public object ExpectAny() => Next("no answer came");

    /// <summary>The next answer of this type; others before it are passed over.</summary>
    public T ExpectLast<T>()
    {
        while (true)
        {
            if (Next($"no {typeof(T).Name} came") is T wanted)
                return wanted;
        }
    }

    private object Next(string otherwise)
    {
        Assert.True(_answers.TryTake(out object? answer, Deadline), otherwise);
        return answer!;
    }
}
