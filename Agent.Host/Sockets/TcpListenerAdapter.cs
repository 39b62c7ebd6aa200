using System.Net;
using System.Net.Sockets;
using Agent.Actors.Listeners;
using Agent.Actors.Telemetry;
using Agent.Dns.Net;

namespace Agent.Host.Sockets;

/// <summary>Accepts connections at one address and keeps their number within bounds.</summary>
/// <remarks>At a limit the connection that was idle longest makes room: a client that forgets its connections hurts only itself.</remarks>
internal sealed partial class TcpListenerAdapter : IDisposable
{
    private const int SweepMsMax = 250;
    private const int AcceptRetryMs = 50;
    private const int AcceptLogMs = 5000;

    // However scarce descriptors are, so many connections are let in.
    private const int ConnectionsMinimum = 16;

    private readonly Lock _gate = new();
    private readonly Dictionary<UInt128, List<TcpSession>> _clients = [];
    private readonly HashSet<TcpSession> _sessions = [];
    private readonly Socket _socket;
    private readonly TcpOptions _options;
    private readonly TcpServices _services;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _stopAccepting = new();
    private readonly DescriptorReserve _reserve = new();

    // Falls when the process turns out to have fewer descriptors than connections are allowed.
    private int _connectionsMax;
    private Task _running = Task.CompletedTask;
    private Task _accepting = Task.CompletedTask;
    private long _acceptLoggedMs = long.MinValue / 2;
    private bool _isDisposed;

    public TcpListenerAdapter(
        NetworkEndpoint local,
        TcpOptions options,
        RequestPipeline pipeline,
        ControlGate gate,
        RelayOptions? relay,
        ITransferResponder? transfers,
        ILogger logger,
        TlsAcceptor? tls = null)
    {
        _options = options;
        _connectionsMax = options.ConnectionsMax;
        _logger = logger;
        _services = new TcpServices(pipeline, gate, relay, transfers, Forget, LogFailed, tls);
        _socket = new Socket(local.IsIPv4 ? AddressFamily.InterNetwork : AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (!local.IsIPv4)
            {
                _socket.DualMode = local.IsWildcard;
            }
            // No option: the framework binds behind closed connections by itself, and its ReuseAddress lets others share the port
            // besides (SO_REUSEPORT).
            _socket.Bind(local.ToIPEndPoint());
            _socket.Listen(options.Backlog);
            LocalEndpoint = NetworkEndpoint.From((IPEndPoint)_socket.LocalEndPoint!);
        }
        catch
        {
            _socket.Dispose();
            _reserve.Dispose();
            throw;
        }
    }

    public NetworkEndpoint LocalEndpoint { get; }

    public int SessionCount
    {
        get
        {
            lock (_gate)
            {
                return _sessions.Count;
            }
        }
    }

    public void Start()
    {
        _accepting = AcceptAsync();
        _running = Task.WhenAll(_accepting, SweepAsync());
    }

    /// <summary>Closes the port. Whoever has connected before is still served; who comes now is refused and may go elsewhere.</summary>
    public async Task CloseDoorAsync()
    {
        await _stopAccepting.CancelAsync();
        await _accepting;
        try
        {
            // The system has let them in already: closing now would break their connections.
            while (_socket.Poll(0, SelectMode.SelectRead)) Admit(_socket.Accept());
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // Out of descriptors, or the client has left: nobody more is served.
        }
        _socket.Dispose();
    }

    /// <summary>Ends the connections that have nothing under way. Called now and then after <see cref="CloseDoorAsync"/>.</summary>
    public void EndQuietSessions(long nowMs)
    {
        foreach (TcpSession session in Snapshot())
        {
            session.EndWhenQuiet(nowMs);
        }
    }

    public void Dispose()
    {
        if (_isDisposed)
        {
            return;
        }
        _isDisposed = true;
        _stop.Cancel();
        _stopAccepting.Cancel();
        _socket.Dispose();
        _running.Wait(TimeSpan.FromSeconds(5));
        foreach (TcpSession session in Snapshot())
        {
            session.Dispose();
        }
        _reserve.Dispose();
        _stop.Dispose();
        _stopAccepting.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_stopAccepting.IsCancellationRequested)
        {
            try
            {
                Admit(await _socket.AcceptAsync(_stopAccepting.Token));
            }
            catch (Exception exception) when (_stopAccepting.IsCancellationRequested || exception is ObjectDisposedException)
            {
                return;
            }
#pragma warning disable CA1031 // Out of descriptors or memory, or the client left before it was accepted: none of it ends the listener.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                AcceptFailed(exception);
                await Task.Delay(AcceptRetryMs, _stopAccepting.Token).ContinueWith(_ => { }, TaskScheduler.Default);
            }
        }
    }

    private void AcceptFailed(Exception exception)
    {
        SocketError error = (exception as SocketException)?.SocketErrorCode ?? SocketError.SocketError;
        if (error is SocketError.TooManyOpenSockets or SocketError.NoBufferSpaceAvailable)
        {
            MakeRoom();
        }
        long nowMs = Environment.TickCount64;
        if (nowMs - _acceptLoggedMs >= AcceptLogMs)
        {
            _acceptLoggedMs = nowMs;
            LogAcceptFailed(error, exception);
        }
    }

    /// <summary>
    /// The process is at the limit of the system before it is at ours: ours falls, so that the rest of the process has some left.
    /// </summary>
    private void MakeRoom()
    {
        int room = _reserve.TryRelease() ? 0 : DescriptorReserve.Size;
        TcpSession[] victims;
        lock (_gate)
        {
            _connectionsMax = Math.Max(ConnectionsMinimum, Math.Min(_connectionsMax, _sessions.Count) - room);
            victims = [.. _sessions.OrderBy(IdleOrder).Take(Math.Max(1, _sessions.Count - _connectionsMax))];
        }
        AgentMetrics.CountShed(ShedReason.Descriptors);
        foreach (TcpSession victim in victims)
        {
            victim.Dispose();
        }
    }

    private void Admit(Socket accepted)
    {
        TcpSession session;
        TcpSession? victim = null;
        try
        {
            accepted.NoDelay = true;
            session = new TcpSession(accepted, _options, _services);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // The client has left before it was looked at.
            accepted.Dispose();
            return;
        }
        lock (_gate)
        {
            UInt128 client = GroupOf(session.Client);
            if (!_clients.TryGetValue(client, out List<TcpSession>? siblings))
            {
                _clients[client] = siblings = [];
            }
            if (siblings.Count >= _options.ConnectionsPerClient)
            {
                victim = LongestIdle(siblings);
            }
            else if (_sessions.Count >= _connectionsMax)
            {
                victim = LongestIdle(_sessions);
            }
            else if (_services.Tls is { } tls && _sessions.Count(open => open.IsShakingHands) >= tls.HandshakesMax)
            {
                victim = _sessions.Where(open => open.IsShakingHands).MinBy(IdleOrder);
            }
            siblings.Add(session);
            _sessions.Add(session);
        }
        AgentMetrics.TcpConnections.Add(1);
        if (victim is { IsShakingHands: true })
        {
            victim.EndHandshake("shed");
        }
        else if (victim is not null)
        {
            AgentMetrics.CountShed(ShedReason.TcpConnections);
            victim.Dispose();
        }
        _ = session.RunAsync();
    }

    private async Task SweepAsync()
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(Math.Clamp(_options.IdleTimeoutMs / 4, 10, SweepMsMax)));
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token))
            {
                Sweep(Environment.TickCount64);
            }
        }
        catch (OperationCanceledException)
        {
            // The listener stops.
        }
    }

    private void Sweep(long nowMs)
    {
        foreach (TcpSession session in Snapshot())
        {
            try
            {
                session.CheckDeadlines(nowMs);
            }
#pragma warning disable CA1031 // What ends badly with one connection must not leave the others without deadlines.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                LogFailed(session, exception);
            }
        }
        _services.Gate.Sweep(nowMs);
    }

    private void Forget(TcpSession session)
    {
        lock (_gate)
        {
            if (!_sessions.Remove(session))
            {
                return;
            }
            UInt128 client = GroupOf(session.Client);
            List<TcpSession> siblings = _clients[client];
            siblings.Remove(session);
            if (siblings.Count == 0)
            {
                _clients.Remove(client);
            }
        }
        AgentMetrics.TcpConnections.Add(-1);
    }

    private TcpSession[] Snapshot()
    {
        lock (_gate)
        {
            return [.. _sessions];
        }
    }

    /// <summary>Prefers those with nothing under way, of them those that still shake hands, then the one silent longest.</summary>
    private static TcpSession? LongestIdle(IEnumerable<TcpSession> sessions) => sessions.MinBy(IdleOrder);

    private static (bool IsBusy, bool IsProven, long ActiveMs) IdleOrder(TcpSession session) =>
        (session.IsBusy, !session.IsShakingHands, session.ActiveMs);

    private static UInt128 GroupOf(in NetworkEndpoint client) => client.IsIPv4 ? client.Address : client.Address >> 64 << 64;

    [LoggerMessage(
        EventId = 1102,
        EventName = "tcp-accept-failed",
        Level = LogLevel.Warning,
        Message = "tcp: accepting failed error={Error}")]
    private partial void LogAcceptFailed(SocketError error, Exception exception);

    private void LogFailed(TcpSession session, Exception exception) => LogSessionFailed(session.Client.ToString(), exception);

    [LoggerMessage(
        EventId = 1103,
        EventName = "tcp-connection-failed",
        Level = LogLevel.Warning,
        Message = "tcp: a connection was ended by a failure client={Client}")]
    private partial void LogSessionFailed(string client, Exception exception);
}
