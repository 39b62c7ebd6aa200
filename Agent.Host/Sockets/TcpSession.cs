using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Agent.Actors.Listeners;
using Agent.Actors.Telemetry;
using Agent.Dns.Net;
using Agent.Dns.Wire;

namespace Agent.Host.Sockets;

/// <summary>One accepted connection: reads requests, answers them in the order in which answers come.</summary>
/// <remarks>
/// <code>
///   shaking hands --failed, too slow, chosen to make room--> closed
///      |  (TLS only)
///   reading --end of input, nothing under way--> closed
///      |    --end of input--> answering --last answer--> closed
///      +--(either) idle, too old, broken framing, client does not read, chosen to make room--> closed
/// </code>
/// Reading stops while as many requests are under way as may be pipelined. Only whole requests and answers count as activity, so a client
/// that sends one octet now and then is idle. Answers come from any thread.
/// </remarks>
internal sealed class TcpSession : IStreamReplyPath, ITransferOutput, IDisposable
{
    private const int QuietMs = 100;
    private const int FirstRequestMs = 1000;

    // A client that sends faster than we read would keep its thread for itself, and a few of them all threads.
    private const int MessagesPerTurn = 64;

    [ThreadStatic]
    private static byte[]? _scratch;

    private readonly DuplexConnection _connection;
    private readonly TcpOptions _options;
    private readonly TcpServices _services;
    private readonly FrameWriter _writer;
    private readonly SemaphoreSlim _room;
    private readonly CancellationTokenSource _stop = new();
    private readonly long _openedMs = Environment.TickCount64;
    private RequestSource _source;
    private TcpRelay? _relay;
    private long _activeMs = Environment.TickCount64;
    private int _underWay;
    private int _transfers;
    private int _inputEnded;
    private int _closed;
    private volatile bool _hasAsked;
    private volatile bool _isShakingHands;

    public TcpSession(Socket socket, TcpOptions options, TcpServices services)
    {
        _connection = new DuplexConnection(socket);
        _options = options;
        _services = services;
        _room = new SemaphoreSlim(options.PipelinedMax);
        _writer = new FrameWriter(_connection, options.WriteQueueBytesMax, Dispose);
        Client = NetworkEndpoint.From((IPEndPoint)socket.RemoteEndPoint!);
        _isShakingHands = services.Tls is not null;
        AnswerTransport transport = services.Tls is null ? AnswerTransport.Tcp : AnswerTransport.Tls;
        _source = new RequestSource(Client, NetworkEndpoint.From((IPEndPoint)socket.LocalEndPoint!), transport, this);
    }

    public NetworkEndpoint Client { get; }

    /// <summary>When a whole request or answer last passed.</summary>
    public long ActiveMs => Interlocked.Read(ref _activeMs);

    public bool IsBusy => Volatile.Read(ref _underWay) > 0;

    /// <summary>Whether the client has not yet said who it is and whether it can do TLS at all.</summary>
    public bool IsShakingHands => _isShakingHands;

    public async Task RunAsync()
    {
        try
        {
            if (!await ShakeHandsAsync())
            {
                Dispose();
                return;
            }
            _writer.Start();
            await ReadAsync();
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            Dispose();
        }
#pragma warning disable CA1031 // Whatever a message brings to light ends this connection and no other.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            _services.Failed(this, exception);
            Dispose();
        }
    }

    public bool Reply(in ReplyToken token, ReadOnlySpan<byte> message)
    {
        bool written = _writer.TryWrite(message);
        Done();
        return written;
    }

    public void Withhold(in ReplyToken token) => Done();

    public void Queue(ReadOnlySpan<byte> message)
    {
        _writer.TryQueue(message);
        Done();
    }

    public void Flush() => _writer.Flush();

    public async ValueTask<bool> WriteAsync(ReadOnlyMemory<byte> message)
    {
        if (!_writer.TryWrite(message.Span))
        {
            return false;
        }
        Touch();
        return await _writer.DrainAsync();
    }

    /// <summary>Ends what has lasted too long. Called now and then.</summary>
    public void CheckDeadlines(long nowMs)
    {
        _relay?.Sweep(nowMs);
        if (_isShakingHands && nowMs - _openedMs > _services.Tls!.TimeoutMs)
        {
            EndHandshake("timeout");
            return;
        }
        bool isOld = nowMs - _openedMs > _options.TotalTimeoutMs && Volatile.Read(ref _transfers) == 0;
        bool isIdle = !IsBusy && nowMs - ActiveMs > _options.IdleTimeoutMs;
        bool isStalled = _writer.StalledSinceMs is { } since && nowMs - since > _options.IdleTimeoutMs;
        if (isOld || isIdle || isStalled)
        {
            AgentMetrics.CountShed(isStalled ? ShedReason.TcpStalled : isOld ? ShedReason.TcpTotal : ShedReason.TcpIdle);
            Dispose();
        }
    }

    /// <summary>Ends it before it has begun.</summary>
    /// <param name="why">What is counted.</param>
    public void EndHandshake(string why)
    {
        if (Volatile.Read(ref _closed) == 0)
        {
            TlsAcceptor.Count(why);
        }
        Dispose();
    }

    /// <summary>Ends it when everything that was asked is answered. A client that has just connected or asked is given a moment for what
    /// may be on its way. Called now and then while the listener closes.</summary>
    public void EndWhenQuiet(long nowMs)
    {
        if (IsBusy || nowMs - ActiveMs < (_hasAsked ? QuietMs : FirstRequestMs)) return;
        Volatile.Write(ref _inputEnded, 1);
        CloseWhenDone();
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _closed, 1) != 0)
        {
            return;
        }
        _stop.Cancel();
        _connection.Dispose();
        _writer.Dispose();
        Interlocked.Exchange(ref _relay, null)?.Dispose();
        _services.Ended(this);
    }

    private async Task<bool> ShakeHandsAsync()
    {
        if (_services.Tls is not { } acceptor)
        {
            return true;
        }
        SslStream? tls = await acceptor.ShakeHandsAsync(_connection.Socket, _stop.Token);
        if (tls is null)
        {
            return false;
        }
        _connection.Protect(tls);
        _source = _source with { Tls = TlsServerProfile.Describe(tls) };
        Touch();
        _isShakingHands = false;
        return true;
    }

    private async Task ReadAsync()
    {
        using var framer = new TcpFramer(_options.MessageBytesMax);
        int messages = 0;
        while (true)
        {
            int count = await _connection.ReceiveAsync(framer.ReceiveBuffer, _stop.Token);
            if (count == 0)
            {
                break;
            }
            framer.Advance(count);
            while (framer.TryRead(out ReadOnlyMemory<byte> message))
            {
                if (_room.CurrentCount == 0)
                {
                    // Room comes with answers, and those to questions that have not left would never come.
                    SendQueued();
                }
                await _room.WaitAsync(_stop.Token);
                if (_relay is { } relay && !relay.HasRoom(message.Length))
                {
                    SendQueued();
                    await relay.RoomAsync(message.Length, _stop.Token);
                }
                Interlocked.Increment(ref _underWay);
                _hasAsked = true;
                Touch();
                Handle(message);
                if (++messages % MessagesPerTurn == 0)
                {
                    SendQueued();
                    await Task.Yield();
                }
            }
            SendQueued();
            if (framer.IsBroken)
            {
                AgentMetrics.CountShed(ShedReason.TcpMessageTooLong);
                Dispose();
                return;
            }
        }
        Volatile.Write(ref _inputEnded, 1);
        CloseWhenDone();
    }

    /// <summary>What came together leaves together: queries to the server, and answers of our own.</summary>
    private void SendQueued()
    {
        _relay?.Flush();
        _writer.Flush();
    }

    private void Handle(ReadOnlyMemory<byte> message)
    {
        byte[] reply = _scratch ??= new byte[ushort.MaxValue];
        long nowMs = Environment.TickCount64;
        RequestOutcome outcome = _services.Pipeline.Process(message.Span, _source, reply, nowMs);
        switch (outcome.Disposition)
        {
            case RequestDisposition.Reply:
                Queue(reply.AsSpan(0, outcome.ReplyLength));
                break;
            case RequestDisposition.Control:
                _services.Gate.Post(outcome.Control!, nowMs);
                break;
            case RequestDisposition.Relay:
                Relay(message.Span, outcome.Relay, reply, nowMs);
                break;
            case RequestDisposition.TransferOut:
                _ = TransferAsync(outcome.Transfer!);
                break;
            default:
                Done();
                break;
        }
    }

    private void Relay(ReadOnlySpan<byte> query, in RelayHints hints, Span<byte> reply, long nowMs)
    {
        if (_relay is null && _services.Relay is { } options)
        {
            _relay = new TcpRelay(options, this, _services.Pipeline, _source.Transport);
            if (Volatile.Read(ref _closed) != 0)
            {
                // Closed while the relay was made: nobody else would close it.
                Interlocked.Exchange(ref _relay, null)?.Dispose();
            }
        }
        if (_relay?.TryForward(query, _source.Token, hints, nowMs) != true)
        {
            Answer(query, reply, ResponseCode.ServFail, ExtendedErrorCode.NotReady, hints.Signature);
        }
    }

    private async Task TransferAsync(TransferRequest request)
    {
        if (_services.Transfers is not { } responder)
        {
            Answer(request.Query.Span, new byte[RequestPipeline.PayloadBytes], ResponseCode.Refused, ExtendedErrorCode.NotSupported);
            return;
        }
        Interlocked.Increment(ref _transfers);
        try
        {
            await responder.RespondAsync(request, this, _stop.Token);
            Done();
        }
        catch (OperationCanceledException)
        {
            Done();
        }
#pragma warning disable CA1031 // A half-sent transfer can only be ended by closing, whatever went wrong.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            _services.Failed(this, exception);
            Dispose();
        }
        finally
        {
            Interlocked.Decrement(ref _transfers);
        }
    }

    private void Answer(
        ReadOnlySpan<byte> request, Span<byte> reply, ResponseCode responseCode, ExtendedErrorCode reason, RelaySignature? signature = null)
    {
        int length = ReplyWriter.Write(request, reply, responseCode, authoritative: false, RequestPipeline.PayloadBytes, reason);
        length = signature?.Sign(reply, length) ?? length;
        _services.Pipeline.CountRelayed(_source.Transport, reply[..length]);
        Reply(_source.Token, reply[..length]);
    }

    private void Done()
    {
        Touch();
        Interlocked.Decrement(ref _underWay);
        _room.Release();
        CloseWhenDone();
    }

    private void CloseWhenDone()
    {
        if (Volatile.Read(ref _inputEnded) != 0 && !IsBusy && Volatile.Read(ref _closed) == 0)
        {
            _ = CloseDrainedAsync();
        }
    }

    private async Task CloseDrainedAsync()
    {
        await _writer.DrainAsync();
        await _connection.FinishAsync();
        Dispose();
    }

    private void Touch() => Interlocked.Exchange(ref _activeMs, Environment.TickCount64);
}
