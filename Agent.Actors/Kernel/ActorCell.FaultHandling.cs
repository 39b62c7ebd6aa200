namespace Agent.Actors.Kernel;

/// <summary>
/// Failure and supervision. A failed actor suspends itself and its children and tells its parent; the parent's strategy decides. A
/// restart keeps reference, mailbox and watches; it ends timers, behaviours and the receive timeout, returns stashed messages to the
/// mailbox and drops the message that failed.
/// </summary>
internal partial class ActorCell
{
    /// <summary>Suspends this actor and what is below it, and lets the parent decide.</summary>
    /// <param name="cause">What was thrown.</param>
    /// <param name="perpetrator">The child whose failure is escalated, already suspended by itself.</param>
    /// <param name="origin">Where the failure began, if not here.</param>
    private void Fail(Exception cause, ActorCell? perpetrator = null, ActorCell? origin = null)
    {
        if (Has(CellFlags.Failed))
        {
            // One decision answers both escalations. This child was suspended by the first as well as by its own failure, and the
            // decision ends one suspension only.
            perpetrator?.PostSystem(new ResumeMail(cause));
            return;
        }
        System.Counters.Increment(KernelCounter.Failed);
        System.Probe?.OnFailure(this, cause);
        if (_parent is null)
        {
            // Only the failed part of the tree stays suspended: others may have to hear of it.
            System.OnFatal(origin ?? this, cause);
            return;
        }
        _flags |= CellFlags.Failed;
        AddSuspension();
        foreach (ActorCell child in ChildCells())
        {
            if (child != perpetrator) child.PostSystem(new SuspendMail());
        }
        _parent.PostSystem(new FailedMail(this, cause, origin ?? this));
    }

    private void OnChildFailed(FailedMail mail)
    {
        ActorCell child = mail.Child;
        if (_extras?.Children?.Contains(child) != true) return;
        SupervisorStrategy strategy;
        Directive directive;
        try
        {
            strategy = _actor?.SupervisorStrategy ?? SupervisorStrategy.Default;
            directive = strategy.Decide(mail.Cause);
        }
        catch (Exception cause)
        {
            Fail(cause, child);
            return;
        }
        if (directive == Directive.Restart && !PermitsRestart(strategy, child)) directive = Directive.Stop;
        System.OnActorFailed(new ActorFailed(child, mail.Cause, directive));
        if (directive == Directive.Escalate) Fail(mail.Cause, child, mail.Origin);
        else Carry(directive, strategy, child, mail.Cause);
    }

    private void Carry(Directive directive, SupervisorStrategy strategy, ActorCell child, Exception cause)
    {
        switch (directive)
        {
            case Directive.Resume:
                child.PostSystem(new ResumeMail(cause));
                break;
            case Directive.Restart:
                child.PostSystem(new RecreateMail(cause));
                if (!strategy.ConcernsSiblings) break;
                foreach (ActorCell sibling in ChildCells())
                {
                    if (sibling != child) RestartHealthy(sibling, cause);
                }
                break;
            default:
                Stop(child);
                if (!strategy.ConcernsSiblings) break;
                foreach (ActorCell sibling in ChildCells()) Stop(sibling);
                break;
        }
    }

    private bool PermitsRestart(SupervisorStrategy strategy, ActorCell child)
    {
        if (strategy.MaxRetries < 0) return true;
        Dictionary<ActorCell, RestartStatistics> restarts = Extras.Restarts ??= [];
        bool permits = StatisticsOf(child).PermitsRestart(strategy, System.Clock.Monotonic);
        if (strategy.ConcernsSiblings)
        {
            foreach (ActorCell sibling in ChildCells())
            {
                if (sibling != child) permits &= StatisticsOf(sibling).PermitsRestart(strategy, System.Clock.Monotonic);
            }
        }
        return permits;

        RestartStatistics StatisticsOf(ActorCell cell)
        {
            if (!restarts.TryGetValue(cell, out RestartStatistics? statistics)) restarts.Add(cell, statistics = new RestartStatistics());
            return statistics;
        }
    }

    /// <summary>A restart ends one suspension, so one who has not failed is suspended for it first.</summary>
    private static void RestartHealthy(ActorCell child, Exception cause)
    {
        child.PostSystem(new SuspendMail());
        child.PostSystem(new RecreateMail(cause));
    }

    private void Suspend()
    {
        AddSuspension();
        foreach (ActorCell child in ChildCells()) child.PostSystem(new SuspendMail());
    }

    private void ResumeFrom(Exception cause)
    {
        if (_actor is null && !Has(CellFlags.Recreating) && _suspensions <= 1)
        {
            // The constructor had failed: there is no instance to resume.
            Recreate(cause);
            return;
        }
        EndSuspension(cause);
        if (_suspensions > 0) return;
        _flags &= ~CellFlags.Failed;
        if (_extras is not null) _extras.MessageAtFailure = null;
    }

    /// <summary>
    /// Each suspension was passed on to all children, except one that caused it and is suspended by its own failure; so its end is
    /// passed on to all of them.
    /// </summary>
    private void EndSuspension(Exception cause)
    {
        RemoveSuspension();
        foreach (ActorCell child in ChildCells()) child.PostSystem(new ResumeMail(cause));
    }

    private void Recreate(Exception cause)
    {
        if (Has(CellFlags.Recreating))
        {
            // One restart serves both decisions; this one only ends the suspension that led to it.
            if (_suspensions > 1) EndSuspension(cause);
            return;
        }
        _flags |= CellFlags.Recreating;
        Extras.RecreateCause = cause;
        object? message = _extras!.MessageAtFailure;
        _extras.MessageAtFailure = null;
        if (_actor is not null) RunHook(actor => actor.PreRestart(cause, message), nameof(UntypedActor.PreRestart));
        else foreach (ActorCell child in ChildCells()) Stop(child);
        CancelAll();
        SetReceiveTimeout(null);
        if (_extras.Children?.HasDying != true) FinishRecreate();
    }

    private void FinishRecreate()
    {
        Exception cause = _extras!.RecreateCause!;
        _extras.RecreateCause = null;
        _extras.Behaviours = null;
        _flags &= ~(CellFlags.Recreating | CellFlags.Failed);
        _incarnation++;
        RemoveSuspension();
        UnstashAll();
        ActorCell[] survivors = ChildCells();
        System.Counters.Increment(KernelCounter.Restarted);
        _actor = null;
        try
        {
            _actor = Props.CreateActor();
            _actor.PostRestart(cause);
            foreach (ActorCell survivor in survivors) survivor.PostSystem(new RecreateMail(cause));
        }
        catch (Exception next)
        {
            _actor = null;
            Fail(new ActorInitializationException($"{Path} could not restart: {next.Message}", next));
        }
    }

    private void AddSuspension() => _suspensions = checked((byte)(_suspensions + 1));

    private void RemoveSuspension()
    {
        if (_suspensions > 0) _suspensions--;
    }
}
