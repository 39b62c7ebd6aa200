using System.Diagnostics;
using System.Globalization;

namespace Agent.Actors.Kernel;

/// <summary>
/// One actor: reference, context, mailbox and work item in a single object, so that an idle actor costs as little as possible. What few
/// actors need (children, watches, timers, stash, behaviours) lives in <see cref="CellExtras"/>, made on first use.
/// </summary>
/// <remarks>
/// <code>
///                      Failed (suspended, parent decides) --- Resume ---> Running
///                         ^   |
///            constructor, |   | Recreate                          all dying children gone
///            OnReceive    |   v                                          |
///   Created --Create--> Running      Recreating (suspended) ------------>+---> Running, next incarnation
///                         |   |
///                         |   +-- Stop, also from Failed and Recreating --> Terminating -- all children gone --> Terminated
///                         v
///                  Suspended (by the supervisor or an ancestor; counted) -- Resume --> Running
/// </code>
/// Suspensions are counted: an actor may have failed itself and be suspended with its parent at the same time. While the count is above
/// zero, messages stay in the mailbox and only system mail is served.
/// Everything except <see cref="Tell"/>, <see cref="TellReply"/>, <see cref="OneWordMailbox.PostSystem"/> and <see cref="Path"/>
/// belongs to the turn.
/// </remarks>
internal partial class ActorCell : OneWordMailbox, IActorRef, IActorContext, ITimerScheduler, IStash
{
    [ThreadStatic]
    private static ActorCell? _running;

    private readonly CellShared _shared;
    private readonly ActorCell? _parent;
    private readonly string? _name;
    private UntypedActor? _actor;
    private CellExtras? _extras;
    private Mail? _current;
    private readonly uint _entityId;
    private ushort _incarnation;
    private byte _suspensions;
    private CellFlags _flags;
    private bool _systemMailCame;

    internal ActorCell(CellShared shared, ActorCell? parent, string? name, uint entityId)
    {
        _shared = shared;
        _parent = parent;
        _name = name;
        _entityId = entityId;
    }

    [Flags]
    private enum CellFlags : byte
    {
        None = 0,
        Failed = 1,
        Recreating = 2,
        Terminating = 4,
        Stashed = 8,
        HasReceiveTimeout = 16,
    }

    /// <summary>The cell whose turn runs on this thread.</summary>
    internal static ActorCell? Running => _running;

    public ActorSystem System => _shared.System;

    public IActorRef Self => this;

    public IActorRef Sender => SenderOrNull ?? System.DeadLetters;

    public IActorRef Parent => _parent ?? System.DeadLetters;

    public int Incarnation => _incarnation;

    public uint EntityId => _entityId;

    public string Path
    {
        get
        {
            string name = _name ?? string.Create(CultureInfo.InvariantCulture, $"#{_entityId}");
            return _parent is null ? $"/{name}" : $"{_parent.Path}/{name}";
        }
    }

    internal IActorRef? SenderOrNull => _current switch
    {
        UserMail mail => mail.Sender,
        ReplyMail mail => mail.Sender,
        TerminatedMail mail => mail.Watch.Subject,
        TimerEntry => this,
        _ => null,
    };

    protected override ref bool SystemMailCame => ref _systemMailCame;

    protected override bool TakesMessages => _suspensions == 0 && !Has(CellFlags.Terminating);

    internal Props Props => _shared.Props;

    internal bool IsTerminated => IsClosed;

    private CellExtras Extras => _extras ??= new CellExtras();

    public void Tell(object message, IActorRef? sender = null)
    {
        ArgumentNullException.ThrowIfNull(message);
        Mail mail;
        if (message is IntrusiveMessage intrusive)
        {
            // Claimed before it is linked, so that of two concurrent posts one is refused.
            if (Interlocked.CompareExchange(ref intrusive.Next, null, Unlinked) != Unlinked)
                throw new InvalidOperationException($"This {message.GetType().Name} is in a mailbox already.");
            mail = intrusive;
        }
        else
        {
            mail = new UserMail(message, sender);
        }
        if (!TryReserve())
        {
            Unlink(mail);
            DropMail(mail, DeadLetterReason.MailboxFull);
        }
        else if (!Post(mail))
        {
            Release(1);
            Unlink(mail);
            DropMail(mail, DeadLetterReason.Stopped);
        }
    }

    public ReplyTo ReplyTo() => new(this, _incarnation);

    public override string ToString() => Path;

    internal void TellReply(object message, IActorRef? sender, int incarnation)
    {
        ArgumentNullException.ThrowIfNull(message);
        ReplyMail mail = new(message, sender, incarnation);
        if (!Post(mail)) DropMail(mail, DeadLetterReason.Stopped);
    }

    internal override bool RunTurn(int quantum)
    {
        ActorCell? outer = _running;
        _running = this;
        try
        {
            return Run(quantum);
        }
        finally
        {
            _running = outer;
        }
    }


    protected override void ScheduleTurn() => _shared.Dispatcher.Schedule(this);

    /// <summary>Takes a place in a bounded mailbox; an unbounded one always has room.</summary>
    private protected virtual bool TryReserve() => true;

    /// <summary>Gives places of a bounded mailbox back; a negative count takes them without asking.</summary>
    private protected virtual void Release(int count)
    {
    }

    protected override void OnSystemMail(SystemMail mail)
    {
        if (IsClosed)
        {
            // Stopped by an earlier mail of the same chain.
            AfterDeath(mail);
            return;
        }
        System.Probe?.OnSystemMail(this, mail);
        // One who is terminating only waits for its children; one who watched or was watched still hears of deaths.
        if (Has(CellFlags.Terminating) && mail is not (DeathMail or WatchMail or UnwatchMail)) return;
        switch (mail)
        {
            case CreateMail:
                Create();
                break;
            case StopMail:
                Terminate();
                break;
            case SuspendMail:
                Suspend();
                break;
            case ResumeMail resume:
                ResumeFrom(resume.Cause);
                break;
            case RecreateMail recreate:
                Recreate(recreate.Cause);
                break;
            case FailedMail failed:
                OnChildFailed(failed);
                break;
            case WatchMail watch:
                AddWatcher(watch.Watcher);
                break;
            case UnwatchMail unwatch:
                _extras?.Watchers?.Remove(unwatch.Watcher);
                break;
            case DeathMail death:
                OnDeath(death.Subject);
                break;
            default:
                throw new UnreachableException(mail.GetType().Name);
        }
    }

    /// <summary>
    /// What belongs to the turn is refused to others, before it corrupts anything. The guardian's children alone may be created from
    /// outside.
    /// </summary>
    private void CheckTurn()
    {
        if (_running != this && _parent is not null) throw new InvalidOperationException($"{Path} is used from outside its turn.");
    }

    private bool Has(CellFlags flag) => (_flags & flag) != CellFlags.None;

    /// <summary>The message in an envelope, for hooks and dead letters.</summary>
    private static object MessageOf(Mail mail) => mail switch
    {
        UserMail user => user.Message,
        ReplyMail reply => reply.Message,
        TimerEntry timer => timer.Message,
        TerminatedMail terminated => terminated.Watch.Notice,
        _ => mail,
    };

    private static IActorRef? SenderOf(Mail mail) => mail switch
    {
        UserMail user => user.Sender,
        ReplyMail reply => reply.Sender,
        _ => null,
    };

    /// <summary>An intrusive message that was claimed and is in no mailbox after all may be sent again.</summary>
    private static void Unlink(Mail mail)
    {
        if (mail is IntrusiveMessage) mail.Next = Unlinked;
    }

    private void DropMail(Mail mail, DeadLetterReason reason, Exception? cause = null)
    {
        System.OnDeadLetter(new DeadLetter(MessageOf(mail), SenderOf(mail), this, reason, cause));
    }
}

/// <summary>A cell whose senders nobody bounds: it counts its messages and refuses those beyond the capacity.</summary>
internal sealed class BoundedActorCell(CellShared shared, ActorCell? parent, string? name, uint entityId)
    : ActorCell(shared, parent, name, entityId)
{
    private int _waiting;

    private protected override bool TryReserve()
    {
        if (Interlocked.Increment(ref _waiting) <= Props.MailboxCapacity) return true;
        Interlocked.Decrement(ref _waiting);
        return false;
    }

    private protected override void Release(int count) => Interlocked.Add(ref _waiting, -count);
}
