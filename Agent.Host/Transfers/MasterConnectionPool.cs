using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Agent.Actors.Transfers;

namespace Agent.Host.Transfers;

/// <summary>Opens connections to masters and keeps those that ended well for a moment, so that a burst of zones shares few.</summary>
internal sealed class MasterConnectionPool : IDisposable
{
    private const int MaximumIdlePerMaster = 8;

    private readonly Lock _gate = new();
    private readonly Dictionary<MasterAddress, Stack<MasterConnection>> _idle = [];
    private readonly MasterClientOptions _options;
    private readonly TlsDoor _tls;
    private readonly TimeProvider _clock;
    private readonly ITimer _sweep;
    private bool _disposed;

    public MasterConnectionPool(MasterClientOptions options, TlsDoor tls, TimeProvider clock)
    {
        _options = options;
        _tls = tls;
        _clock = clock;
        _sweep = clock.CreateTimer(
            static pool => ((MasterConnectionPool)pool!).Sweep(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>A socket bound to the configured source address of the family.</summary>
    public Socket CreateSocket(AddressFamily family, SocketType type)
    {
        var socket = new Socket(family, type, type == SocketType.Stream ? ProtocolType.Tcp : ProtocolType.Udp);
        try
        {
            if (type == SocketType.Stream)
                socket.NoDelay = true;
            IPAddress? source = _options.TransferSources.FirstOrDefault(address => address.AddressFamily == family);
            if (source is not null)
                socket.Bind(new IPEndPoint(source, 0));
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>A connection that is still open, the one used last first.</summary>
    /// <exception cref="TlsRefusedException">The TLS profile of the master is gone.</exception>
    public bool TryTake(MasterAddress address, [NotNullWhen(true)] out MasterConnection? connection)
    {
        TlsProfile? profile = _tls.ProfileOf(address.Master);
        lock (_gate)
        {
            if (_idle.TryGetValue(address, out Stack<MasterConnection>? stack))
            {
                while (stack.TryPop(out connection))
                {
                    if (!HasExpired(connection) && connection.IsQuiet && ReferenceEquals(connection.Profile, profile))
                    {
                        connection.IsReused = true;
                        return true;
                    }
                    connection.Dispose();
                }
            }
        }
        connection = null;
        return false;
    }

    /// <exception cref="SocketException">No connection.</exception>
    /// <exception cref="TlsRefusedException">TCP stands, but one side does not accept the other.</exception>
    /// <exception cref="OperationCanceledException">Cancelled, or no connection in time.</exception>
    public async Task<MasterConnection> ConnectAsync(MasterAddress address, CancellationToken cancellation)
    {
        TlsProfile? profile = _tls.ProfileOf(address.Master);
        Socket socket = CreateSocket(address.EndPoint.AddressFamily, SocketType.Stream);
        try
        {
            await socket.ConnectAsync(address.EndPoint, cancellation);
            SslStream? tls = profile is null
                ? null : await TlsDoor.ShakeHandsAsync(socket, profile, address.Master.Host, cancellation);
            return new MasterConnection(socket, address, profile, tls);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Takes back a connection on which nothing is under way.</summary>
    public void Return(MasterConnection connection)
    {
        lock (_gate)
        {
            if (!_idle.TryGetValue(connection.Address, out Stack<MasterConnection>? stack))
                _idle.Add(connection.Address, stack = new Stack<MasterConnection>());
            if (!_disposed && stack.Count < MaximumIdlePerMaster && connection.IsQuiet)
            {
                connection.IdleSince = _clock.GetTimestamp();
                stack.Push(connection);
                _sweep.Change(_options.ConnectionReuse, Timeout.InfiniteTimeSpan);
                return;
            }
        }
        connection.Dispose();
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            foreach (MasterConnection connection in _idle.Values.SelectMany(stack => stack))
                connection.Dispose();
            _idle.Clear();
        }
        _sweep.Dispose();
    }

    private bool HasExpired(MasterConnection connection) => _clock.GetElapsedTime(connection.IdleSince) >= ReuseOf(connection);

    private TimeSpan ReuseOf(MasterConnection connection) =>
        connection.Profile is null ? _options.ConnectionReuse : _options.TlsConnectionReuse;

    private void Sweep()
    {
        lock (_gate)
        {
            if (_disposed)
                return;
            foreach (MasterAddress address in _idle.Keys.ToArray())
            {
                MasterConnection[] kept = [.. _idle[address].Where(connection => !HasExpired(connection))];
                foreach (MasterConnection connection in _idle[address].Except(kept))
                    connection.Dispose();
                if (kept.Length > 0)
                    _idle[address] = new Stack<MasterConnection>(kept.Reverse());
                else
                    _idle.Remove(address);
            }
            if (_idle.Count > 0)
                _sweep.Change(_options.ConnectionReuse, Timeout.InfiniteTimeSpan);
        }
    }
}
