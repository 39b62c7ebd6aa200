namespace Agent.Actors.Listeners;

/// <summary>Takes control requests to the zones they are about.</summary>
public interface IControlSink
{
    /// <summary>Takes a request over. Never waits; any thread.</summary>
    /// <returns>False when there is no room; the caller then answers SERVFAIL itself.</returns>
    bool TryPost(ControlRequest request);
}
