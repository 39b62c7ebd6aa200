namespace Agent.Host.Nodes;

/// <summary>Wakes one waiter. Signals that come while nobody waits count as one.</summary>
internal sealed class AsyncSignal
{
    private readonly Lock _gate = new();
    private TaskCompletionSource? _waiter;
    private bool _isSet;

    public void Set()
    {
        TaskCompletionSource? waiter;
        lock (_gate)
        {
            waiter = _waiter;
            _waiter = null;
            _isSet |= waiter is null;
        }
        waiter?.TrySetResult();
    }

    /// <summary>Waits for a signal, at most <paramref name="atMost"/>; the waiter looks for itself what has changed.</summary>
    public async Task WaitAsync(TimeSpan atMost, CancellationToken cancelled)
    {
        var waiter = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            bool wasSet = _isSet;
            _isSet = false;
            if (wasSet) return;
            _waiter = waiter;
        }
        try
        {
            await waiter.Task.WaitAsync(atMost, cancelled);
        }
        catch (TimeoutException)
        {
            // Nobody came.
        }
    }
}
