namespace Agent.Actors.Kernel;

/// <summary>The sender of a question asked from outside: its first message completes the task.</summary>
internal abstract class PromiseRef : IActorRef
{
    public string Path => "/temp/ask";

    public abstract void Tell(object message, IActorRef? sender = null);

    internal abstract void Fail(Exception cause);
}

internal sealed class PromiseRef<T> : PromiseRef
{
    // Continuations must not run inside the turn of the actor that answers.
    private readonly TaskCompletionSource<T> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ActorSystem _system;
    private readonly Expiry _expiry;
    private readonly CancellationTokenRegistration _cancellation;

    internal PromiseRef(IActorRef target, ActorSystem system, TimeSpan timeout, CancellationToken cancellation)
    {
        _system = system;
        _expiry = new Expiry(this, target, timeout);
        system.Timers.Start(_expiry, timeout);
        _cancellation = cancellation.UnsafeRegister(
            static (state, token) => ((PromiseRef<T>)state!).Cancel(token), this);
    }

    internal Task<T> Task => _completion.Task;

    public override void Tell(object message, IActorRef? sender = null)
    {
        switch (message)
        {
            case Failure failure when typeof(T) != typeof(Failure):
                Fail(failure.Cause);
                break;
            case T answer:
                if (_completion.TrySetResult(answer)) Release();
                break;
            default:
                Fail(new AskFailedException($"The answer is a {message.GetType().Name}, not a {typeof(T).Name}."));
                break;
        }
    }

    internal override void Fail(Exception cause)
    {
        if (_completion.TrySetException(cause)) Release();
    }

    private void Cancel(CancellationToken token)
    {
        if (_completion.TrySetCanceled(token)) Release();
    }

    private void Release()
    {
        _system.Timers.Cancel(_expiry);
        // Unregister, unlike Dispose, does not wait for a callback that may be running on this very thread.
        _cancellation.Unregister();
    }

    private sealed class Expiry(PromiseRef<T> promise, IActorRef target, TimeSpan timeout) : TimerNode
    {
        internal override void Fire() =>
            promise.Fail(new AskTimeoutException($"No answer from {target.Path} within {timeout}."));
    }
}
