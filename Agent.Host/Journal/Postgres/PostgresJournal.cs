using System.Collections.Concurrent;
using System.Collections.Immutable;
using Agent.Actors.Journal;
using Agent.Actors.Kernel;
using Agent.Actors.Reasons;
using Agent.Dns.Wire;

namespace Agent.Host.Journal.Postgres;

/// <summary>
/// The journal on PostgreSQL. One thread owns the writing session and works off a bounded queue in order; every request is answered once,
/// whatever happens, and every statement has a deadline.
/// </summary>
/// <remarks>
/// <code>
///                 failure before a batch was sent          Resume
///   Connected  ------------------------------->  Away  ---------------> Connected
///       | connection lost in a batch                                        ^
///       +-- Resume at once: committed, or void and sent once more ----------+
///       +-- Resume fails --> InDoubt (the batch is not answered yet) -------+ committed, or void = failed
///   any: the fence is another's --> Fenced, for good
/// </code>
/// </remarks>
public sealed partial class PostgresJournal : INodeJournal
{
    private static readonly Reason Closed = new(ReasonCode.JournalAway, "the journal is closed");

    private readonly BlockingCollection<Request> _requests;
    private readonly PostgresPlace _place;
    private readonly JournalOptions _options;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly ContentStore _files;
    private readonly PostgresContentReader _reader;
    private readonly PostgresContents _contents;
    private readonly PostgresFence _fence;
    private readonly PostgresSession _session;
    private readonly Thread _thread;
    private readonly TaskCompletionSource<Reason> _fenced = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private BatchInDoubt? _doubt;
    private bool _isAway;
    private string _timeline = "";

    private PostgresJournal(
        DataDirectory directory, PostgresPlace place, string node, JournalOptions options, TimeProvider clock, ILogger logger)
    {
        _place = place;
        _options = options;
        _clock = clock;
        _logger = logger;
        _requests = new BlockingCollection<Request>(options.QueueLength);
        _files = new ContentStore(directory.ContentsPath);
        _reader = new PostgresContentReader(new PostgresConnector(place, options.LockTimeout));
        _contents = new PostgresContents(_files, _reader, options.LargestStoredContent);
        _fence = new PostgresFence(Guid.NewGuid(), node);
        _session = new PostgresSession(
            new PostgresConnector(place, options.LockTimeout),
            _fence,
            connection => new PostgresStore(connection, _files, _reader, options),
            clock);
        _thread = new Thread(Run) { Name = "journal", IsBackground = true };
    }

    /// <inheritdoc/>
    public long Epoch => _fence.Epoch;

    /// <inheritdoc/>
    public Task<Reason> Fenced => _fenced.Task;

    /// <summary>
    /// Opens or creates the journal in a database and takes it over from whoever had it. The directory holds the large contents of this
    /// node, and remembers which journal they belong to.
    /// </summary>
    /// <param name="node">Name of this agent, for people who look into the database.</param>
    /// <exception cref="JournalOpenException">The database cannot serve as the journal of this directory.</exception>
    /// <exception cref="IOException">The database is away.</exception>
    public static PostgresJournal Open(
        DataDirectory directory,
        PostgresPlace place,
        string node,
        JournalOptions options,
        TimeProvider clock,
        ILogger<PostgresJournal> logger)
    {
        var journal = new PostgresJournal(directory, place, node, options, clock, logger);
        try
        {
            journal.TakeOver(directory);
        }
        catch (Npgsql.PostgresException exception)
        {
            journal._session.Dispose();
            throw new JournalOpenException(
                $"The journal in {place.Description} cannot be used: {PostgresErrors.Text(exception)}.", exception);
        }
        catch (Exception exception) when (PostgresErrors.IsOutside(exception) || exception is JournalFencedException)
        {
            journal._session.Dispose();
            throw new IOException($"The journal in {place.Description} cannot be used: {PostgresErrors.Text(exception)}.", exception);
        }
        catch
        {
            journal._session.Dispose();
            throw;
        }
        journal._thread.Start();
        return journal;
    }

    /// <inheritdoc/>
    public void Commit(JournalBatch batch, ReplyTo replyTo) => Enqueue(new Request(
        () => replyTo.Tell(CommitNow(batch, replyTo)), reason => replyTo.Tell(new JournalFailed(batch.Id, reason))));

    /// <inheritdoc/>
    public void LoadShard(int shard, int shardCount, ReplyTo replyTo) => Enqueue(new Request(
        () =>
        {
            PostgresStore store = Store();
            if (_session.ShardCount != shardCount)
            {
                store.Reshard(_fence, shardCount);
                _session.ShardCount = shardCount;
            }

            replyTo.Tell(new ShardLoaded(shard, store.LoadShard(shard)));
        },
        reason => replyTo.Tell(new ShardLoadFailed(shard, reason))));

    /// <inheritdoc/>
    public void ReadZone(DomainName zone, ReplyTo replyTo) => Enqueue(new Request(
        () => replyTo.Tell(new ZoneRead(zone, Store().ReadZone(zone))),
        reason => replyTo.Tell(new ZoneReadFailed(zone, reason))));

    /// <inheritdoc/>
    public void ReadHistory(DomainName? zone, int limit, ReplyTo replyTo) => Enqueue(new Request(
        () => replyTo.Tell(new HistoryRead(Store().ReadHistory(zone, limit), null)),
        reason => replyTo.Tell(new HistoryRead([], reason))));

    /// <inheritdoc/>
    public Task<ImmutableArray<DomainName>> ReadWantedNamesAsync()
    {
        var names = new TaskCompletionSource<ImmutableArray<DomainName>>(TaskCreationOptions.RunContinuationsAsynchronously);
        Enqueue(new Request(
            () => names.SetResult(Store().ReadWantedNames()), reason => names.TrySetException(new IOException(reason.Text))));
        return names.Task;
    }

    /// <inheritdoc/>
    public void PurgeExpired(DateTimeOffset now) => Enqueue(new Request(
        () =>
        {
            (int purged, List<(Dns.Zones.ContentHash Hash, bool IsFile)> dropped) = Store().PurgeExpired(now);
            _contents.Drop(dropped);
            if (purged > 0) LogPurged(purged);
        },
        static _ => { }));

    /// <summary>Works off what was asked before, then closes. A statement under way ends by its deadline at the latest.</summary>
    public void Dispose()
    {
        if (_requests.IsAddingCompleted) return;
        _requests.CompleteAdding();
        _thread.Join();
        _requests.Dispose();
    }

    private void TakeOver(DataDirectory directory)
    {
        if (File.Exists(directory.DatabasePath))
        {
            throw new JournalOpenException(
                $"The data directory {directory.Path} holds a journal in SQLite. Give agent.data-dir another folder for the journal in "
                + "PostgreSQL, or set agent.journal.provider = sqlite.");
        }

        PostgresStore store = _session.Open();
        Guid identity = PostgresSchema.Upgrade(store.Connection, _place, directory.ReadJournalIdentity());
        directory.WriteJournalIdentity(identity);
        _session.ShardCount = store.ReadShardCount();
        _fence.Claim(store.Connection, _session.ShardCount);
        PostgresServerFacts facts = _session.Facts!;
        _timeline = facts.Timeline;
        LogOpened(_place.Description, facts.Host, facts.Version, Epoch);
        if (facts.Fsync != "on" || facts.SynchronousCommit is "off")
            LogNotDurable(facts.SynchronousCommit, facts.Fsync);
        else if (facts.SynchronousStandbys.Length == 0 || facts.SynchronousCommit is "local")
            LogNotReplicated(facts.SynchronousCommit);
        HashSet<Dns.Zones.ContentHash> referenced = store.ReadFileContents();
        int removed = _files.RemoveUnreferenced(referenced.Contains);
        if (removed > 0) LogSwept(removed, directory.ContentsPath);
    }

    private void Enqueue(Request request)
    {
        Reason why = Closed;
        try
        {
            if (_requests.TryAdd(request))
            {
                JournalMetrics.Waiting.Add(1);
                return;
            }

            why = new Reason(ReasonCode.JournalAway, "more requests wait for the journal than it takes");
        }
        catch (InvalidOperationException)
        {
            // Closed meanwhile.
        }

        request.Refuse(why);
    }

    private void Run()
    {
        while (!_requests.IsCompleted)
        {
            if (_doubt is not null && _session.UntilNextTry <= TimeSpan.Zero) ResolveDoubt();
            int patienceMs = _doubt is null ? Timeout.Infinite : (int)Math.Ceiling(_session.UntilNextTry.TotalMilliseconds);
            if (!_requests.TryTake(out Request? request, patienceMs)) continue;
            JournalMetrics.Waiting.Add(-1);
            Serve(request);
        }

        _doubt?.ReplyTo.Tell(new JournalFailed(_doubt.Batch.Id, Closed));
        _reader.Dispose();
        _session.Dispose();
    }

    // Whatever goes wrong becomes the answer: a request without one would leave its zones waiting for ever.
    private void Serve(Request request)
    {
        try
        {
            if (_fenced.Task.IsCompletedSuccessfully) request.Refuse(_fenced.Task.Result);
            else request.Work();
        }
        catch (JournalFencedException exception)
        {
            request.Refuse(SetFenced(exception));
        }
        catch (Exception exception)
        {
            request.Refuse(Failed(exception));
        }
    }

    /// <summary>The open store. A batch in doubt bars the way: nothing may overtake it.</summary>
    private PostgresStore Store()
    {
        if (_doubt is not null) throw new IOException("the database went away in the middle of a batch, and is not back");
        return _session.Use(OnResumed);
    }

    private void OnResumed(bool lostConfirmed)
    {
        _contents.Forget();
        PostgresServerFacts facts = _session.Facts!;
        if (_isAway) LogBack(facts.Host, facts.Timeline);
        _isAway = false;
        if (facts.Timeline != _timeline) LogPromoted(facts.Host, _timeline, facts.Timeline);
        _timeline = facts.Timeline;
        if (lostConfirmed) LogLost(facts.Host);
    }

    private Reason Failed(Exception exception)
    {
        JournalMetrics.Errors.Add(1);
        string cause = PostgresErrors.Text(exception);
        if (!_isAway || exception is not IOException) LogFailed(exception, cause);
        bool keeps = PostgresErrors.IsDefinite(exception) && !PostgresErrors.IsReadOnly(exception);
        if (_session.Store is not null && (!keeps || !_session.Store.IsOpen)) _session.GiveUp(exception);
        _isAway |= _session.Store is null;
        return new Reason(ReasonCode.JournalAway, $"The journal could not be used: {cause}.");
    }

    private Reason SetFenced(JournalFencedException exception)
    {
        var reason = new Reason(ReasonCode.JournalFenced, exception.Message);
        _session.Close();
        if (_fenced.TrySetResult(reason)) LogFenced(exception.Message);
        return reason;
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "journal-away: {Cause}")]
    private partial void LogFailed(Exception exception, string cause);

    [LoggerMessage(Level = LogLevel.Information, Message = "removed {Count} unreferenced files from {Directory}")]
    private partial void LogSwept(int count, string directory);

    [LoggerMessage(Level = LogLevel.Information, Message = "dropped {Count} contents of deleted zones whose time is over")]
    private partial void LogPurged(int count);

    [LoggerMessage(Level = LogLevel.Information, Message = "journal in {Place}: primary {Host}, version {Version}, epoch {Epoch}")]
    private partial void LogOpened(string place, string host, string version, long epoch);

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "a crash of the database server can lose what was answered: synchronous_commit = {SynchronousCommit}, fsync = {Fsync}")]
    private partial void LogNotDurable(string synchronousCommit, string fsync);

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "a failover of the database can lose answered changes: no synchronous standby (synchronous_commit={SynchronousCommit})")]
    private partial void LogNotReplicated(string synchronousCommit);

    [LoggerMessage(Level = LogLevel.Information, Message = "the journal is back: primary {Host}, timeline {Timeline}")]
    private partial void LogBack(string host, string timeline);

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "{Host} was promoted (timeline {Before}, now {Now}); the journal is fenced anew there")]
    private partial void LogPromoted(string host, string before, string now);

    [LoggerMessage(Level = LogLevel.Error,
        Message = "{Host} has lost changes that the database had confirmed; restart the agent to go on from what is there")]
    private partial void LogLost(string host);

    [LoggerMessage(Level = LogLevel.Critical, Message = "journal-fenced: {Cause}; nothing is written any more")]
    private partial void LogFenced(string cause);

    /// <summary>Either <paramref name="Work"/> answers, or <paramref name="Refuse"/> does.</summary>
    private sealed record Request(Action Work, Action<Reason> Refuse);
}
