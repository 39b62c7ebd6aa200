using Agent.Backends.Embedded;

namespace Agent.Host.Composition;

/// <summary>When the ports open and close: nobody is let in before there is an answer, or sent away with a question open.</summary>
internal sealed partial class AgentService
{
    /// <summary>
    /// A node whose own server begins empty keeps its port closed until the owners have brought that server level: clients then ask the
    /// other nodes, and not one that has no answer yet.
    /// </summary>
    private async Task WarmUpAsync(EmbeddedZoneTable zones, Action<string> step, CancellationToken cancellation)
    {
        const string filling = "being filled by the cluster";
        step(filling);
        int awaited = zones.AwaitedCount;
        long since = Environment.TickCount64;
        while (zones.AwaitedCount is > 0 and var left)
        {
            if (left < awaited)
            {
                // Many zones take long: the service manager hears that it goes on.
                (awaited, since) = (left, Environment.TickCount64);
                step(filling);
            }

            if (Environment.TickCount64 - since >= _options.Cluster.WarmUpTimeout.TotalMilliseconds)
            {
                LogCold(_logger, left);
                return;
            }

            await Task.Delay(WarmUpLook, cancellation);
        }
    }

    /// <summary>
    /// Gives the zones to the other nodes while the doors are open, then closes the doors and waits for the answers to what has come in:
    /// the new owners give them, so a request whose zone moved meanwhile is not lost. After that nobody asks anything of the actors.
    /// </summary>
    private async ValueTask LeaveAsync()
    {
        TimeSpan patience = _cluster is { } cluster ? await cluster.DrainAsync() : LastAnswers;
        if (!await _listeners.CloseDoorsAsync(patience > LastAnswers ? patience : LastAnswers)) LogUnanswered(_logger);
    }
}
