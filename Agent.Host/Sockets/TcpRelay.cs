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
///   none --query--> connecting --ok--> open --server closes, error--> none, or connecting again
///                        \--error--> none
/// </code>
/// A server may close after some queries, or because nothing came for a while, and meet the next query halfway. What was under way then is
/// asked again over a new connection (RFC 7766 section 6.2.4): as often as each has answered something, and else once. What is left, or was
/// never given a chance, is answered SERVFAIL.
/// The octets of all queries under way are bounded: who forwards waits for <see cref="RoomAsync"/>.
/// Answers may come in any order. Thread-safe: queries come from the session, answers from the server's side, deadlines from the sweeper.
/// </remarks>
internal sealed class TcpRelay : IDisposable
{
    private const int FewAnswers = 3;
    private const int PaddingRoom = EdnsPadding.AnswerBlock + 4;

    private readonly Lock _gate = new();
    private readonly RelayOptions _options;
    private readonly RelayTable _table;
    private readonly KeptQueries _kept;
    private readonly IStreamReplyPath _client;
    private readonly RequestPipeline _pipeline;
    private readonly AnswerTransport _transport;
    private readonly byte[] _failure = new byte[RequestPipeline.PayloadBytes];
    private byte[] _finished = [];
    private byte[] _forwarded = new byte[512];
    private Upstream? _upstream;
    private TaskCompletionSource? _roomMade;
    private bool _isDisposed;

    /// <param name="transport">How the client is connected; over TLS the answers are padded.</param>
    public TcpRelay(RelayOptions options, IStreamReplyPath client, RequestPipeline pipeline, AnswerTransport transport)
    {
        _options = options;
        _client = client;
        _pipeline = pipeline;
        _transport = transport;
        _table = new RelayTable(options.TcpTableSize);
        _kept = new KeptQueries(options.TcpTableSize, options.TcpOctetsMax);
    }

    /// <summary>Waits until a query of this length may be taken over. What was taken over before must have been flushed.</summary>
    public async ValueTask RoomAsync(int octets, CancellationToken cancellation)
    {
        while (true)
        {
            Task roomMade;
            lock (_gate)
            {
                if (_isDisposed || _kept.HasRoom(octets))
                {
                    return;
                }
                _roomMade ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                roomMade = _roomMade.Task;
            }
            await roomMade.WaitAsync(cancellation);
        }
    }

    /// <summary>Whether a query of this length may be taken over at once.</summary>
    public bool HasRoom(int octets)
    {
        lock (_gate)
        {
            return _kept.HasRoom(octets);
        }
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
            bool isOnly = _table.OpenCount == 0;
            if (!_kept.HasRoom(query.Length) || !_table.TryOpen(query, client, hints, nowMs + _options.TimeoutMs, _forwarded))
            {
                AgentMetrics.CountRelayFailure("table_full");
                return false;
            }
            ReadOnlySpan<byte> leaving = _forwarded.AsSpan(0, hints.ForwardedBytes(query.Length));
            _kept.Keep(_table.Newest, leaving);
            AgentMetrics.RelayOpen.Add(1);
            if (_upstream is null)
            {
                _upstream = Connect();
            }
            else if (isOnly)
            {
                // It stood idle, which the server may be ending just now.
                _upstream.StoodIdle = true;
            }
            if (!_upstream.Writer.TryQueue(leaving))
            {
                // The server does not read: even what ran out of time still waits here. Nothing is gained by asking it again.
                lost = _upstream;
                GiveUp(lost, mayAskAgain: false, isOftener: false);
            }
        }
        lost?.Dispose();
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
                _kept.Forget(_table.Oldest);
                _table.Close(_table.Oldest);
            }
            _roomMade?.TrySetResult();
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

    private Upstream Connect()
    {
        var upstream = new Upstream(this);
        _ = upstream.RunAsync();
        return upstream;
    }

    private void Answered(Upstream upstream, Span<byte> answer)
    {
        lock (_gate)
        {
            int slot = _isDisposed ? -1 : _table.Match(answer);
            if (slot < 0)
            {
                AgentMetrics.CountRelayFailure("no_open_query");
                return;
            }
            upstream.HasAnswered = true;
            _table.Restore(slot, answer);
            // More may stand behind it; the client gets them in one write.
            _client.Queue(Taken(slot, answer));
        }
    }

    private void Lost(Upstream upstream)
    {
        lock (_gate)
        {
            GiveUp(upstream, upstream.HasAnswered || upstream.StoodIdle, isOftener: upstream.HasAnswered);
        }
        upstream.Dispose();
    }

    /// <summary>Leaves a connection; what is under way is asked again over another, or answered for the server.</summary>
    /// <param name="upstream">The connection; nothing happens when it was left before.</param>
    /// <param name="mayAskAgain">What is under way may be asked again.</param>
    /// <param name="isOftener">Also what was so before: this connection brought something, so there will be an end.</param>
    private void GiveUp(Upstream upstream, bool mayAskAgain, bool isOftener)
    {
        if (!ReferenceEquals(_upstream, upstream))
        {
            return;
        }
        _upstream = null;
        for (int slot = _table.Oldest; slot >= 0;)
        {
            int next = _table.After(slot);
            if (!mayAskAgain || !(isOftener || _kept.TryAskAgain(slot)))
            {
                Fail(slot, "upstream_closed", ExtendedErrorCode.NetworkError);
                if (_isDisposed)
                {
                    // The client's connection broke on this answer and has closed us.
                    return;
                }
            }
            slot = next;
        }
        if (_table.OpenCount > 0)
        {
            _upstream = Connect();
            for (int slot = _table.Oldest; slot >= 0; slot = _table.After(slot))
            {
                // Always fits: the queue's bound is that of the queries under way. It leaves as soon as the connection stands.
                _upstream.Writer.TryQueue(_kept.Query(slot));
            }
        }
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
        ReadOnlySpan<byte> leaving = Finished(slot, reply);
        _table.Close(slot);
        _kept.Forget(slot);
        _roomMade?.TrySetResult();
        _roomMade = null;
        AgentMetrics.RelayOpen.Add(-1);
        _pipeline.CountRelayed(_transport, reply);
        return leaving;
    }

    /// <summary>
    /// Pads where others cannot read, and signs where we took a signature off. An OPT in the answer means that there was one in the
    /// question. What the server has signed stays as it is.
    /// </summary>
    private ReadOnlySpan<byte> Finished(int slot, ReadOnlySpan<byte> reply)
    {
        int signatureBytes = _table.SignatureBytes(slot);
        if (_transport != AnswerTransport.Tls && signatureBytes == 0)
        {
            return reply;
        }
        int needed = Math.Min(ushort.MaxValue, reply.Length + PaddingRoom + signatureBytes);
        if (_finished.Length < needed)
        {
            _finished = new byte[needed];
        }
        reply.CopyTo(_finished);
        int length = reply.Length;
        if (_transport == AnswerTransport.Tls)
        {
            length = EdnsPadding.Extend(_finished, length, EdnsPadding.AnswerBlock, signatureBytes);
        }
        return _finished.AsSpan(0, _table.Sign(slot, _finished, length));
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
            // All queries under way fit. What ran out of time unsent takes room, too: a server that reads so little is given up.
            RelayOptions options = relay._options;
            Writer = new FrameWriter(_connection, options.TcpOctetsMax + (options.TcpTableSize * TcpFramer.PrefixBytes), Close);
        }

        /// <summary>Whether the server has answered here: that it closes then tells nothing of what is under way.</summary>
        public bool HasAnswered { get; set; }

        /// <summary>Whether it had nothing to answer when a query came, so that it may have been closing.</summary>
        public bool StoodIdle { get; set; }

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
                        _relay.Answered(this, MemoryMarshal.AsMemory(answer).Span);
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
