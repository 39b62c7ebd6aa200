namespace Agent.Backends.Bind9;

/// <summary>Which of the two kept connections a command takes.</summary>
public enum RndcLane
{
    /// <summary>Commands that change something; a large zone keeps one of them busy for seconds.</summary>
    Changes,

    /// <summary>Questions, which must not wait behind such a change.</summary>
    Questions,
}

/// <summary>
/// Two kept control connections to one named, opened when first needed. A command that finds its connection closed by named (it was
/// restarted while the connection lay idle) is tried once more on a fresh one. It may then be carried out twice, so every command
/// given to this class must bear that; all of ours do, because "already exists" and "no matching zone" are answers that we go on from.
/// A connection that lies idle is closed by us: named would do so after 30 s, and complain about an invalid command in its log.
/// </summary>
/// <remarks>Safe for any number of callers; in each lane they take turns.</remarks>
public sealed class RndcClient : IAsyncDisposable
{
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
        _lanes = [NewLane(), NewLane()];
    }

    /// <summary>Carries out a command; the caller's token is its deadline.</summary>
    /// <exception cref="RndcException">named cannot be reached, or its answer not be trusted.</exception>
    public async Task<RndcReply> CallAsync(string command, RndcLane lane, CancellationToken cancellation)
    {
        Lane mine = _lanes[(int)lane];
        await mine.Turn.WaitAsync(cancellation);
        try
        {
            bool isKept = mine.Connection is not null;
            try
            {
                return await CallOnceAsync(mine, command, cancellation);
            }
            catch (RndcException error) when (isKept && error.IsClosed && !_isDisposed)
            {
                return await CallOnceAsync(mine, command, cancellation);
            }
        }
        finally
        {
            mine.IdleTimer.Change(IdleMax, Timeout.InfiniteTimeSpan);
            mine.Turn.Release();
        }
    }

    /// <summary>Closes both connections; commands under way fail.</summary>
    public async ValueTask DisposeAsync()
    {
        _isDisposed = true;
        foreach (Lane lane in _lanes)
        {
            await lane.IdleTimer.DisposeAsync();
            if (lane.Connection is { } connection)
                await connection.DisposeAsync();
        }
    }

    private Lane NewLane()
    {
        Lane lane = new();
        lane.IdleTimer = _time.CreateTimer(
            static state => CloseIdle((Lane)state!), lane, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        return lane;
    }

    private static void CloseIdle(Lane lane)
    {
        // Whoever has the turn uses the connection, and sets the timer again.
        if (!lane.Turn.Wait(0))
            return;
        lane.Connection?.Close();
        lane.Connection = null;
        lane.Turn.Release();
    }

    private async Task<RndcReply> CallOnceAsync(Lane lane, string command, CancellationToken cancellation)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        RndcConnection connection = lane.Connection ??= await RndcConnection.OpenAsync(_endpoint(), _time, cancellation);
        try
        {
            return await connection.CallAsync(command, cancellation);
        }
        catch
        {
            // Whatever went wrong, also a cancelled wait, the next answer on it would be that of this command.
            lane.Connection = null;
            await connection.DisposeAsync();
            throw;
        }
    }

    private sealed class Lane
    {
        public SemaphoreSlim Turn { get; } = new(1);

        public RndcConnection? Connection { get; set; }

        public ITimer IdleTimer { get; set; } = null!;
    }
}
