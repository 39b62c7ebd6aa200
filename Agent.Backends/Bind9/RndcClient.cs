namespace Agent.Backends.Bind9;

/// <summary>Which of the kept connections a command takes.</summary>
public enum RndcLane
{
    /// <summary>Commands that change something; a large zone keeps one of them busy for seconds.</summary>
    Changes,

    /// <summary>Questions, which must not wait behind such a change.</summary>
    Questions,
}

/// <summary>
/// A few kept control connections to one named, opened when first needed. named carries out one command after the other, but while it works
/// on one, the next has come to it already on another connection. A command that finds its connection closed by named (it was
/// restarted while the connection lay idle) is tried once more on a fresh one. It may then be carried out twice, so every command
/// given to this class must bear that; all of ours do, because "already exists" and "no matching zone" are answers that we go on from.
/// A connection that lies idle is closed by us: named would do so after 30 s, and complain about an invalid command in its log.
/// </summary>
/// <remarks>Safe for any number of callers; in each lane they take turns.</remarks>
public sealed class RndcClient : IAsyncDisposable
{
    /// <summary>The most connections of the lane of changes.</summary>
    public const int ChangeConnections = 3;

    /// <summary>The most connections of the lane of questions.</summary>
    public const int QuestionConnections = 2;

    private static readonly TimeSpan IdleMax = TimeSpan.FromSeconds(15);

    private readonly Func<RndcEndpoint> _endpoint;
    private readonly TimeProvider _time;
    private readonly Lane[] _lanes;
    private volatile bool _isDisposed;

    /// <summary>Connects to nothing yet.</summary>
    /// <param name="endpoint">Asked before each connection, so that a changed key file is noticed.</param>
    /// <param name="time">The clock that signatures are stamped with.</param>
    public RndcClient(Func<RndcEndpoint> endpoint, TimeProvider time)
    {
        _endpoint = endpoint;
        _time = time;
        _lanes = [new Lane(ChangeConnections, time), new Lane(QuestionConnections, time)];
    }

    /// <summary>Carries out a command; the caller's token is its deadline.</summary>
    /// <exception cref="RndcException">named cannot be reached, or its answer not be trusted.</exception>
    public async Task<RndcReply> CallAsync(string command, RndcLane lane, CancellationToken cancellation)
    {
        Lane mine = _lanes[(int)lane];
        await mine.Turn.WaitAsync(cancellation);
        try
        {
            if (mine.TryTake() is { } kept)
            {
                try
                {
                    return await CallOnceAsync(mine, kept, command, cancellation);
                }
                catch (RndcException error) when (error.IsClosed && !_isDisposed)
                {
                    // The others are older than the named that is there now.
                    mine.CloseIdle();
                }
            }

            ObjectDisposedException.ThrowIf(_isDisposed, this);
            RndcConnection fresh = await RndcConnection.OpenAsync(_endpoint(), _time, cancellation);
            return await CallOnceAsync(mine, fresh, command, cancellation);
        }
        finally
        {
            mine.Turn.Release();
        }
    }

    /// <summary>Closes the connections; commands under way fail.</summary>
    public ValueTask DisposeAsync()
    {
        _isDisposed = true;
        foreach (Lane lane in _lanes)
            lane.Close();
        return ValueTask.CompletedTask;
    }

    private static async Task<RndcReply> CallOnceAsync(
        Lane lane, RndcConnection connection, string command, CancellationToken cancellation)
    {
        bool isGood = false;
        lane.Begin(connection);
        try
        {
            RndcReply reply = await connection.CallAsync(command, cancellation);
            isGood = true;
            return reply;
        }
        finally
        {
            // Whatever went wrong, also a cancelled wait, the next answer on it would be that of this command.
            lane.End(connection, isGood);
        }
    }

    /// <summary>Connections for the same kind of command: those in use, and those that lie idle, the one used last on top.</summary>
    private sealed class Lane
    {
        private readonly Lock _gate = new();
        private readonly TimeProvider _time;
        private readonly ITimer _idleTimer;
        private readonly List<RndcConnection> _inUse = [];
        private readonly List<(RndcConnection Connection, long Since)> _idle = [];
        private bool _isClosed;

        public Lane(int connections, TimeProvider time)
        {
            Turn = new SemaphoreSlim(connections);
            _time = time;
            _idleTimer = time.CreateTimer(
                static state => ((Lane)state!).CloseIdle(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }

        public SemaphoreSlim Turn { get; }

        public RndcConnection? TryTake()
        {
            lock (_gate)
            {
                if (_idle.Count == 0)
                    return null;
                RndcConnection connection = _idle[^1].Connection;
                _idle.RemoveAt(_idle.Count - 1);
                return connection;
            }
        }

        public void Begin(RndcConnection connection)
        {
            lock (_gate)
            {
                _inUse.Add(connection);
                if (_isClosed)
                    connection.Close();
            }
        }

        public void End(RndcConnection connection, bool isGood)
        {
            lock (_gate)
            {
                _inUse.Remove(connection);
                if (_isClosed || !isGood)
                {
                    connection.Close();
                    return;
                }

                while (_idle.Count > 0 && _time.GetElapsedTime(_idle[0].Since) >= IdleMax)
                {
                    _idle[0].Connection.Close();
                    _idle.RemoveAt(0);
                }

                _idle.Add((connection, _time.GetTimestamp()));
                _idleTimer.Change(IdleMax, Timeout.InfiniteTimeSpan);
            }
        }

        public void CloseIdle()
        {
            lock (_gate)
            {
                foreach ((RndcConnection connection, _) in _idle)
                    connection.Close();
                _idle.Clear();
            }
        }

        public void Close()
        {
            lock (_gate)
            {
                _isClosed = true;
                _idleTimer.Dispose();
                foreach (RndcConnection connection in _inUse)
                    connection.Close();
            }

            CloseIdle();
        }
    }
}
