namespace Agent.Actors.Kernel;

/// <summary>Handing one message to the actor.</summary>
internal partial class ActorCell
{
    public void Become(Action<object> handler)
    {
        CheckTurn();
        ArgumentNullException.ThrowIfNull(handler);
        List<Action<object>> behaviours = Extras.Behaviours ??= [];
        if (behaviours.Count == 0) behaviours.Add(handler);
        else behaviours[^1] = handler;
    }

    public void BecomeStacked(Action<object> handler)
    {
        CheckTurn();
        ArgumentNullException.ThrowIfNull(handler);
        (Extras.Behaviours ??= []).Add(handler);
    }

    public void UnbecomeStacked()
    {
        CheckTurn();
        if (_extras?.Behaviours is { Count: > 0 } behaviours) behaviours.RemoveAt(behaviours.Count - 1);
    }

    protected override void OnMail(Mail mail)
    {
        // A mail that is void takes no part in anything, also not in the receive timeout.
        switch (mail)
        {
            case UserMail or IntrusiveMessage:
                Release(1);
                break;
            case ReplyMail reply when reply.Incarnation != _incarnation:
                System.Counters.Increment(KernelCounter.StaleReplies);
                return;
            case TerminatedMail terminated when !ConsumeNotice(terminated):
                return;
            case TimerEntry timer when !ConsumeTimer(timer):
                return;
            default:
                break;
        }
        object message = MessageOf(mail);
        if (Has(CellFlags.HasReceiveTimeout)) NoteActivity(message);
        _current = mail;
        System.Probe?.OnMessage(this, message);
        try
        {
            System.Probe?.AroundMessage(this);
            Invoke(message);
            System.Probe?.AroundMessage(this);
        }
        catch (Exception cause)
        {
            Extras.MessageAtFailure = message;
            // A message stashed before the failure comes again.
            if (!Has(CellFlags.Stashed)) DropMail(mail, DeadLetterReason.Failed, cause);
            Fail(cause);
        }
        if (mail is TimerEntry started) Rearm(started);
        _current = null;
        _flags &= ~CellFlags.Stashed;
    }

    private void Invoke(object message)
    {
        switch (message)
        {
            case PoisonPill:
                Stop(this);
                break;
            case Kill:
                throw new ActorKilledException($"{Path} was killed");
            default:
                if (_extras?.Behaviours is { Count: > 0 } behaviours) behaviours[^1](message);
                else _actor!.OnReceive(message);
                break;
        }
    }
}
