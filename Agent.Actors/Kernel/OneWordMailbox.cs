using System.Diagnostics;

namespace Agent.Actors.Kernel;

/// <summary>
/// A mailbox whose whole concurrency is one word.
/// </summary>
/// <remarks>
/// <code>
///   _head:   null          idle: nothing waits, nobody runs
///            Busy          a turn runs or is scheduled, nothing new has come
///            chain         mail, youngest first, ending in null (came while idle) or Busy; a turn runs or is scheduled
///            Closed        the owner has terminated; nothing is accepted any more
///
///   post:    CAS(_head: old -> mail, mail.Next = old); the one who replaced null schedules the turn
///   run:     Exchange(_head, Busy); reverse the chain; serve system mail; append the rest to _local; then message by message until
///            none is left, or system mail has come, which overtakes: then again from the start
///   leave:   CAS(_head: Busy -> null); if that fails something came: go on. When the quantum is used up, leave _head as it is and let
///            the dispatcher schedule the next turn.
/// </code>
/// A wake-up cannot get lost, because "idle" and "empty" are the same word. A reversed chain keeps the order of each sender.
/// <c>_local</c> is a circular list (it points at the youngest, whose Next is the oldest) and belongs to the running turn. A suspended
/// owner's messages stay there while the mailbox is idle; what ends the suspension is itself system mail and starts a turn.
/// The word is not looked at between two messages: each look would fetch it from the core that posts. Whoever posts system mail says so
/// by <see cref="SystemMailCame"/> afterwards, which posters of messages never touch.
/// Only one turn runs at a time, and each turn sees what the one before wrote: they hand over through _head or the dispatcher's queue.
/// </remarks>
internal abstract class OneWordMailbox : IThreadPoolWorkItem
{
    internal static readonly Mail Unlinked = new Mark();
    private static readonly Mail Busy = new Mark();
    private static readonly Mail Closed = new Mark();

    private Mail? _head;
    private Mail? _local;

    /// <summary>Messages for one turn before others get theirs.</summary>
    internal const int Quantum = 64;

    // So many messages between two looks at the clock, and so many milliseconds by it until others get their turn.
    private const int LooksAtClockMask = 3;
    private const long TurnTicksMax = 1;

    protected bool IsClosed => Volatile.Read(ref _head) == Closed;

    /// <summary>False while the owner is suspended, not yet created, or terminating.</summary>
    protected abstract bool TakesMessages { get; }

    /// <summary>Set behind system mail, so that a turn with messages left looks for it. An owner keeps it among what its turns read anyway,
    /// and not beside the word, where each post would take it out of the cache.</summary>
    protected abstract ref bool SystemMailCame { get; }

    void IThreadPoolWorkItem.Execute() => ThreadPoolDispatcher.Run(this);

    /// <summary>Runs at most <paramref name="quantum"/> mails. True: there may be more, and the caller must schedule the next
    /// turn.</summary>
    internal abstract bool RunTurn(int quantum);

    /// <summary>Hands the mailbox to its dispatcher, which runs one turn.</summary>
    protected abstract void ScheduleTurn();

    protected abstract void OnSystemMail(SystemMail mail);

    protected abstract void OnMail(Mail mail);

    /// <summary>Accepts mail from any thread; false when the owner has terminated.</summary>
    internal bool Post(Mail mail)
    {
        Mail? head = Volatile.Read(ref _head);
        while (true)
        {
            if (head == Closed) return false;
            mail.Next = head;
            Mail? seen = Interlocked.CompareExchange(ref _head, mail, head);
            if (seen == head) break;
            head = seen;
        }
        if (head is null) ScheduleTurn();
        return true;
    }

    /// <summary>Accepts mail that overtakes messages, from any thread; false when the owner has terminated.</summary>
    internal bool PostSystem(SystemMail mail)
    {
        if (!Post(mail)) return false;
        Volatile.Write(ref SystemMailCame, true);
        return true;
    }

    protected bool Run(int quantum)
    {
        ThreadPoolDispatcher.Line? line = ThreadPoolDispatcher.LineHere;
        long started = 0;
        bool hasNews = true;
        while (true)
        {
            if (Volatile.Read(ref SystemMailCame))
            {
                // Before the exchange, which is a fence: what is told from here on is not forgotten.
                SystemMailCame = false;
                hasNews = true;
            }

            if (hasNews || (_local is null && Volatile.Read(ref _head) != Busy))
            {
                hasNews = false;
                quantum -= ServeSystemMail(Drain());
                if (IsClosed) return false;
            }

            if (quantum <= 0) return true;

            // A few expensive messages are a long turn too. What the coarse clock costs is only paid now and then, and not for a turn of
            // one message, as most are.
            if (quantum < Quantum)
            {
                if (started == 0) started = CoarseClock.Tick;
                else if ((quantum & LooksAtClockMask) == 0 && CoarseClock.Tick - started > TurnTicksMax) return true;
            }

            if (TakesMessages && TakeLocal() is { } mail)
            {
                quantum--;
                if (line?.Next is not null) ThreadPoolDispatcher.PassOn(line);
                OnMail(mail);
            }
            else
            {
                if (Interlocked.CompareExchange(ref _head, null, Busy) == Busy) return false;
                hasNews = true;
            }
        }
    }

    /// <summary>Adds to the end of the waiting messages; only within a turn.</summary>
    protected void Append(Mail mail)
    {
        PushFirst(mail);
        _local = mail;
    }

    /// <summary>Puts mail in front of all waiting messages; only within a turn.</summary>
    protected void PushFirst(Mail mail)
    {
        if (_local is null)
        {
            mail.Next = mail;
            _local = mail;
        }
        else
        {
            mail.Next = _local.Next;
            _local.Next = mail;
        }
    }

    /// <summary>Refuses mail from here on and yields what was still waiting, oldest first; only within a turn.</summary>
    protected IEnumerable<Mail> Close()
    {
        SystemMail? system = SplitChain(Interlocked.Exchange(ref _head, Closed));
        while (system is not null)
        {
            SystemMail next = system;
            system = (SystemMail?)system.Next;
            yield return next;
        }
        while (TakeLocal() is { } mail) yield return mail;
    }

    private SystemMail? Drain() => SplitChain(Interlocked.Exchange(ref _head, Busy));

    private int ServeSystemMail(SystemMail? mail)
    {
        int count = 0;
        while (mail is not null)
        {
            SystemMail next = mail;
            mail = (SystemMail?)mail.Next;
            count++;
            OnSystemMail(next);
        }
        return count;
    }

    /// <summary>Reverses a chain: messages go to the end of <c>_local</c>, system mail is returned oldest first.</summary>
    private SystemMail? SplitChain(Mail? chain)
    {
        SystemMail? system = null;
        Mail? oldest = null;
        Mail? youngest = null;
        while (chain is not null && chain != Busy)
        {
            Mail mail = chain;
            chain = mail.Next;
            if (mail is SystemMail found)
            {
                found.Next = system;
                system = found;
            }
            else
            {
                youngest ??= mail;
                mail.Next = oldest;
                oldest = mail;
            }
        }
        if (youngest is null) return system;
        youngest.Next = _local is null ? oldest : _local.Next;
        if (_local is not null) _local.Next = oldest;
        _local = youngest;
        return system;
    }

    private Mail? TakeLocal()
    {
        if (_local is null) return null;
        Mail oldest = _local.Next ?? throw new UnreachableException("the waiting messages form no circle");
        if (oldest == _local) _local = null;
        else _local.Next = oldest.Next;
        oldest.Next = oldest is IntrusiveMessage ? Unlinked : null;
        return oldest;
    }

    private sealed class Mark : Mail;
}
