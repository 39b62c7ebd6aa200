using System.Collections.Immutable;
using Agent.Actors.Journal;
using Agent.Actors.Kernel;
using Agent.Actors.Reasons;
using Agent.Dns.Wire;
using Agent.Dns.Zones;
using Microsoft.Data.Sqlite;

namespace Agent.Host.Journal.Sqlite;

/// <summary>
/// The journal on SQLite. One thread owns the connection and works off a bounded queue in order; every request is answered
/// once, whatever happens. After a failure of the file a fresh connection is tried with the next request.
/// </summary>
public sealed partial class SqliteJournal : INodeJournal
{
    // Two thousand small zones: longer than targets take to read what was written for them.
    private const long RecentOctets = 1 << 20;

    private readonly RequestQueue<Request> _requests;
    private readonly DataDirectory _directory;
    private readonly JournalOptions _options;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly ContentStore _files;
    private readonly SqliteContentReader _reader;
    private readonly RecentContents _recent;
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
        _thread = new Thread(Run) { Name = "journal", IsBackground = true };
    }

    /// <inheritdoc/>
    public long Epoch { get; private set; }

    /// <inheritdoc/>
    public IDifferenceHistory Differences => _reader;

    /// <inheritdoc/>
    public Task<Reason> Fenced => _fenced.Task;

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
            throw new JournalOpenException($"The journal {directory.DatabasePath} cannot be used: {Describe(exception)}", exception);
        }
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
    public void TakeShard(int shard, int shardCount, long epoch, ReplyTo replyTo)
    {
        Enqueue(epoch == Epoch
            ? new Request(replyTo, Load, Refuse) { Load = new ShardLoad(shard, shardCount) }
            : new Request(replyTo, _ => Refuse(OtherRun(epoch)), Refuse));

        object Load(SqliteStore store)
        {
            ImmutableArray<ZoneRow> rows = [];
            store.LoadShards([shard], shardCount, (_, loaded) => rows = loaded);
            return new ShardLoaded(shard, rows);
        }

        object Refuse(Reason reason) => new ShardLoadFailed(shard, reason);
    }

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

    /// <summary>Works off what was asked before, then closes.</summary>
    public void Dispose()
    {
        _requests.Close();
        _thread.Join();
    }

    private Reason OtherRun(long epoch) =>
        new(ReasonCode.JournalFenced, $"epoch {epoch} is over, the journal was opened again since (our epoch is {Epoch})");

    private static string Describe(Exception exception) =>
        exception is SqliteException sqlite ? SqliteErrors.Text(sqlite) : exception.Message;

    private void Enqueue(ReplyTo? replyTo, Func<SqliteStore, object?> work, Func<Reason, object?> refuse) =>
        Enqueue(new Request(replyTo, work, refuse));

    private void Enqueue(Request request)
    {
        JournalMetrics.Waiting.Add(1);
        if (_requests.TryAdd(request))
            return;
        JournalMetrics.Waiting.Add(-1);
        string why = _requests.IsClosed ? "the journal is closed" : "more requests wait for the journal than it takes";
        Answer(request.ReplyTo, request.Refuse(new Reason(ReasonCode.JournalAway, why)));
    }

    private void Run()
    {
        while (_requests.TryTake(Timeout.InfiniteTimeSpan, out Request request))
        {
            List<Request> together = WithLoadsBehind(request);
            JournalMetrics.Waiting.Add(-together.Count);
            if (together.Count > 1)
                LoadTogether(together);
            foreach (Request left in together)
                Answer(left.ReplyTo, Serve(left));
        }
        // The writer closes last, so that it can fold the write-ahead log into the file.
        _reader.Dispose();
        CloseStore();
    }

    /// <summary>Shards that are asked for one behind the other are read together: nothing stands between them that one has to
    /// show.</summary>
    private List<Request> WithLoadsBehind(Request first)
    {
        List<Request> together = [first];
        while (first.Load is { } load && _requests.TryTakeNext(next => next.Load?.ShardCount == load.ShardCount, out Request behind))
            together.Add(behind);
        return together;
    }

    /// <summary>Answers what can be read, and leaves the rest: a row that is damaged fails its own shard alone.</summary>
    private void LoadTogether(List<Request> together)
    {
        try
        {
            _store ??= OpenStore(mayCreate: false);
            int shardCount = together[0].Load!.Value.ShardCount;
            HashSet<int> shards = [.. together.Select(request => request.Load!.Value.Shard)];
            _store.LoadShards(shards, shardCount, (shard, rows) =>
            {
                foreach (Request request in together.Where(request => request.Load!.Value.Shard == shard))
                    Answer(request.ReplyTo, new ShardLoaded(shard, rows));
                together.RemoveAll(request => request.Load!.Value.Shard == shard);
            });
        }
        catch (Exception exception)
        {
            // Whatever it was, each that is left is tried by itself and tells its own failure.
            LogReadApart(together.Count, Describe(exception));
        }
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
            LogFailed(exception, Describe(exception));
            if (exception is not SqliteException sqlite || !SqliteErrors.KeepsConnection(sqlite))
                CloseStore();
            return request.Refuse(new Reason(ReasonCode.JournalAway, $"The journal could not be used: {Describe(exception)}."));
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

    [LoggerMessage(Level = LogLevel.Error, Message = "journal request failed: {Cause}")]
    private partial void LogFailed(Exception exception, string cause);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} shards cannot be read together, each is read by itself now: {Cause}")]
    private partial void LogReadApart(int count, string cause);

    [LoggerMessage(Level = LogLevel.Information, Message = "removed {Count} unreferenced files from {Directory}")]
    private partial void LogSwept(int count, string directory);

    [LoggerMessage(Level = LogLevel.Information, Message = "dropped {Count} contents of deleted zones whose time is over")]
    private partial void LogPurged(int count);

    private readonly record struct Request(ReplyTo? ReplyTo, Func<SqliteStore, object?> Work, Func<Reason, object?> Refuse)
    {
        /// <summary>The shard to be read, where it is that and nothing else.</summary>
        public ShardLoad? Load { get; init; }
    }

    private readonly record struct ShardLoad(int Shard, int ShardCount);
}
