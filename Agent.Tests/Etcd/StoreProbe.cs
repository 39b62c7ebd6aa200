using Agent.Actors.Cluster;
using Agent.Actors.Kernel;

namespace Agent.Tests.Etcd;

/// <summary>Stands where the asking actor stands and keeps everything that a store tells it, in order.</summary>
public sealed class StoreProbe : IActorRef
{
    private readonly Lock _gate = new();
    private readonly List<object> _messages = [];

    public string Path => "/probe";

    public ReplyTo ReplyTo => new(this, 0);

    public IReadOnlyList<object> Messages
    {
        get
        {
            lock (_gate) return [.. _messages];
        }
    }

    public void Tell(object message, IActorRef? sender = null)
    {
        lock (_gate) _messages.Add(message);
    }

    /// <summary>What was told of a watch.</summary>
    public IReadOnlyList<StoreChange> Changes(long watch) =>
        [.. Messages.OfType<StoreChanged>().Where(changed => changed.Watch == watch).SelectMany(changed => changed.Changes)];

    /// <summary>Up to where a watch has told; 0 before it told anything.</summary>
    public long Told(long watch) =>
        Messages.OfType<StoreChanged>().Where(changed => changed.Watch == watch).Select(changed => changed.Revision).LastOrDefault();

    public IReadOnlyList<WatchEnded> Ends(long watch) => [.. Messages.OfType<WatchEnded>().Where(ended => ended.Watch == watch)];

    /// <summary>The answer to a request, if it is there.</summary>
    public object? Answer(long request) => Messages.FirstOrDefault(message => NumberOf(message) == request);

    private static long? NumberOf(object message) => message switch
    {
        LeaseGranted granted => granted.Request,
        LeaseKept kept => kept.Request,
        LeaseRevoked revoked => revoked.Request,
        StoreRead read => read.Request,
        StoreCommitted committed => committed.Request,
        StoreFailed failed => failed.Request,
        _ => null,
    };
}
