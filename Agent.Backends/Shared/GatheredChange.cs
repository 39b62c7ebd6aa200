namespace Agent.Backends.Shared;

/// <summary>A change that waits to be carried out together with others, until it is done.</summary>
internal abstract class GatheredChange
{
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Neither done nor failed, and still wanted.</summary>
    public bool IsOpen => !_done.Task.IsCompleted;

    public void Succeed() => _done.TrySetResult();

    /// <summary>Also says to whoever carries it out that nobody wants it any more.</summary>
    public void Fail(Exception error) => _done.TrySetException(error);

    /// <summary>Returns when it is done. Once nobody waits for it any more, it is not begun if it has not begun yet.</summary>
    public async Task DoneAsync(CancellationToken cancellation)
    {
        await using CancellationTokenRegistration abandoned = cancellation.Register(() => _done.TrySetCanceled());
        await _done.Task;
    }
}
