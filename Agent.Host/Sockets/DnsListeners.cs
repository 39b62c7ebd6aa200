using System.Buffers.Binary;
using System.Net.Sockets;
using System.Security.Cryptography;
using Agent.Actors.Listeners;
using Agent.Dns.Net;

namespace Agent.Host.Sockets;

/// <summary>All sockets towards clients, bound together and started together.</summary>
/// <remarks>
/// Everything is bound before anything runs: a group of sockets that share a port and grows while clients are served would send the
/// datagrams of one client here and there. Each worker has a pipeline of its own, so that counting needs no shared memory; rates and
/// credits are shared.
/// </remarks>
internal sealed class DnsListeners : IDisposable
{
    private const int FreePortTries = 20;
    private static readonly TimeSpan ClosingLook = TimeSpan.FromMilliseconds(10);

    private readonly DnsListenerSettings _settings;
    private readonly ILoggerFactory _loggers;
    private readonly SourceRateLimiter _errorRate;
    private readonly SourceRateLimiter _notifyRate;
    private readonly List<RequestPipeline> _pipelines = [];
    private readonly List<RequestCounters> _counters = [];
    private readonly List<UdpWorker> _workers = [];
    private readonly List<TcpListenerAdapter> _listeners = [];
    private readonly List<NetworkEndpoint> _endpoints = [];
    private readonly List<NetworkEndpoint> _tlsEndpoints = [];

    /// <exception cref="SocketException">An endpoint cannot be bound.</exception>
    /// <exception cref="RelayCircleException">Queries would come back to us.</exception>
    public DnsListeners(DnsListenerSettings settings, ILoggerFactory loggers)
    {
        if (settings.Relay is null == settings.LocalAnswerer is null)
        {
            throw new ArgumentException("queries are either relayed or answered here", nameof(settings));
        }
        _settings = settings;
        _loggers = loggers;
        _errorRate = NewLimiter(settings.ErrorsPerSecond);
        _notifyRate = NewLimiter(settings.NotifiesPerSecond);
        try
        {
            BindDns();
            foreach (NetworkEndpoint endpoint in settings.TlsEndpoints)
            {
                BindTls(endpoint);
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>What was bound, with the ports that were really taken.</summary>
    public IReadOnlyList<NetworkEndpoint> Endpoints => _endpoints;

    /// <summary>Where DNS over TLS was bound.</summary>
    public IReadOnlyList<NetworkEndpoint> TlsEndpoints => _tlsEndpoints;

    public void Start()
    {
        _workers.ForEach(worker => worker.Start());
        _listeners.ForEach(listener => listener.Start());
    }

    /// <summary>Replaces the policy from the next message on.</summary>
    public void UsePolicy(ListenerPolicy policy) => _pipelines.ForEach(pipeline => pipeline.UsePolicy(policy));

    /// <summary>
    /// Closes the ports and serves to the end what has come in before: clients see a closed port, never a request without an answer.
    /// </summary>
    /// <param name="patience">How long the last answers may take.</param>
    /// <returns>Whether everybody was answered.</returns>
    public async Task<bool> CloseDoorsAsync(TimeSpan patience)
    {
        long start = Environment.TickCount64;
        _workers.ForEach(worker => worker.TurnAway());
        foreach (TcpListenerAdapter listener in _listeners) await listener.CloseDoorAsync();
        while (!IsQuiet())
        {
            long nowMs = Environment.TickCount64;
            if (nowMs - start >= patience.TotalMilliseconds) return false;
            _listeners.ForEach(listener => listener.EndQuietSessions(nowMs));
            await Task.Delay(ClosingLook);
        }
        return true;
    }

    public void Dispose()
    {
        _listeners.ForEach(listener => listener.Dispose());
        _workers.ForEach(worker => worker.Dispose());
        _counters.ForEach(counters => counters.Dispose());
    }

    private static bool Reaches(in NetworkEndpoint listener, in NetworkEndpoint destination) =>
        listener.Port == destination.Port
        && (listener.Address == destination.Address || (listener.IsWildcard && IsOwn(destination)));

    /// <summary>Whether the address is one of this machine: only those can be bound.</summary>
    private static bool IsOwn(in NetworkEndpoint address)
    {
        try
        {
            using UdpSocket probe = UdpSocket.Open(new UdpSocketOptions { Local = address with { Port = 0 } });
            return true;
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.AddressNotAvailable)
        {
            return false;
        }
    }

    /// <summary>The gate comes last: what was received by then is counted there.</summary>
    private bool IsQuiet() => _workers.TrueForAll(worker => worker.IsQuiet)
        && _listeners.TrueForAll(listener => listener.SessionCount == 0) && _settings.Gate.OpenCount == 0;

    private void BeginAgain()
    {
        Dispose();
        _listeners.Clear();
        _workers.Clear();
        _counters.Clear();
        _pipelines.Clear();
        _endpoints.Clear();
    }

    /// <summary>Addresses without a port get one in common, which is free at each of them by UDP and TCP.</summary>
    private void BindDns()
    {
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                ushort free = 0;
                foreach (NetworkEndpoint endpoint in _settings.Endpoints)
                {
                    Bind(endpoint.Port == 0 ? endpoint with { Port = free } : endpoint);
                    free = _endpoints[^1].Port;
                }
                return;
            }
            catch (SocketException taken) when (taken.SocketErrorCode == SocketError.AddressAlreadyInUse
                && attempt < FreePortTries && _settings.Endpoints.All(endpoint => endpoint.Port == 0))
            {
                BeginAgain();
            }
        }
    }

    /// <summary>TCP first: its port has one owner, so a second agent ends here and takes no datagram of the first.</summary>
    private void Bind(NetworkEndpoint endpoint)
    {
        TcpListenerAdapter listener = Listen(endpoint, tls: null);
        _listeners.Add(listener);
        NetworkEndpoint bound = listener.LocalEndpoint;
        if (_settings.Relay is { } relay && Reaches(bound, relay.Destination))
        {
            throw new RelayCircleException($"queries would go in a circle: {relay.Destination} is the agent itself");
        }
        AddWorkers(OpenUdp(bound));
        _endpoints.Add(bound);
    }

    private void BindTls(NetworkEndpoint endpoint)
    {
        TcpListenerAdapter listener = Listen(endpoint, _settings.Tls);
        _listeners.Add(listener);
        _tlsEndpoints.Add(listener.LocalEndpoint);
    }

    private TcpListenerAdapter Listen(NetworkEndpoint endpoint, TlsAcceptor? tls) => new(
        endpoint,
        _settings.Tcp,
        NewPipeline(),
        _settings.Gate,
        _settings.Relay,
        _settings.Transfers,
        _loggers.CreateLogger<TcpListenerAdapter>(),
        tls);

    private void AddWorkers(List<UdpSocket> sockets)
    {
        int owned = 0;
        try
        {
            foreach (UdpSocket socket in sockets)
            {
                _workers.Add(new UdpWorker(
                    socket,
                    _settings.Udp,
                    NewPipeline(),
                    _settings.Gate,
                    _settings.Relay,
                    _loggers.CreateLogger<UdpWorker>(),
                    _settings.Transfers));
                owned++;
            }
        }
        catch
        {
            // Those that a worker owns are closed with it.
            sockets.Skip(owned).ToList().ForEach(socket => socket.Dispose());
            throw;
        }
    }

    private List<UdpSocket> OpenUdp(NetworkEndpoint endpoint)
    {
        int workers = _settings.Udp.EffectiveWorkers;
        var options = new UdpSocketOptions
        {
            Local = endpoint,
            SharePort = workers > 1,
            ReceiveBufferBytes = _settings.Udp.ReceiveBufferBytes,
            Portable = _settings.Udp.Portable,
        };
        var sockets = new List<UdpSocket>();
        try
        {
            // The workers share the port with each other; a group of another program is found out by a socket that shares with nobody.
            if (options.SharePort) UdpSocket.Open(options with { SharePort = false }).Dispose();
            while (sockets.Count < workers) sockets.Add(UdpSocket.Open(options));
            return sockets;
        }
        catch
        {
            sockets.ForEach(socket => socket.Dispose());
            throw;
        }
    }

    private RequestPipeline NewPipeline()
    {
        var counters = new RequestCounters();
        _counters.Add(counters);
        var pipeline = new RequestPipeline(_settings.Policy, new PipelineParts
        {
            Authenticator = _settings.Authenticator,
            LocalAnswerer = _settings.LocalAnswerer,
            Cookies = _settings.Cookies,
            ErrorRate = _errorRate,
            NotifyRate = _notifyRate,
            SendsZones = _settings.Transfers is not null,
            TellsSerials = _settings.TellsSerials,
            Counters = counters,
            TraceSeed = RandomSeed(),
        });
        _pipelines.Add(pipeline);
        return pipeline;
    }

    private SourceRateLimiter NewLimiter(int perSecond) =>
        new(perSecond, Math.Max(1, perSecond * 2), RandomSeed(), _settings.RateTableSize);

    private static ulong RandomSeed()
    {
        Span<byte> octets = stackalloc byte[sizeof(ulong)];
        RandomNumberGenerator.Fill(octets);
        return BinaryPrimitives.ReadUInt64LittleEndian(octets);
    }
}
