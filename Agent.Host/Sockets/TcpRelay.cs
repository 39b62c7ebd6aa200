using System.Net.Sockets;
using System.Runtime.InteropServices;
using Agent.Actors.Listeners;
using Agent.Actors.Telemetry;
using Agent.Dns.Net;
using Agent.Dns.Wire;

namespace Agent.Host.Sockets;

/// <summary>Passes the queries of one client connection on over one connection to the server, opened at the first query and kept.</summary>
/// <remarks>
/// <code>
///   none --query--> connecting --ok--> open --server closes, error--> none   (what was under way is answered SERVFAIL)
///                        \--error--> none
/// </code>
/// Answers may come in any order. Thread-safe: queries come from the session, answers from the server's side, deadlines from the sweeper.
/// </remarks>
internal sealed class TcpRelay : IDisposable
{
    private const int FewAnswers = 3;
    private const int PaddingRoom = EdnsPadding.AnswerBlock + 4;

    private readonly Lock _gate = new();
    private readonly RelayOptions _options;
    private readonly RelayTable _table;
    private readonly IStreamReplyPath _client;
    private readonly RequestPipeline _pipeline;
    private readonly AnswerTransport _transport;
    private readonly byte[] _failure = new byte[RequestPipeline.PayloadBytes];
    private byte[] _padded = [];
    private byte[] _forwarded = new byte[512];
    private Upstream? _upstream;
    private bool _isDisposed;

    /// <param name="transport">How the client is connected; over TLS the answers are padded.</param>
    public TcpRelay(RelayOptions options, IStreamReplyPath client, RequestPipeline pipeline, AnswerTransport transport)
    {
        _options = options;
        _client = client;
        _pipeline = pipeline;
        _transport = transport;
        _table = new RelayTable(options.TcpTableSize);
    }

    /// <summary>
    /// Takes a query over, which leaves with the next <see cref="Flush"/>; its answer reaches the client's reply path in any case.
    /// </summary>
    /// <returns>False when too many are under way, or the relay is closed.</returns>
    public bool TryForward(ReadOnlySpan<byte> query, in ReplyToken client, in RelayHints hints, long nowMs)
    {
        Upstream? lost = null;
        lock (_gate)
        {
            if (_isDisposed)
            {
                return false;
            }
            if (_forwarded.Length < query.Length)
            {
                _forwarded = new byte[Math.Min(ushort.MaxValue, query.Length * 2)];
            }
            if (!_table.TryOpen(query, client, hints, nowMs + _options.TimeoutMs, _forwarded))
            {
                AgentMetrics.CountRelayFailure("table_full");
                return false;
            }
            AgentMetrics.RelayOpen.Add(1);
            if (_upstream is null)
            {
                _upstream = new Upstream(this);
                _ = _upstream.RunAsync();
            }
            if (!_upstream.Writer.TryQueue(_forwarded.AsSpan(0, query.Length)))
            {
                lost = _upstream;
            }
        }
        if (lost is not null)
        {
            Lost(lost);
        }
        return true;
    }

    /// <summary>Sends what was taken over. A connection that is lost by now has answered for the server.</summary>
    public void Flush() => Volatile.Read(ref _upstream)?.Writer.Flush();

    /// <summary>Answers for the server where it did not within the time.</summary>
    public void Sweep(long nowMs)
    {
        lock (_gate)
        {
            for (int slot = _table.Expired(nowMs); slot >= 0; slot = _table.Expired(nowMs))
            {
                Fail(slot, "timeout", ExtendedErrorCode.NoReachableAuthority);
            }
        }
    }

    public void Dispose()
    {
        Upstream? upstream;
        lock (_gate)
        {
            _isDisposed = true;
            upstream = _upstream;
            _upstream = null;
            AgentMetrics.RelayOpen.Add(-_table.OpenCount);
            while (_table.Oldest >= 0)
            {
                _table.Close(_table.Oldest);
            }
        }
        upstream?.Dispose();
    }

    /// <summary>
    /// The server owes a few answers. One that gathers small ones (RFC 896, as NSD does) holds the next back until we have acknowledged the
    /// last, which our system does with the next query: each answer would be one query late. Where many are owed the next query is near,
    /// and gathered answers cost less.
    /// </summary>
    private bool IsWaitingForFew
    {
        get
        {
            lock (_gate)
            {
                return _table.OpenCount is > 0 and <= FewAnswers;
            }
        }
    }

    private void Answered(Span<byte> answer)
    {
        lock (_gate)
        {
            int slot = _isDisposed ? -1 : _table.Match(answer);
            if (slot < 0)
            {
                AgentMetrics.CountRelayFailure("no_open_query");
                return;
            }
            _table.Restore(slot, answer);
            // More may stand behind it; the client gets them in one write.
            _client.Queue(Taken(slot, answer));
        }
    }

    private void Lost(Upstream upstream)
    {
        lock (_gate)
        {
            if (ReferenceEquals(_upstream, upstream))
            {
                _upstream = null;
                while (_table.Oldest >= 0)
                {
                    Fail(_table.Oldest, "upstream_closed", ExtendedErrorCode.NetworkError);
                }
            }
        }
        upstream.Dispose();
    }

    private void Fail(int slot, string reason, ExtendedErrorCode code)
    {
        AgentMetrics.CountRelayFailure(reason);
        ReplyToken client = _table.Client(slot);
        _client.Reply(client, Taken(slot, _failure.AsSpan(0, _table.WriteFailure(slot, _failure, code))));
    }

    /// <summary>Ends a query with this answer; the answer as it leaves.</summary>
    private ReadOnlySpan<byte> Taken(int slot, ReadOnlySpan<byte> reply)
    {
        _table.Close(slot);
        AgentMetrics.RelayOpen.Add(-1);
        _pipeline.CountRelayed(_transport, reply);
        return _transport == AnswerTransport.Tls ? Pad(reply) : reply;
    }

    /// <summary>An OPT in the answer means that there was one in the question. What the server has signed stays as it is.</summary>
    private ReadOnlySpan<byte> Pad(ReadOnlySpan<byte> reply)
    {
        int needed = Math.Min(ushort.MaxValue, reply.Length + PaddingRoom);
        if (_padded.Length < needed)
        {
            _padded = new byte[needed];
        }
        reply.CopyTo(_padded);
        return _padded.AsSpan(0, EdnsPadding.Extend(_padded, reply.Length, EdnsPadding.AnswerBlock));
    }

    /// <summary>One connection to the server.</summary>
    private sealed class Upstream : IDisposable
    {
        private readonly TcpRelay _relay;
        private readonly DuplexConnection _connection;

        public Upstream(TcpRelay relay)
        {
            _relay = relay;
            NetworkEndpoint destination = relay._options.Destination;
            var socket = new Socket(
                destination.IsIPv4 ? AddressFamily.InterNetwork : AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp)
            {
                NoDelay = true,
            };
            _connection = new DuplexConnection(socket);
            // Bounded by the table: no more queries than it holds can wait here.
            Writer = new FrameWriter(_connection, relay._options.TcpTableSize * 1024, Close);
        }

        public FrameWriter Writer { get; }

        public async Task RunAsync()
        {
            // Off the caller's lock before anything can complete at once.
            await Task.Yield();
            using var framer = new TcpFramer();
            try
            {
                using (var connecting = new CancellationTokenSource(_relay._options.TimeoutMs))
                {
                    await _connection.Socket.ConnectAsync(_relay._options.Destination.ToIPEndPoint(), connecting.Token);
                }
                Writer.Start();
                while (true)
                {
                    int count = await _connection.ReceiveAsync(framer.ReceiveBuffer, CancellationToken.None);
                    if (count == 0)
                    {
                        break;
                    }
                    framer.Advance(count);
                    while (framer.TryRead(out ReadOnlyMemory<byte> answer))
                    {
                        // The octets stand in the framer's own buffer, which nobody else reads any more.
                        _relay.Answered(MemoryMarshal.AsMemory(answer).Span);
                    }
                    _relay._client.Flush();
                    if (_relay.IsWaitingForFew)
                    {
                        _connection.Acknowledge();
                    }
                }
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException or OperationCanceledException)
            {
                // Whatever it was, the connection is over; the clients are told below.
            }
            finally
            {
                _relay.Lost(this);
            }
        }

        public void Dispose()
        {
            _connection.Dispose();
            Writer.Dispose();
        }

        /// <summary>Ends the receiving loop, which tells the clients; sending may fail under the relay's lock.</summary>
        private void Close() => _connection.Dispose();
    }
}
