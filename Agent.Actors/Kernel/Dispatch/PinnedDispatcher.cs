namespace Agent.Actors.Kernel;

/// <summary>Turns on a thread of one's own, for one actor whose turn must not wait for the pool. The thread ends with the actor.</summary>
internal sealed class PinnedDispatcher : MessageDispatcher
{
    private readonly object _gate = new();
    private OneWordMailbox? _mailbox;
    private int _turns;
    private bool _isReleased;

    internal override void Schedule(OneWordMailbox mailbox)
    {
        lock (_gate)
        {
            _turns++;
            Monitor.Pulse(_gate);
            if (_mailbox is not null) return;
            _mailbox = mailbox;
        }
        new Thread(Loop) { IsBackground = true, Name = "pinned actor" }.Start();
    }

    // Runs on the very thread that is to end.
    internal override void Release() => _isReleased = true;

    private void Loop()
    {
        while (!_isReleased)
        {
            lock (_gate)
            {
                while (_turns == 0) Monitor.Wait(_gate);
                _turns--;
            }
            if (_mailbox!.RunTurn(OneWordMailbox.Quantum)) Schedule(_mailbox);
        }
    }
}
