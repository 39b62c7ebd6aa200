using Agent.Actors.Listeners;
using Agent.Actors.Telemetry;
using Agent.Dns.Net;
using Agent.Dns.Wire;

namespace Agent.Host.Sockets;

/// <summary>Passes queries of one UDP worker on to the server and its answers back.</summary>
/// <remarks>
/// <para>
/// Belongs to the worker's thread. The sockets are connected, so the kernel drops what comes from elsewhere; each batch leaves by another
/// of them and is answered there only, so that neither port nor id of a query can be foretold.
/// </para>
/// <para>
/// A full table gives up its oldest query for a new one: a server that leaves queries of one kind unanswered then costs the others
/// nothing.
/// </para>
/// <para>
/// The system tells when the server's port is closed. That is believed once the server has answered nothing for a moment, and ends what was
/// sent before; while answers come it may be a forgery, and what is really lost ends by its deadline.
/// </para>
/// </remarks>
internal sealed class UdpRelay : IDisposable
{
    private const long UnreachableAfterMs = 20;

    private readonly RelayOptions _options;
    private readonly RelayTable _table;
    private readonly MmsgBatch _batch;
    private readonly UdpSocket[] _sockets;
    private readonly RequestPipeline _pipeline;
    private readonly long[] _reports;
    private int _path;
    private int _openReported;
    private long _lostUpTo;
    private long _answeredMs = long.MinValue / 2;

    public UdpRelay(RelayOptions options, int slots, int slotBytes, RequestPipeline pipeline, bool portable)
    {
        _options = options;
        _pipeline = pipeline;
        _table = new RelayTable(options.UdpTableSize);
        _batch = new MmsgBatch(slots, slotBytes);
        _sockets = new UdpSocket[options.UpstreamSockets];
        _reports = new long[options.UpstreamSockets];
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
    public void Forward(
        ReadOnlySpan<byte> query, in ReplyToken client, in RelayHints hints, long nowMs, UdpSocket clients, MmsgBatch toClients)
    {
        if (_batch.IsFull)
        {
            Flush();
        }
        if (_batch.PendingCount == 0)
        {
            _path = MessageIds.Next() % _sockets.Length;
        }
        if (_table.IsFull)
        {
            Fail(_table.Oldest, "table_full", ExtendedErrorCode.NotReady, clients, toClients);
        }
        _table.TryOpen(query, client, hints, nowMs + _options.TimeoutMs, _batch.NextSend, _path);
        _batch.Commit(hints.ForwardedBytes(query.Length));
    }

    /// <summary>Sends what was taken over.</summary>
    public void Flush()
    {
        if (_batch.PendingCount > 0)
        {
            _sockets[_path].Send(_batch);
        }
    }

    /// <summary>Passes on the answers that wait at one socket.</summary>
    public void Pump(int socket, UdpSocket clients, MmsgBatch toClients, long nowMs)
    {
        int count = _sockets[socket].Receive(_batch, wait: false);
        for (int index = 0; index < count; index++)
        {
            ReadOnlySpan<byte> answer = _batch.Received(index);
            int slot = _table.Match(answer, socket);
            if (slot < 0)
            {
                AgentMetrics.CountRelayFailure("no_open_query");
                continue;
            }
            _answeredMs = nowMs;
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

    /// <summary>Notes whether the system has told that the server is away; what was sent until now is then in doubt.</summary>
    public void NoteReports(long nowMs)
    {
        for (int index = 0; index < _sockets.Length; index++)
        {
            long reports = _sockets[index].UnreachableReports;
            if (reports != _reports[index])
            {
                _reports[index] = reports;
                _lostUpTo = _table.NewestNumber;
            }
        }
        if (_answeredMs == nowMs)
        {
            _lostUpTo = 0;
        }
    }

    /// <summary>Answers for the server where it did not within the time, or cannot.</summary>
    public void Sweep(UdpSocket clients, MmsgBatch toClients, long nowMs)
    {
        for (int slot = _table.Expired(nowMs); slot >= 0; slot = _table.Expired(nowMs))
        {
            Fail(slot, "timeout", ExtendedErrorCode.NoReachableAuthority, clients, toClients);
        }
        if (_lostUpTo > 0 && nowMs - _answeredMs >= UnreachableAfterMs)
        {
            for (int slot = _table.OpenedUpTo(_lostUpTo); slot >= 0; slot = _table.OpenedUpTo(_lostUpTo))
            {
                Fail(slot, "unreachable", ExtendedErrorCode.NoReachableAuthority, clients, toClients);
            }
            _lostUpTo = 0;
        }
    }

    /// <summary>Tells monitoring how many queries are under way: once for a turn, for a single step of it would feel it.</summary>
    public void Report()
    {
        int change = _table.OpenCount - _openReported;
        if (change != 0)
        {
            _openReported += change;
            AgentMetrics.RelayOpen.Add(change);
        }
    }

    public void Dispose()
    {
        AgentMetrics.RelayOpen.Add(-_openReported);
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

    private void Fail(int slot, string reason, ExtendedErrorCode code, UdpSocket clients, MmsgBatch toClients)
    {
        Span<byte> reply = Room(clients, toClients);
        AgentMetrics.CountRelayFailure(reason);
        Finish(slot, toClients, reply, _table.WriteFailure(slot, reply, code));
    }

    private void Finish(int slot, MmsgBatch toClients, Span<byte> reply, int length)
    {
        length = _table.Sign(slot, reply, length);
        ref readonly ReplyToken client = ref _table.Client(slot);
        toClients.Commit(length, client.Client, client.Local);
        _pipeline.CountRelayed(AnswerTransport.Udp, reply[..length]);
        _table.Close(slot);
    }
}
