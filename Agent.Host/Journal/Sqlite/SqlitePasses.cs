using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Runtime.ExceptionServices;
using Agent.Actors.Journal;

namespace Agent.Host.Journal.Sqlite;

/// <summary>
/// Carries out passes over the table of zones. A second thread with a connection of its own takes every other one where there are several:
/// somebody may wait for each of the rows, and nothing is written meanwhile.
/// </summary>
/// <param name="own">Reads over the caller's connection.</param>
/// <param name="openSecond">Opens a further connection, which only reads.</param>
/// <param name="loaded">Told the rows of each shard; by one thread at a time.</param>
internal sealed class SqlitePasses(SqliteRows own, Func<SqliteSecondReader> openSecond, Action<int, ImmutableArray<ZoneRow>> loaded)
{
    private readonly Lock _gate = new();
    private readonly ConcurrentQueue<int[]> _passes = new();
    private Exception? _failure;

    /// <summary>Reads the shards of all passes. A failure of either thread ends both, and is thrown.</summary>
    public void Run(IEnumerable<int[]> passes)
    {
        foreach (int[] pass in passes) _passes.Enqueue(pass);
        Thread? second = null;
        if (_passes.Count > 1 && Environment.ProcessorCount > 1)
        {
            second = new Thread(RunSecond) { Name = "journal reader", IsBackground = true };
            second.Start();
        }

        Guard(() => Read(own));
        second?.Join();
        if (_failure is not null) ExceptionDispatchInfo.Throw(_failure);
    }

    private void RunSecond() => Guard(() =>
    {
        using SqliteSecondReader reader = openSecond();
        Read(reader.Rows);
    });

    private void Read(SqliteRows rows)
    {
        while (_passes.TryDequeue(out int[]? pass)) rows.LoadPass(pass, Tell);
    }

    // Whatever goes wrong is the caller's: on a thread of our own it would end the process.
    private void Guard(Action read)
    {
        try
        {
            read();
        }
        catch (Exception exception)
        {
            Interlocked.CompareExchange(ref _failure, exception, null);
            _passes.Clear();
        }
    }

    private void Tell(int shard, ImmutableArray<ZoneRow> rows)
    {
        lock (_gate) loaded(shard, rows);
    }
}
