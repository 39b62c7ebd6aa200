using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Agent.Backends.Shared;

namespace Agent.Backends.DynamicUpdate;

/// <summary>
/// Connections to the server that are kept between updates; one update at a time on each. A message whose answer did not come over a kept
/// connection is sent once more over a new one: the server may have closed the old one while it was idle, and if it did act on the
/// message, the prerequisite keeps it from acting twice.
/// </summary>
internal sealed class UpdateChannel(EndPoint server) : IDisposable
{
    private readonly ConcurrentBag<DnsConnection> _idle = [];

    /// <summary>Sends a message and gives its answer.</summary>
    /// <exception cref="SocketException">The server cannot be reached.</exception>
    /// <exception cref="BackendException">It closed the connection without an answer.</exception>
    public async Task<byte[]> ExchangeAsync(ReadOnlyMemory<byte> message, CancellationToken cancellation)
    {
        while (_idle.TryTake(out DnsConnection? kept))
        {
            try
            {
                if (await OnceAsync(kept, message, cancellation) is { } answer)
                    return answer;
            }
            catch (SocketException)
            {
                // It had been idle: a new connection tells whether the server is there.
            }
        }

        DnsConnection opened = await DnsConnection.OpenAsync(server, cancellation);
        return await OnceAsync(opened, message, cancellation)
            ?? throw BackendException.Away($"{server} closed the connection without an answer to an update");
    }

    /// <summary>Closes what is idle.</summary>
    public void Dispose()
    {
        while (_idle.TryTake(out DnsConnection? kept))
            kept.Dispose();
    }

    /// <summary>Null when the connection ended. It is kept only after a whole exchange.</summary>
    private async Task<byte[]?> OnceAsync(DnsConnection connection, ReadOnlyMemory<byte> message, CancellationToken cancellation)
    {
        bool isWhole = false;
        try
        {
            await connection.SendAsync(message, cancellation);
            ReadOnlyMemory<byte> answer = await connection.ReceiveAsync(cancellation);
            isWhole = !answer.IsEmpty;
            return isWhole ? answer.ToArray() : null;
        }
        finally
        {
            if (isWhole)
                _idle.Add(connection);
            else
                connection.Dispose();
        }
    }
}
