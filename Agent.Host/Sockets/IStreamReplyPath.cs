using Agent.Actors.Listeners;

namespace Agent.Host.Sockets;

/// <summary>The way back over a connection, for whoever has several answers at once: they leave in one write.</summary>
internal interface IStreamReplyPath : IReplyPath
{
    /// <summary>Takes an answer that leaves with the next <see cref="Flush"/> at the latest. Any thread; never waits.</summary>
    void Queue(ReadOnlySpan<byte> message);

    /// <summary>Sends what was queued.</summary>
    void Flush();
}
