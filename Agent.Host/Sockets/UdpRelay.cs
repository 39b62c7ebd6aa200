using Agent.Actors.Listeners;
using Agent.Actors.Telemetry;
using Agent.Dns.Net;
using Agent.Dns.Wire;

namespace Agent.Host.Sockets;

/// <summary>Passes queries of one UDP worker on to the server and its answers back.</summary>
/// <remarks>
/// Belongs to the worker's thread. The sockets are connected, so the kernel drops what comes from elsewhere; each batch leaves
/// by another of them, so that neither port nor id of a query can be foretold. The server's ICMP errors are left aside: the deadline
/// decides, and the server may be back by then.
/// </remarks>
internal sealed class UdpRelay : IDisposable
{
    private readonly RelayOptions _options;
    private readonly RelayTable _table;
    private readonly RelayRandom _random = new();
    private readonly MmsgBatch _batch;
    private readonly UdpSocket[] _sockets;
    private readonly RequestPipeline _pipeline;

    public UdpRelay(RelayOptions options, int slots, int slotBytes, RequestPipeline pipeline, bool portable)
    {
        _options = options;
        _pipeline = pipeline;
        _table = new RelayTable(options.UdpTableSize);
        _batch = new MmsgBatch(slots, slotBytes);
        _sockets = new UdpSocket[options.UpstreamSockets];
        NetworkEndpoint local = options.Destination.IsIPv4 ? NetworkEndpoint.FromIPv4(0, 0) : default;
        try
        {
            for (int index = 0; index < _sockets.Length; index++)
            {
                _sockets[index] = UdpSocket.Open(new UdpSocketOptions { Local = local, Remote = options.Destination, Portable = portable });
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public IReadOnlyList<UdpSocket> Sockets => _sockets;

    public int OpenCount => _table.OpenCount;

    /// <summary>Takes a query over; it leaves with the next <see cref="Flush"/>.</summary>
    /// <returns>False when too many are under way.</returns>
    public bool TryForward(ReadOnlySpan<byte> query, in ReplyToken client, in RelayHints hints, long nowMs)
    {
        if (_batch.IsFull)
        {
            Flush();
        }
        if (!_table.TryOpen(query, client, hints, nowMs + _options.TimeoutMs, _batch.NextSend))
        {
            AgentMetrics.CountRelayFailure("table_full");
            return false;
        }
        _batch.Commit(query.Length);
        AgentMetrics.RelayOpen.Add(1);
        return true;
    }

    /// <summary>Sends what was taken over.</summary>
    public void Flush()
    {
        if (_batch.PendingCount > 0)
        {
            _sockets[_random.Next() % _sockets.Length].Send(_batch);
        }
    }

    /// <summary>Passes on the answers that wait at one socket.</summary>
    public void Pump(int socket, UdpSocket clients, MmsgBatch toClients)
    {
        int count = _sockets[socket].Receive(_batch, wait: false);
        for (int index = 0; index < count; index++)
        {
            ReadOnlySpan<byte> answer = _batch.Received(index);
            int slot = _table.Match(answer);
            if (slot < 0)
            {
                AgentMetrics.CountRelayFailure("no_open_query");
                continue;
            }
            Span<byte> reply = Room(clients, toClients);
            int length = answer.Length;
            if (_batch.IsTruncated(index))
            {
                MessageHeader.TryRead(answer, out MessageHeader header);
                length = _table.WriteTruncated(slot, reply, header);
            }
            else
            {
                answer.CopyTo(reply);
                _table.Restore(slot, reply);
            }
            Finish(slot, toClients, reply, length);
        }
    }

    /// <summary>Answers for the server where it did not within the time.</summary>
    public void Sweep(UdpSocket clients, MmsgBatch toClients, long nowMs)
    {
        for (int slot = _table.Expired(nowMs); slot >= 0; slot = _table.Expired(nowMs))
        {
            Span<byte> reply = Room(clients, toClients);
            AgentMetrics.CountRelayFailure("timeout");
            Finish(slot, toClients, reply, _table.WriteFailure(slot, reply, ExtendedErrorCode.NoReachableAuthority));
        }
    }

    public void Dispose()
    {
        AgentMetrics.RelayOpen.Add(-_table.OpenCount);
        foreach (UdpSocket? socket in _sockets)
        {
            socket?.Dispose();
        }
        _batch.Dispose();
    }

    private static Span<byte> Room(UdpSocket clients, MmsgBatch toClients)
    {
        if (toClients.IsFull)
        {
            clients.Send(toClients);
        }
        return toClients.NextSend;
    }

    private void Finish(int slot, MmsgBatch toClients, ReadOnlySpan<byte> reply, int length)
    {
        ref readonly ReplyToken client = ref _table.Client(slot);
        toClients.Commit(length, client.Client, client.Local);
        _pipeline.CountRelayed(AnswerTransport.Udp, reply[..length]);
        _table.Close(slot);
        AgentMetrics.RelayOpen.Add(-1);
    }
}
