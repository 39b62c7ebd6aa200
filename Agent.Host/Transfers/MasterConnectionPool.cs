using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;

namespace Agent.Host.Transfers;

/// <summary>Opens connections to masters and keeps those that ended well for a moment, so that a burst of zones shares few.</summary>
internal sealed class MasterConnectionPool : IDisposable
{
    private const int MaximumIdlePerMaster = 8;

    private readonly Lock _gate = new();
    private readonly Dictionary<IPEndPoint, Stack<MasterConnection>> _idle = [];
    private readonly MasterClientOptions _options;
    private readonly TimeProvider _clock;
    private readonly ITimer _sweep;
    private bool _disposed;

    public MasterConnectionPool(MasterClientOptions options, TimeProvider clock)
    {
        _options = options;
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
    public bool TryTake(IPEndPoint endPoint, [NotNullWhen(true)] out MasterConnection? connection)
    {
        lock (_gate)
        {
            if (_idle.TryGetValue(endPoint, out Stack<MasterConnection>? stack))
            {
                while (stack.TryPop(out connection))
                {
                    if (!HasExpired(connection) && connection.IsQuiet)
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
    /// <exception cref="OperationCanceledException">Cancelled, or no connection in time.</exception>
    public async Task<MasterConnection> ConnectAsync(IPEndPoint endPoint, CancellationToken cancellation)
    {
        Socket socket = CreateSocket(endPoint.AddressFamily, SocketType.Stream);
        try
        {
            await socket.ConnectAsync(endPoint, cancellation);
            return new MasterConnection(socket, endPoint);
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
            if (!_idle.TryGetValue(connection.EndPoint, out Stack<MasterConnection>? stack))
                _idle.Add(connection.EndPoint, stack = new Stack<MasterConnection>());
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

    private bool HasExpired(MasterConnection connection) => _clock.GetElapsedTime(connection.IdleSince) >= _options.ConnectionReuse;

    private void Sweep()
    {
        lock (_gate)
        {
            if (_disposed)
                return;
            foreach (IPEndPoint endPoint in _idle.Keys.ToArray())
            {
                MasterConnection[] kept = [.. _idle[endPoint].Where(connection => !HasExpired(connection))];
                foreach (MasterConnection connection in _idle[endPoint].Except(kept))
                    connection.Dispose();
                if (kept.Length > 0)
                    _idle[endPoint] = new Stack<MasterConnection>(kept.Reverse());
                else
                    _idle.Remove(endPoint);
            }
            if (_idle.Count > 0)
                _sweep.Change(_options.ConnectionReuse, Timeout.InfiniteTimeSpan);
        }
    }
}
