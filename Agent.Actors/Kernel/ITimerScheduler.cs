namespace Agent.Actors.Kernel;

/// <summary>An actor's timers. Each has a key; a timer that was cancelled or replaced is never heard of again, even if it had already
/// fired.</summary>
/// <remarks>All timers end with a restart or stop. Resolution is that of the runtime: 10 ms on threads, exact in simulation.</remarks>
public interface ITimerScheduler
{
    /// <summary>Sends <paramref name="message"/> to the actor once after <paramref name="delay"/>; replaces a timer of the same
    /// key.</summary>
    /// <remarks>A delay below zero is over: whoever counts it from the clock need not fear that the clock goes on meanwhile.</remarks>
    void StartSingleTimer(object key, object message, TimeSpan delay);

    /// <summary>Sends <paramref name="message"/> to the actor again and again; replaces a timer of the same key.</summary>
    /// <remarks>The interval counts from the handling of one message to the sending of the next, so a slow actor has at most one
    /// waiting.</remarks>
    void StartPeriodicTimer(object key, object message, TimeSpan interval) => StartPeriodicTimer(key, message, interval, interval);

    /// <summary>As the other overload, with another delay before the first message.</summary>
    void StartPeriodicTimer(object key, object message, TimeSpan initialDelay, TimeSpan interval);

    /// <summary>True from the start of the timer until its last message is handled or it is cancelled.</summary>
    bool IsTimerActive(object key);

    /// <summary>Ends the timer; unknown keys are ignored.</summary>
    void Cancel(object key);

    /// <summary>Ends all timers of the actor.</summary>
    void CancelAll();
}
