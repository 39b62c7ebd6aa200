namespace Agent.Actors.Kernel;

/// <summary>
/// Turns on the thread pool. The mailbox is its own work item, so scheduling allocates nothing; and who is told something in a turn, and
/// had no turn, has it next on the same thread, because a message is mostly answered with another one and a way over the pool's queues
/// costs more than both.
/// </summary>
/// <remarks>
/// The one next in line waits for the end of the message that is being handled, not for the end of the turn: before another message of the
/// turn is handled, or when somebody else comes into line, it goes to the pool, where an idle thread takes it. After
/// <see cref="TurnsInLineMax"/> turns in a line the pool has its turn.
/// </remarks>
internal sealed class ThreadPoolDispatcher : MessageDispatcher
{
    private const int TurnsInLineMax = 32;

    [ThreadStatic]
    private static Line? _line;

    internal override void Schedule(OneWordMailbox mailbox)
    {
        if (_line is not { IsOpen: true } line)
        {
            Queue(mailbox);
            return;
        }

        OneWordMailbox? earlier = line.Next;
        line.Next = mailbox;
        if (earlier is not null) Queue(earlier);
    }

    /// <summary>Runs a turn that the pool gives, and those that are next in line behind it.</summary>
    internal static void Run(OneWordMailbox first)
    {
        Line line = _line ??= new Line();
        line.IsOpen = true;
        try
        {
            OneWordMailbox? mailbox = first;
            for (int turns = 0; mailbox is not null && turns < TurnsInLineMax; turns++)
            {
                if (mailbox.RunTurn(OneWordMailbox.Quantum)) Queue(mailbox);
                mailbox = line.Next;
                line.Next = null;
            }

            if (mailbox is not null) Queue(mailbox);
        }
        finally
        {
            line.IsOpen = false;
            PassOn(line);
        }
    }

    /// <summary>Tells the actor an answer, and gives it the turn that follows on this thread, which is at the end of a work item of the
    /// pool. Elsewhere, and within a turn, it is told as always.</summary>
    internal static void TellHere(ActorCell cell, object answer, int incarnation)
    {
        Line line = _line ??= new Line();
        if (line.IsOpen || !Thread.CurrentThread.IsThreadPoolThread)
        {
            cell.TellReply(answer, null, incarnation);
            return;
        }

        line.IsOpen = true;
        try
        {
            cell.TellReply(answer, null, incarnation);
            if (line.Next is { } mailbox)
            {
                line.Next = null;
                Run(mailbox);
            }
        }
        finally
        {
            line.IsOpen = false;
            PassOn(line);
        }
    }

    /// <summary>The line of this thread; null for a thread that has none.</summary>
    internal static Line? LineHere => _line;

    /// <summary>Another message of the same turn comes: who is next in line need not wait for that one too.</summary>
    internal static void PassOn(Line line)
    {
        if (line.Next is not { } next) return;
        line.Next = null;
        Queue(next);
    }

    // preferLocal: what one actor tells another is likely still in this core's cache; idle threads steal it if this one stays busy.
    private static void Queue(OneWordMailbox mailbox) => ThreadPool.UnsafeQueueUserWorkItem(mailbox, preferLocal: true);

    /// <summary>Who is next on a thread of the pool.</summary>
    internal sealed class Line
    {
        internal OneWordMailbox? Next;
        internal bool IsOpen;
    }
}
