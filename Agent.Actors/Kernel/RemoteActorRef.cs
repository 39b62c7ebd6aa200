namespace Agent.Actors.Kernel;

/// <summary>The base of references to actors elsewhere: the node link carries their messages, the membership decides about their
/// death.</summary>
public abstract class RemoteActorRef : IActorRef
{
    private readonly Lock _gate = new();
    private readonly List<ActorCell> _watchers = [];
    private bool _isTerminated;

    /// <inheritdoc/>
    public abstract string Path { get; }

    /// <inheritdoc/>
    public abstract void Tell(object message, IActorRef? sender = null);

    /// <summary>Tells all watchers that the actor is gone, once; later watches are answered at once. Any thread.</summary>
    protected void MarkTerminated()
    {
        ActorCell[] watchers;
        lock (_gate)
        {
            _isTerminated = true;
            watchers = [.. _watchers];
            _watchers.Clear();
        }
        foreach (ActorCell watcher in watchers) watcher.PostSystem(new DeathMail(this));
    }

    internal bool AddWatcher(ActorCell watcher)
    {
        lock (_gate)
        {
            if (_isTerminated) return false;
            if (!_watchers.Contains(watcher)) _watchers.Add(watcher);
            return true;
        }
    }

    internal void RemoveWatcher(ActorCell watcher)
    {
        lock (_gate) _watchers.Remove(watcher);
    }
}
