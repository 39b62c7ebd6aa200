using System.Collections.Immutable;
using Agent.Actors.Journal;
using Agent.Actors.Kernel;
using Agent.Actors.Reasons;
using Agent.Dns.Wire;
using Agent.Dns.Zones;
using Microsoft.Data.Sqlite;

namespace Agent.Host.Journal.Sqlite;

/// <summary>
/// The journal on SQLite. One thread owns the connection that writes and works off a bounded queue in order; the rows of shards are read
/// beside it (<see cref="SqliteShardReader"/>). Every request is answered once, whatever happens. After a failure of the file a fresh
/// connection is tried with the next request.
/// </summary>
public sealed partial class SqliteJournal : INodeJournal
{
    // Two thousand small zones: longer than targets take to read what was written for them.
    private const long RecentOctets = 1 << 20;

    private const string Closed = "the journal is closed";
    private const string TooMany = "more requests wait for the journal than it takes";

    private readonly RequestQueue<Request> _requests;
    private readonly DataDirectory _directory;
    private readonly JournalOptions _options;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly ContentStore _files;
    private readonly SqliteContentReader _reader;
    private readonly RecentContents _recent;
    private readonly WantedShards _wanted;
    private readonly SqliteShardReader[] _shardReaders;
    private readonly Thread _thread;
    private readonly TaskCompletionSource<Reason> _fenced = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private SqliteStore? _store;

    private SqliteJournal(DataDirectory directory, JournalOptions options, TimeProvider clock, ILogger logger)
    {
        _directory = directory;
        _options = options;
        _clock = clock;
        _logger = logger;
        _requests = new RequestQueue<Request>(options.QueueLength);
        _files = new ContentStore(directory.ContentsPath);
        _reader = new SqliteContentReader(directory.DatabasePath);
        _recent = new RecentContents(RecentOctets, new KeptContents(OpenKept));
        _wanted = new WantedShards(options.QueueLength);
        _shardReaders =
        [
            .. Enumerable.Range(0, SqliteShardReader.Count).Select(
                _ => new SqliteShardReader(_wanted, OpenSnapshots, options.RowsPerPass, logger)),
        ];
        _thread = new Thread(Run) { Name = "journal", IsBackground = true };
    }

    /// <inheritdoc/>
    public long Epoch { get; private set; }

    /// <inheritdoc/>
    public IDifferenceHistory Differences => _reader;

    /// <inheritdoc/>
    public Task<Reason> Fenced => _fenced.Task;

    /// <inheritdoc/>
    public bool MayOpenAgain => false;

    /// <summary>Opens or creates the journal in a directory that the caller holds, and removes what a crash left.</summary>
    /// <exception cref="JournalOpenException">The file is damaged, of a newer program, or cannot be used.</exception>
    public static SqliteJournal Open(DataDirectory directory, JournalOptions options, TimeProvider clock, ILogger<SqliteJournal> logger)
    {
        var journal = new SqliteJournal(directory, options, clock, logger);
        try
        {
            SqliteStore store = journal.OpenStore(mayCreate: true);
            journal._store = store;
            journal.Epoch = store.NextEpoch();
            FaultPoint.Pass("journal.opened");
            int removed = store.Sweep();
            FaultPoint.Pass("content.swept");
            if (removed > 0)
                journal.LogSwept(removed, directory.ContentsPath);
        }
        catch (Exception exception) when (exception is SqliteException or IOException or UnauthorizedAccessException)
        {
            journal.CloseStore();
            throw new JournalOpenException(
                $"The journal {directory.DatabasePath} cannot be used: {SqliteErrors.Describe(exception)}", exception)
            {
                MayPass = SqliteErrors.MayPass(exception),
            };
        }
        foreach (SqliteShardReader reader in journal._shardReaders) reader.Start();
        journal._thread.Start();
        return journal;
    }

    /// <inheritdoc/>
    public void Commit(JournalBatch batch, ReplyTo replyTo) => Enqueue(
        replyTo,
        store =>
        {
            ImmutableArray<ShardEpoch> passed = [.. batch.Claims.Where(claim => claim.Epoch != Epoch)];
            if (passed.Length > 0) return new JournalFailed(batch.Id, OtherRun(passed[0].Epoch), null, passed);
            long started = _clock.GetTimestamp();
            TimeSpan diskWait;
            try
            {
                diskWait = store.Commit(batch.Entries, Epoch);
            }
            catch (ContentNotKeptException exception)
            {
                // Perhaps the whole folder went away, so the database is opened anew as after any failure of a file.
                JournalMetrics.Errors.Add(1);
                LogFailed(exception, exception.Message);
                CloseStore();
                return new JournalFailed(batch.Id, new Reason(ReasonCode.JournalAway, exception.Message), exception.Zone);
            }

            catch (JournalFencedException exception)
            {
                var reason = new Reason(ReasonCode.JournalFenced, exception.Message);
                _fenced.TrySetResult(reason);
                return new JournalFailed(batch.Id, reason);
            }

            JournalMetrics.AppendSeconds.Record(_clock.GetElapsedTime(started).TotalSeconds);
            JournalMetrics.Entries.Add(batch.Entries.Length);
            return new JournalCommitted(batch.Id, diskWait);
        },
        reason => new JournalFailed(batch.Id, reason));

    /// <summary>One run at a time has all shards, so its epoch is the only one that holds.</summary>
    public void TakeShard(int shard, int shardCount, long epoch, ReplyTo replyTo) => Enqueue(
        replyTo,
        store => epoch == Epoch ? HandOn(store, shard, shardCount, replyTo) : new ShardLoadFailed(shard, OtherRun(epoch)),
        reason => new ShardLoadFailed(shard, reason));

    /// <inheritdoc/>
    public void CheckFence(long request, int shard, long epoch, ReplyTo replyTo) => Enqueue(
        replyTo,
        store =>
        {
            long current = store.ReadEpoch();
            bool isHeld = epoch == Epoch && current == Epoch;
            return new FenceChecked(request, isHeld, isHeld ? null : OtherRun(epoch));
        },
        reason => new FenceChecked(request, Held: false, reason));

    /// <inheritdoc/>
    public void ReadZone(DomainName zone, ReplyTo replyTo) => Enqueue(
        replyTo,
        store => new ZoneRead(zone, store.ReadZone(zone)),
        reason => new ZoneReadFailed(zone, reason));

    /// <inheritdoc/>
    public void ReadOwned(DomainName catalog, ReplyTo replyTo) => Enqueue(
        replyTo,
        store => new OwnedRead(catalog, store.ReadOwned(catalog)),
        reason => new OwnedReadFailed(catalog, reason));

    /// <inheritdoc/>
    public void ReadWanted(DomainName? after, int limit, ReplyTo replyTo) => Enqueue(
        replyTo,
        store => new WantedRead(after, store.ReadWanted(after, limit)),
        reason => new WantedReadFailed(reason));

    /// <inheritdoc/>
    public void CountGivenUp(ReplyTo replyTo) => Enqueue(replyTo, store => store.CountGivenUp(), reason => new WantedReadFailed(reason));

    /// <inheritdoc/>
    public void ReadKept(DomainName zone, ReplyTo replyTo) => Enqueue(
        replyTo,
        store => new KeptRead(zone, store.ReadKept(zone)),
        reason => new KeptReadFailed(reason));

    /// <inheritdoc/>
    public void ListKept(DomainName? after, int limit, ReplyTo replyTo) => Enqueue(
        replyTo,
        store => new KeptListed(store.ListKept(after, limit)),
        reason => new KeptReadFailed(reason));

    /// <inheritdoc/>
    public void ReadHistory(DomainName? zone, int limit, ReplyTo replyTo) => Enqueue(
        replyTo,
        store => new HistoryRead(store.ReadHistory(zone, limit), null),
        reason => new HistoryRead([], reason));

    /// <inheritdoc/>
    public Task<ImmutableArray<DomainName>> ReadWantedNamesAsync()
    {
        var names = new TaskCompletionSource<ImmutableArray<DomainName>>(TaskCreationOptions.RunContinuationsAsynchronously);
        Enqueue(
            null,
            store =>
            {
                names.SetResult(store.ReadWantedNames());
                return null;
            },
            reason =>
            {
                names.TrySetException(new IOException(reason.Text));
                return null;
            });
        return names.Task;
    }

    /// <inheritdoc/>
    public void PurgeExpired(DateTimeOffset now) => Enqueue(
        null,
        store =>
        {
            int purged = store.PurgeExpired(now);
            if (purged > 0)
                LogPurged(purged);
            return null;
        },
        _ => null);

    /// <summary>Works off what was asked before, then closes; of the shards only those that are being read.</summary>
    public void Dispose()
    {
        _requests.Close();
        _thread.Join();
    }

    private Reason OtherRun(long epoch) =>
        new(ReasonCode.JournalFenced, $"epoch {epoch} is over, the journal was opened again since (our epoch is {Epoch})");

    private void Enqueue(ReplyTo? replyTo, Func<SqliteStore, object?> work, Func<Reason, object?> refuse)
    {
        JournalMetrics.Waiting.Add(1);
        if (_requests.TryAdd(new Request(replyTo, work, refuse)))
            return;
        JournalMetrics.Waiting.Add(-1);
        Answer(replyTo, refuse(new Reason(ReasonCode.JournalAway, _requests.IsClosed ? Closed : TooMany)));
    }

    private void Run()
    {
        while (_requests.TryTake(Timeout.InfiniteTimeSpan, out Request request))
        {
            JournalMetrics.Waiting.Add(-1);
            Answer(request.ReplyTo, Serve(request));
        }

        _wanted.Close(new Reason(ReasonCode.JournalAway, Closed));
        foreach (SqliteShardReader reader in _shardReaders) reader.Join();
        // The writer closes last, so that it can fold the write-ahead log into the file.
        _reader.Dispose();
        CloseStore();
    }

    /// <summary>Leaves a shard to those who read beside this thread. They find all that was asked before it committed.</summary>
    private ShardLoadFailed? HandOn(SqliteStore store, int shard, int shardCount, ReplyTo replyTo)
    {
        if (store.ShardCount != shardCount)
        {
            // Once after a start at most. What is still read is divided as it was when it was asked for.
            _wanted.WaitUntilAllAreRead();
            store.Reshard(shardCount);
        }

        return _wanted.TryAdd(shard, replyTo) ? null : new ShardLoadFailed(shard, new Reason(ReasonCode.JournalAway, TooMany));
    }

    // Whatever goes wrong becomes the answer: a request without one would leave its zones waiting for ever.
    private object? Serve(Request request)
    {
        try
        {
            _store ??= OpenStore(mayCreate: false);
            return request.Work(_store);
        }
        catch (Exception exception)
        {
            JournalMetrics.Errors.Add(1);
            LogFailed(exception, SqliteErrors.Describe(exception));
            if (exception is not SqliteException sqlite || !SqliteErrors.KeepsConnection(sqlite))
                CloseStore();
            return request.Refuse(SqliteErrors.Away(exception));
        }
    }

    private SqliteStore OpenStore(bool mayCreate)
    {
        SqliteConnection connection = SqliteDatabase.Open(_directory, _options, _clock, mayCreate);
        try
        {
            return new SqliteStore(connection, _files, _reader, _recent, _options);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private SqliteSnapshots OpenSnapshots() => new(_files, _reader, _recent, _options, _directory.DatabasePath);

    /// <summary>Reads a stored content, large or small; for any thread.</summary>
    private RecordStream OpenKept(ZoneFacts facts) => _files.Find(facts) is { } file ? file.Open() : new RecordStream(_reader.Read(facts));

    private void CloseStore()
    {
        try
        {
            _store?.Dispose();
        }
        catch (SqliteException exception)
        {
            LogFailed(exception, SqliteErrors.Text(exception));
        }
        _store = null;
    }

    private static void Answer(ReplyTo? replyTo, object? answer)
    {
        if (answer is not null)
            replyTo?.Tell(answer);
    }

    [LoggerMessage(EventName = "journal-request-failed", Level = LogLevel.Error, Message = "journal request failed: {Cause}")]
    private partial void LogFailed(Exception exception, string cause);

    [LoggerMessage(
        EventName = "contents-swept",
        Level = LogLevel.Information,
        Message = "removed {Count} unreferenced files from {Directory}")]
    private partial void LogSwept(int count, string directory);

    [LoggerMessage(
        EventName = "contents-purged",
        Level = LogLevel.Information,
        Message = "dropped {Count} contents of deleted zones whose time is over")]
    private partial void LogPurged(int count);

    private readonly record struct Request(ReplyTo? ReplyTo, Func<SqliteStore, object?> Work, Func<Reason, object?> Refuse);
}
