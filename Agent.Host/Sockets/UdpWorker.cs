using Agent.Actors.Listeners;
using Agent.Actors.Telemetry;
using Agent.Dns.Net;

namespace Agent.Host.Sockets;

/// <summary>One thread with one client socket and, when queries are relayed, a few sockets towards the server.</summary>
/// <remarks>
/// <code>
///   wait (poll over all sockets) -> answers of the server -> requests of clients -> send both ways -> deadlines -> wait
/// </code>
/// One thread serves both directions, so the relay's table has one owner and no lock; poll is one more system call for a whole batch.
/// Without a relay there is only one socket, and the thread blocks in receiving. Answers of actors do not pass this thread: the actor's
/// thread sends them on the same socket.
/// </remarks>
internal sealed partial class UdpWorker : IReplyPath, IDisposable
{
    private const int IdleWaitMs = 200;
    private const int OpenWaitMs = 20;
    private const int GateSweepMs = 500;
    private const int FailureLogMs = 1000;

    private readonly UdpSocket _socket;
    private readonly MmsgBatch _batch;
    private readonly RequestPipeline _pipeline;
    private readonly ControlGate _gate;
    private readonly UdpRelay? _relay;
    private readonly UdpReadiness? _readiness;
    private readonly ITransferResponder? _transfers;
    private readonly ILogger _logger;
    private readonly Thread _thread;
    private volatile bool _stopping;
    private volatile bool _isTurningAway;
    private volatile bool _isQuiet;
    private long _gateSweptMs;
    private long _failureLoggedMs = long.MinValue / 2;

    public UdpWorker(
        UdpSocket socket,
        UdpWorkerOptions options,
        RequestPipeline pipeline,
        ControlGate gate,
        RelayOptions? relay,
        ILogger logger,
        ITransferResponder? transfers = null)
    {
        _transfers = transfers;
        _socket = socket;
        _pipeline = pipeline;
        _gate = gate;
        _logger = logger;
        _batch = new MmsgBatch(options.BatchSlots, options.SlotBytes);
        if (relay is not null)
        {
            try
            {
                _relay = new UdpRelay(relay, options.BatchSlots, options.SlotBytes, pipeline, options.Portable);
            }
            catch
            {
                _batch.Dispose();
                throw;
            }
            _readiness = new UdpReadiness([socket, .. _relay.Sockets]);
        }
        _thread = new Thread(Run) { IsBackground = true, Name = $"udp {socket.LocalEndpoint}" };
    }

    public NetworkEndpoint LocalEndpoint => _socket.LocalEndpoint;

    /// <summary>Since nothing new is let in, everything that had come was dealt with and every relayed query has its answer.</summary>
    public bool IsQuiet => _isQuiet;

    public void Start() => _thread.Start();

    /// <summary>Lets no new datagram in. Where the system cannot do that, nothing is waited for.</summary>
    public void TurnAway()
    {
        if (_socket.TurnAway()) _isTurningAway = true;
        else _isQuiet = true;
    }

    public bool Reply(in ReplyToken token, ReadOnlySpan<byte> message) => _socket.SendOne(message, token.Client, token.Local);

    public void Withhold(in ReplyToken token)
    {
        // A datagram's client is not waited for.
    }

    /// <summary>Ends the thread and closes the sockets. Later answers of actors find the socket closed and are dropped.</summary>
    public void Dispose()
    {
        _stopping = true;
        if (_thread.IsAlive)
        {
            _thread.Join();
        }
        _relay?.Dispose();
        _socket.Dispose();
        _batch.Dispose();
    }

    private void Run()
    {
        while (!_stopping)
        {
            try
            {
                Turn();
            }
#pragma warning disable CA1031 // The thread must outlive whatever comes to light; what was received in this turn is lost.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                Failed(exception);
            }
        }
    }

    /// <summary>Waits for something to arrive and deals with it.</summary>
    internal void Turn()
    {
        bool isTurningAway = _isTurningAway;
        bool hasRequests = true;
        if (_relay is not null)
        {
            _readiness!.Wait(_relay.OpenCount > 0 || isTurningAway ? OpenWaitMs : IdleWaitMs);
            hasRequests = _readiness.IsReady(0);
            long wokenMs = Environment.TickCount64;
            for (int index = 0; index < _relay.Sockets.Count; index++)
            {
                if (_readiness.IsReady(index + 1))
                {
                    _relay.Pump(index, _socket, _batch, wokenMs);
                }
            }
            _relay.NoteReports(wokenMs);
        }
        int received = hasRequests ? _socket.Receive(_batch, wait: _relay is null && !isTurningAway) : 0;
        long nowMs = Environment.TickCount64;
        for (int index = 0; index < received; index++)
        {
            try
            {
                Handle(index, nowMs);
            }
#pragma warning disable CA1031 // One datagram that brings a fault to light costs the others nothing.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                Failed(exception);
            }
        }
        _relay?.Flush();
        _relay?.Sweep(_socket, _batch, nowMs);
        _relay?.Report();
        _socket.Send(_batch);
        if (isTurningAway && received == 0 && _relay is not { OpenCount: > 0 })
        {
            _isQuiet = true;
            // Nobody is heard any more; the wait keeps the thread from spinning until it is ended.
            if (_relay is null) Thread.Sleep(OpenWaitMs);
        }
        if (nowMs - _gateSweptMs >= GateSweepMs)
        {
            _gateSweptMs = nowMs;
            _gate.Sweep(nowMs);
        }
    }

    private void Handle(int index, long nowMs)
    {
        if (_batch.IsFull)
        {
            _socket.Send(_batch);
        }
        ReadOnlySpan<byte> message = _batch.Received(index);
        var source = new RequestSource(_batch.Source(index), _batch.Local(index), AnswerTransport.Udp, this);
        RequestOutcome outcome = _pipeline.Process(message, source, _batch.NextSend, nowMs);
        switch (outcome.Disposition)
        {
            case RequestDisposition.Reply:
                _batch.Commit(outcome.ReplyLength, source.Client, source.Local);
                break;
            case RequestDisposition.Control:
                _gate.Post(outcome.Control!, nowMs);
                break;
            case RequestDisposition.Relay:
                _relay!.Forward(message, source.Token, outcome.Relay, nowMs, _socket, _batch);
                break;
            case RequestDisposition.TransferOut:
                _ = _transfers?.RespondByDatagramAsync(outcome.Transfer!);
                break;
            default:
                break;
        }
    }

    private void Failed(Exception exception)
    {
        AgentMetrics.CountShed(ShedReason.WorkerError);
        long nowMs = Environment.TickCount64;
        if (nowMs - _failureLoggedMs >= FailureLogMs)
        {
            // Whoever can cause it may cause it with each datagram; the count tells how often.
            _failureLoggedMs = nowMs;
            LogFailed(exception);
        }
    }

    [LoggerMessage(
        EventId = 1101,
        EventName = "udp-datagram-lost",
        Level = LogLevel.Error,
        Message = "udp: a datagram was lost by a failure")]
    private partial void LogFailed(Exception exception);
}
