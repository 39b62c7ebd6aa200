using System.Diagnostics;

namespace Agent.Actors.Kernel;

/// <summary>Creating, finding and stopping children, and the actor's own end.</summary>
internal partial class ActorCell
{
    public IReadOnlyList<IActorRef> Children => ChildCells();

    internal bool HasName => _name is not null;

    internal string Name => _name ?? throw new UnreachableException("an entity has no name");

    internal static ActorCell New(CellShared shared, ActorCell? parent, string? name, uint entityId) => shared.Props.MailboxCapacity > 0
        ? new BoundedActorCell(shared, parent, name, entityId)
        : new ActorCell(shared, parent, name, entityId);

    public IActorRef ActorOf(Props props, string? name = null)
    {
        ArgumentNullException.ThrowIfNull(props);
        return Start(ChildrenForUse().AddNamed(this, props.SharedIn(System), name));
    }

    public IActorRef ActorOf(Props props, uint entityId)
    {
        ArgumentNullException.ThrowIfNull(props);
        return Start(ChildrenForUse().AddNumbered(this, props.SharedIn(System), entityId));
    }

    public IActorRef? Child(string name) => _extras?.Children?.Find(name);

    public IActorRef? Child(uint entityId) => _extras?.Children?.Find(entityId);

    public void Stop(IActorRef actor)
    {
        if (actor is not ActorCell cell) throw new ArgumentException("Only a local actor can be stopped.", nameof(actor));
        _extras?.Children?.MarkDying(cell);
        cell.PostSystem(new StopMail());
    }

    /// <summary>Gives the guardian its table before anyone can create top-level actors from two threads.</summary>
    internal void PrepareAsGuardian() => ChildrenForUse();

    private static ActorCell Start(ActorCell cell)
    {
        cell.System.Counters.Increment(KernelCounter.Started);
        cell.PostSystem(new CreateMail());
        return cell;
    }

    private bool HasChildren => _extras?.Children is { Count: > 0 };

    private ChildTable ChildrenForUse()
    {
        CheckTurn();
        if (Has(CellFlags.Terminating)) throw new InvalidOperationException($"{Path} is terminating and takes no children.");
        return Extras.Children ??= new ChildTable();
    }

    private ActorCell[] ChildCells() => _extras?.Children?.Snapshot() ?? [];

    private void Create()
    {
        try
        {
            _actor = Props.CreateActor();
            _actor.PreStart();
        }
        catch (Exception cause)
        {
            _actor = null;
            Fail(new ActorInitializationException($"{Path} could not start: {cause.Message}", cause));
        }
    }

    private void Terminate()
    {
        _flags |= CellFlags.Terminating;
        _flags &= ~CellFlags.Recreating;
        CancelAll();
        SetReceiveTimeout(null);
        _extras?.Children?.Close();
        foreach (ActorCell child in ChildCells()) Stop(child);
        if (!HasChildren) FinishTerminate();
    }

    private void FinishTerminate()
    {
        RunHook(actor => actor.PostStop(), nameof(UntypedActor.PostStop));
        _actor = null;
        CancelAll();
        System.EventStream.Unsubscribe(this);
        UnwatchAll();
        List<ActorCell>? watchers = _extras?.Watchers;
        Queue<Mail>? stash = _extras?.Stash;
        _extras = null;
        foreach (Mail mail in Close()) AfterDeath(mail);
        while (stash is not null && stash.TryDequeue(out Mail? mail)) AfterDeath(mail);
        foreach (ActorCell watcher in watchers ?? []) watcher.PostSystem(new DeathMail(this));
        System.Counters.Increment(KernelCounter.Stopped);
        if (Props.IsPinned) _shared.Dispatcher.Release();
        if (_parent is not null) _parent.PostSystem(new DeathMail(this));
        else System.OnGuardianTerminated();
    }

    /// <summary>What had been accepted and will not be handled: watchers get their answer, messages become dead letters.</summary>
    private void AfterDeath(Mail mail)
    {
        switch (mail)
        {
            case WatchMail watch:
                watch.Watcher.PostSystem(new DeathMail(this));
                break;
            case SystemMail or TimerEntry or TerminatedMail:
                break;
            default:
                Unlink(mail);
                DropMail(mail, DeadLetterReason.Stopped);
                break;
        }
    }

    /// <summary>Runs a life-cycle method whose failure must not stop the life cycle: it is reported and passed over.</summary>
    private void RunHook(Action<UntypedActor> hook, string name)
    {
        if (_actor is null) return;
        try
        {
            hook(_actor);
        }
        catch (Exception cause)
        {
            System.OnHookFailed(this, name, cause);
        }
    }
}
