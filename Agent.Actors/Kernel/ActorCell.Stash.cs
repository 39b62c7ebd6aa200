namespace Agent.Actors.Kernel;

/// <summary>The stash: mails put aside whole, so that sender and kind survive.</summary>
internal partial class ActorCell
{
    int IStash.Count => _extras?.Stash?.Count ?? 0;

    void IStash.Stash()
    {
        CheckTurn();
        Mail mail = _current ?? throw new InvalidOperationException("No message is being handled.");
        if (Has(CellFlags.Stashed)) throw new InvalidOperationException("The message is stashed already.");
        Queue<Mail> stash = Extras.Stash ??= new Queue<Mail>();
        if (stash.Count >= Props.StashCapacity)
        {
            switch (Props.StashOverflow)
            {
                case StashOverflow.DropNewest:
                    DropMail(mail, DeadLetterReason.StashFull);
                    return;
                case StashOverflow.DropOldest:
                    Mail oldest = stash.Dequeue();
                    Unlink(oldest);
                    DropMail(oldest, DeadLetterReason.StashFull);
                    break;
                default:
                    throw new StashOverflowException($"{Path} has {stash.Count} messages put aside.");
            }
        }
        if (mail is IntrusiveMessage
            && Interlocked.CompareExchange(ref mail.Next, null, OneWordMailbox.Unlinked) != OneWordMailbox.Unlinked)
            throw new InvalidOperationException("The message was passed on and cannot be stashed.");
        _flags |= CellFlags.Stashed;
        // Checked when first delivered; what is returned later must not be weighed by its age again.
        stash.Enqueue(mail is TimerEntry or TerminatedMail ? new UserMail(MessageOf(mail), SenderOrNull) : mail);
    }

    void IStash.UnstashAll() => UnstashAll();

    private void UnstashAll()
    {
        CheckTurn();
        if (_extras?.Stash is not { Count: > 0 } stash) return;
        int counted = 0;
        Mail[] mails = [.. stash];
        stash.Clear();
        for (int i = mails.Length - 1; i >= 0; i--)
        {
            if (mails[i] is UserMail or IntrusiveMessage) counted++;
            PushFirst(mails[i]);
        }
        // Their places were given back when they were first handled.
        Release(-counted);
    }
}
