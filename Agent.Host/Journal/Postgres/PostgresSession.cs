using Agent.Actors.Journal;
using Agent.Actors.Kernel;
using Npgsql;

namespace Agent.Host.Journal.Postgres;

/// <summary>A batch whose connection broke while it was under way.</summary>
/// <param name="Number">The number under which it was sent.</param>
internal sealed record BatchInDoubt(JournalBatch Batch, long Number, ReplyTo ReplyTo);

/// <summary>
/// The session of the one writer: opened when it is needed, given up after a failure, taken up again at growing intervals. Taking it up
/// again always goes through the fence, which says what became of a batch in doubt.
/// </summary>
internal sealed class PostgresSession(
    PostgresConnector connector,
    PostgresPlace place,
    PostgresLineage lineage,
    PostgresFence fence,
    Func<NpgsqlConnection, PostgresStore> openStore,
    TimeProvider clock) : IDisposable
{
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(200);

    /// <summary>For so long after the database's return CREATE and DELETE may still be refused; a try a second costs little.</summary>
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(1);

    private TimeSpan _delay = FirstDelay;
    private long _failedAt;
    private Exception? _failure;

    /// <summary>Null while the database is away.</summary>
    public PostgresStore? Store { get; private set; }

    public PostgresServerFacts? Facts { get; private set; }

    /// <summary>The count by which the shard column is computed.</summary>
    public int ShardCount { get; set; }

    /// <summary>The journal that was opened at the start; the session is never taken up again on another.</summary>
    public Guid Identity { get; set; }

    /// <summary>How long until <see cref="Resume"/> tries again.</summary>
    public TimeSpan UntilNextTry
    {
        get
        {
            if (_failure is null) return TimeSpan.Zero;
            TimeSpan left = _delay - clock.GetElapsedTime(_failedAt);
            return left > TimeSpan.Zero ? left : TimeSpan.Zero;
        }
    }

    /// <summary>Opens the session for the first time: no fence is held yet.</summary>
    public PostgresStore Open(bool lookAtAll = false)
    {
        (NpgsqlConnection connection, PostgresServerFacts facts) = connector.Open(lookAtAll);
        Facts = facts;
        PostgresStore store = openStore(connection);
        PostgresSchema.Show(store.Connection);
        return Store = store;
    }

    /// <summary>Opens the session again, now, and finds out how the batch in doubt ended.</summary>
    /// <exception cref="IOException">The database is still away; nothing is known.</exception>
    /// <exception cref="JournalFencedException">Somebody else has taken the journal over, or has changed it beyond this
    /// program.</exception>
    public Resumption Resume(long? doubt)
    {
        try
        {
            Store ??= Open();
            if (Store.ReadIdentity() is var identity && identity != Identity)
                throw new IOException($"{Facts!.Host} holds journal {identity}, and not {Identity}");
            if (PostgresSchema.WhyTooOld(Store.Connection, place) is { } tooOld) throw new JournalFencedException(tooOld);
            ShardCount = PostgresShards.ReadCount(Store.Connection);
            Store.ForgetWarnings();
            Resumption result = fence.Resume(Store.Connection, doubt);
            if (Store.WasWarned) throw new NotReplicatedException();
            lineage.Note(Facts!);
            _failure = null;
            _delay = FirstDelay;
            return result;
        }
        catch (Exception exception) when (exception is not JournalFencedException)
        {
            GiveUp(exception);
            throw new IOException(PostgresErrors.Text(exception), exception);
        }
    }

    /// <summary>The store of an open session; after a failure a new one is tried once its time has come.</summary>
    /// <exception cref="IOException">The database is away.</exception>
    /// <exception cref="JournalFencedException">Somebody else has taken the journal over.</exception>
    public PostgresStore Use(Action<Resumption> onResumed)
    {
        if (Store is { IsOpen: true } store) return store;
        if (UntilNextTry > TimeSpan.Zero) throw new IOException(PostgresErrors.Text(_failure!), _failure);
        Close();
        onResumed(Resume(doubt: null));
        return Store!;
    }

    /// <summary>Closes the session after a failure of it; the next one is sought at another host first.</summary>
    public void GiveUp(Exception cause)
    {
        if (_failure is not null) _delay = TimeSpan.FromTicks(Math.Min(_delay.Ticks * 2, LongestDelay.Ticks));
        _failure = cause;
        _failedAt = clock.GetTimestamp();
        connector.Failed();
        Close();
    }

    public void Close()
    {
        Store?.Dispose();
        Store = null;
    }

    public void Dispose() => Close();
}
