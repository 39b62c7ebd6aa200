namespace Agent.Actors.Kernel;

/// <summary>
/// Death watch. The watcher keeps one entry per subject; the subject keeps its watchers. A dead subject refuses the watch mail, and the
/// watcher then sends the notice of its death to itself, so a watch is answered exactly once however it races with the death. The notice
/// travels the last step as an ordinary message: what the subject had sent before arrives before, also when it lived and died on another
/// thread during the turn that watches it and its messages have only just come in.
/// </summary>
internal partial class ActorCell
{
    public IActorRef Watch(IActorRef actor) => AddWatch(actor, message: null);

    public IActorRef WatchWith(IActorRef actor, object message)
    {
        ArgumentNullException.ThrowIfNull(message);
        return AddWatch(actor, message);
    }

    public void Unwatch(IActorRef actor)
    {
        CheckTurn();
        if (_extras?.Watching?.Remove(actor) == true) RemoveFrom(actor);
    }

    private IActorRef AddWatch(IActorRef actor, object? message)
    {
        CheckTurn();
        ArgumentNullException.ThrowIfNull(actor);
        if (actor == this) throw new ArgumentException("An actor cannot watch itself.", nameof(actor));
        Dictionary<IActorRef, WatchEntry> watching = Extras.Watching ??= [];
        if (watching.TryGetValue(actor, out WatchEntry? known))
        {
            if (!Equals(known.Message, message)) throw new InvalidOperationException($"{actor.Path} is watched with another message.");
            return actor;
        }
        watching.Add(actor, new WatchEntry(actor, message));
        bool isAlive = actor switch
        {
            ActorCell subject => subject.PostSystem(new WatchMail(this)),
            RemoteActorRef remote => remote.AddWatcher(this),
            // The dead-letter office and the senders of questions from outside have no life to watch.
            _ => false,
        };
        if (!isAlive) PostSystem(new DeathMail(actor));
        return actor;
    }

    private void AddWatcher(ActorCell watcher)
    {
        // The parent is told in any case.
        if (watcher == _parent) return;
        List<ActorCell> watchers = Extras.Watchers ??= [];
        if (!watchers.Contains(watcher)) watchers.Add(watcher);
    }

    private void OnDeath(IActorRef subject)
    {
        Notify(subject);
        if (subject is not ActorCell cell || _extras?.Children?.Remove(cell) != true) return;
        _extras.Restarts?.Remove(cell);
        if (Has(CellFlags.Terminating))
        {
            if (!HasChildren) FinishTerminate();
        }
        else if (Has(CellFlags.Recreating) && !_extras.Children.HasDying)
        {
            FinishRecreate();
        }
    }

    private void Notify(IActorRef subject)
    {
        // The subject and the watcher itself may both report the same death; the second notice finds its entry gone.
        if (_extras?.Watching is { } watching && watching.TryGetValue(subject, out WatchEntry? entry)) Append(new TerminatedMail(entry));
    }

    /// <summary>True once for each watch that is still wanted.</summary>
    private bool ConsumeNotice(TerminatedMail mail)
    {
        WatchEntry watch = mail.Watch;
        if (_extras?.Watching is not { } watching || !watching.TryGetValue(watch.Subject, out WatchEntry? entry) || entry != watch)
            return false;
        watching.Remove(watch.Subject);
        return true;
    }

    private void UnwatchAll()
    {
        if (_extras?.Watching is not { } watching) return;
        foreach (IActorRef actor in watching.Keys) RemoveFrom(actor);
        watching.Clear();
    }

    private void RemoveFrom(IActorRef actor)
    {
        if (actor is ActorCell subject) subject.PostSystem(new UnwatchMail(this));
        else if (actor is RemoteActorRef remote) remote.RemoveWatcher(this);
    }
}
