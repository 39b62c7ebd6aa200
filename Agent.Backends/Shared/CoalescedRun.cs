namespace Agent.Backends.Shared;

/// <summary>
/// Work that is done for all who wait for it together. Whoever asks while it is being done gets the next one, for what he prepared may have
/// come too late for this one.
/// </summary>
/// <remarks>Safe for any number of callers; the work itself runs once at a time, and its exceptions go to all whom it was for.</remarks>
public sealed class CoalescedRun(Func<Task> work)
{
    private readonly Lock _gate = new();
    private Task _current = Task.CompletedTask;
    private Task? _next;

    /// <summary>Returns when the work has been done that began after this call.</summary>
    public Task JoinAsync()
    {
        lock (_gate)
        {
            Task earlier = _current;
            return _next ??= Task.Run(() => FollowAsync(earlier));
        }
    }

    private async Task FollowAsync(Task earlier)
    {
        await earlier.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (_gate)
        {
            _current = _next!;
            _next = null;
        }

        await work();
    }
}
