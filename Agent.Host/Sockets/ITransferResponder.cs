using Agent.Actors.Listeners;

namespace Agent.Host.Sockets;

/// <summary>Sends zones to those who may have them.</summary>
internal interface ITransferResponder
{
    /// <summary>Answers an AXFR or IXFR with one message or many, each complete with id, question and signature.</summary>
    /// <returns>When the last message has been given to the output.</returns>
    Task RespondAsync(TransferRequest request, ITransferOutput output, CancellationToken stop);

    /// <summary>Answers an IXFR that came by UDP with the zone's SOA, over the request's own way back. Never fails.</summary>
    Task RespondByDatagramAsync(TransferRequest request);
}

/// <summary>Takes the messages of a transfer at the speed at which the client reads.</summary>
internal interface ITransferOutput
{
    /// <summary>Queues one message, and waits while the client is behind.</summary>
    /// <returns>False when the client is gone; the rest need not be made.</returns>
    ValueTask<bool> WriteAsync(ReadOnlyMemory<byte> message);
}
