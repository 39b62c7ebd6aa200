namespace Agent.Actors.Kernel;

/// <summary>Keyed timers and the receive timeout.</summary>
internal partial class ActorCell
{
    public void StartSingleTimer(object key, object message, TimeSpan delay) => StartTimer(key, message, delay, interval: null);

    public void StartPeriodicTimer(object key, object message, TimeSpan initialDelay, TimeSpan interval)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(interval, TimeSpan.Zero);
        StartTimer(key, message, initialDelay, interval);
    }

    public bool IsTimerActive(object key) => _extras?.Timers?.ContainsKey(key) == true;

    public void Cancel(object key)
    {
        CheckTurn();
        if (_extras?.Timers is { } timers && timers.Remove(key, out TimerEntry? entry)) System.Timers.Cancel(entry);
    }

    public void CancelAll()
    {
        CheckTurn();
        if (_extras?.Timers is not { } timers) return;
        foreach (TimerEntry entry in timers.Values) System.Timers.Cancel(entry);
        timers.Clear();
        _flags &= ~CellFlags.HasReceiveTimeout;
    }

    public void SetReceiveTimeout(TimeSpan? timeout)
    {
        Cancel(ReceiveTimeoutEntry.ReceiveTimeoutKey);
        _flags &= ~CellFlags.HasReceiveTimeout;
        if (timeout is not { } span) return;
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(span, TimeSpan.Zero, nameof(timeout));
        Extras.LastMessageAt = System.Clock.Monotonic;
        _flags |= CellFlags.HasReceiveTimeout;
        StartReceiveTimeout(span, span);
    }

    /// <summary>Any thread. A stopped actor's timer is simply over.</summary>
    internal void PostTimer(TimerEntry entry) => Post(entry);

    private void StartTimer(object key, object message, TimeSpan delay, TimeSpan? interval)
    {
        CheckTurn();
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(message);
        if (Has(CellFlags.Terminating)) return;
        Cancel(key);
        TimerEntry entry = new(this, key, message, interval);
        (Extras.Timers ??= []).Add(key, entry);
        System.Timers.Start(entry, delay > TimeSpan.Zero ? delay : TimeSpan.Zero);
    }

    private void StartReceiveTimeout(TimeSpan timeout, TimeSpan delay)
    {
        ReceiveTimeoutEntry entry = new(this, timeout);
        (Extras.Timers ??= []).Add(ReceiveTimeoutEntry.ReceiveTimeoutKey, entry);
        System.Timers.Start(entry, delay);
    }

    /// <summary>True when the timer still stands and its message is to be handled now.</summary>
    private bool ConsumeTimer(TimerEntry entry)
    {
        if (_extras?.Timers is not { } timers || !timers.TryGetValue(entry.Key, out TimerEntry? current) || current != entry)
        {
            System.Counters.Increment(KernelCounter.StaleTimers);
            return false;
        }
        if (entry is ReceiveTimeoutEntry receive)
        {
            // Messages only note the time; whether the timeout is due is found out here, so that they need not touch the timer.
            timers.Remove(entry.Key);
            TimeSpan quiet = System.Clock.Monotonic - _extras.LastMessageAt;
            bool isDue = quiet >= receive.Timeout;
            if (isDue) _extras.LastMessageAt = System.Clock.Monotonic;
            StartReceiveTimeout(receive.Timeout, isDue ? receive.Timeout : receive.Timeout - quiet);
            return isDue;
        }
        // A single timer's key is free again while its message is handled.
        if (entry.Interval is null) timers.Remove(entry.Key);
        return true;
    }

    /// <summary>Starts the next round of a periodic timer, unless the handler cancelled or replaced it.</summary>
    private void Rearm(TimerEntry entry)
    {
        if (entry.Interval is not { } interval || Has(CellFlags.Terminating)) return;
        if (_extras?.Timers is { } timers && timers.TryGetValue(entry.Key, out TimerEntry? current) && current == entry)
            System.Timers.Start(entry, interval);
    }

    private void NoteActivity(object message)
    {
        if (message is not (INotInfluenceReceiveTimeout or ReceiveTimeout)) Extras.LastMessageAt = System.Clock.Monotonic;
    }
}
