using Microsoft.Data.Sqlite;

namespace Agent.Host.Journal.Sqlite;

/// <summary>
/// A thread that reads wanted shards over a connection of its own, in passes of one short transaction each, so that neither a write nor
/// anything else that is asked of the journal waits for them. The connection is there while there is something to read.
/// </summary>
/// <remarks>
/// A shard comes here when all that was asked of the journal before it is done, and its pass begins later, so that it shows all of that.
/// What is written while it waits may be shown too; only its owner writes for it, who does so when it knows the rows.
/// </remarks>
internal sealed partial class SqliteShardReader
{
    private readonly WantedShards _wanted;
    private readonly Func<SqliteSnapshots> _open;
    private readonly int _rowsPerPass;
    private readonly ILogger _logger;
    private readonly Thread _thread;
    private SqliteSnapshots? _snapshots;
    private int _shardsPerPass = 1;

    public SqliteShardReader(WantedShards wanted, Func<SqliteSnapshots> open, int rowsPerPass, ILogger logger)
    {
        _wanted = wanted;
        _open = open;
        _rowsPerPass = rowsPerPass;
        _logger = logger;
        _thread = new Thread(Run) { Name = "journal reader", IsBackground = true };
    }

    /// <summary>How many of them a journal has.</summary>
    public static int Count => Environment.ProcessorCount > 1 ? 2 : 1;

    public void Start() => _thread.Start();

    /// <summary>Waits for its end, which comes when nothing is wanted any more.</summary>
    public void Join() => _thread.Join();

    private void Run()
    {
        while (_wanted.Wait())
        {
            // The first shard is read alone. Others that are asked for at the same time come meanwhile, and are read together then.
            while (_wanted.TakeNow(_shardsPerPass) is { } pass)
            {
                Read(pass);
                _wanted.PassOver();
            }

            Close();
        }
    }

    /// <summary>What cannot be read together is read shard by shard: a row that is damaged fails its own shard alone.</summary>
    private void Read(ShardPass pass)
    {
        int[] together = pass.Left;
        if (together.Length > 1 && Failure(pass, together) is { } failure) LogReadApart(pass.Left.Length, SqliteErrors.Describe(failure));
        foreach (int shard in pass.Left)
        {
            if (Failure(pass, [shard]) is not { } exception) continue;
            JournalMetrics.Errors.Add(1);
            LogFailed(exception, shard, SqliteErrors.Describe(exception));
            pass.Refuse(shard, SqliteErrors.Away(exception));
        }
    }

    /// <summary>Reads shards and tells their rows; null when nothing went wrong. Whatever it is becomes an answer: on a thread of our own
    /// it would end the process, and a shard without an answer would wait for ever.</summary>
    private Exception? Failure(ShardPass pass, int[] shards)
    {
        try
        {
            if (_snapshots is null)
            {
                _snapshots = _open();
                _shardsPerPass = _snapshots.Rows.ShardsPerPass(_rowsPerPass);
            }

            _snapshots.Rows.LoadPass(shards, pass.Tell);
            return null;
        }
        catch (Exception exception)
        {
            Close();
            return exception;
        }
    }

    private void Close()
    {
        try
        {
            _snapshots?.Dispose();
        }
        catch (SqliteException exception)
        {
            LogNotClosed(exception, SqliteErrors.Text(exception));
        }

        _snapshots = null;
        _shardsPerPass = 1;
    }

    [LoggerMessage(
        EventName = "shard-not-read",
        Level = LogLevel.Error,
        Message = "journal request failed: the rows of shard {Shard} cannot be read: {Cause}")]
    private partial void LogFailed(Exception exception, int shard, string cause);

    [LoggerMessage(
        EventName = "shards-read-apart",
        Level = LogLevel.Warning,
        Message = "{Count} shards cannot be read together, each is read by itself now: {Cause}")]
    private partial void LogReadApart(int count, string cause);

    [LoggerMessage(
        EventName = "journal-reader-not-closed",
        Level = LogLevel.Warning,
        Message = "a connection to the journal that only reads cannot be closed: {Cause}")]
    private partial void LogNotClosed(Exception exception, string cause);
}
