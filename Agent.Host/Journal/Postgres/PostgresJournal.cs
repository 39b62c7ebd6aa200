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

    private readonly RequestQueue<Request> _requests;
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
    private readonly PostgresLineage _lineage;
    private (ulong System, uint Timeline) _line;

    private PostgresJournal(
        DataDirectory directory, PostgresPlace place, PostgresFence fence, JournalOptions options, TimeProvider clock, ILogger logger)
    {
        _place = place;
        _options = options;
        _clock = clock;
        _logger = logger;
        _requests = new RequestQueue<Request>(options.QueueLength);
        _files = new ContentStore(directory.ContentsPath);
        _lineage = new PostgresLineage(directory);
        _reader = new PostgresContentReader(new PostgresConnector(place, _lineage, options.LockTimeout), _files);
        _contents = new PostgresContents(_files, _reader, options.LargestStoredContent);
        _fence = fence;
        _session = new PostgresSession(
            new PostgresConnector(place, _lineage, options.LockTimeout),
            place,
            _lineage,
            _fence,
            connection => new PostgresStore(connection, _files, _reader, options),
            clock);
        _thread = new Thread(Run) { Name = "journal", IsBackground = true };
    }

    /// <inheritdoc/>
    public long Epoch => _fence.Epoch;

    /// <inheritdoc/>
    public IDifferenceHistory Differences => _reader;

    /// <inheritdoc/>
    public Task<Reason> Fenced => _fenced.Task;

    /// <inheritdoc/>
    public bool MayOpenAgain { get; private set; }

    /// <summary>
    /// Opens or creates the journal in a database. An agent that stands alone takes it over from whoever had it; a node of a cluster writes
    /// beside the others, and for a shard only from <see cref="TakeShard"/> on. The directory holds copies of the large contents that this
    /// node has to do with, and remembers which journal they belong to.
    /// </summary>
    /// <param name="node">Name of this agent, for people who look into the database.</param>
    /// <param name="cluster">The cluster of which this is a node; null for an agent that stands alone.</param>
    /// <exception cref="JournalOpenException">The database cannot serve as the journal of this directory, is another cluster's, or was made
    /// for another number of shards.</exception>
    /// <exception cref="IOException">The database is away, or cannot be written for now.</exception>
    public static PostgresJournal Open(
        DataDirectory directory,
        PostgresPlace place,
        string node,
        JournalOptions options,
        TimeProvider clock,
        ILogger<PostgresJournal> logger,
        JournalCluster? cluster = null)
    {
        var fence = new PostgresFence(Guid.NewGuid(), node, cluster);
        var journal = new PostgresJournal(directory, place, fence, options, clock, logger);
        try
        {
            journal.Begin(directory, cluster);
        }
        catch (Npgsql.PostgresException exception) when (!PostgresErrors.MayPass(exception))
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
    public void ReadZone(DomainName zone, ReplyTo replyTo) => Enqueue(new Request(
        () => replyTo.Tell(new ZoneRead(zone, Store().ReadZone(zone))),
        reason => replyTo.Tell(new ZoneReadFailed(zone, reason))));

    /// <inheritdoc/>
    public void ReadOwned(DomainName catalog, ReplyTo replyTo) => Enqueue(new Request(
        () => replyTo.Tell(new OwnedRead(catalog, Store().ReadOwned(catalog))),
        reason => replyTo.Tell(new OwnedReadFailed(catalog, reason))));

    /// <inheritdoc/>
    public void ReadWanted(DomainName? after, int limit, ReplyTo replyTo) => Enqueue(new Request(
        () => replyTo.Tell(new WantedRead(after, Store().ReadWanted(after, limit))),
        reason => replyTo.Tell(new WantedReadFailed(reason))));

    /// <inheritdoc/>
    public void CountGivenUp(ReplyTo replyTo) => Enqueue(new Request(
        () => replyTo.Tell(Store().CountGivenUp()), reason => replyTo.Tell(new WantedReadFailed(reason))));

    /// <inheritdoc/>
    public void ReadKept(DomainName zone, ReplyTo replyTo) => Enqueue(new Request(
        () => replyTo.Tell(new KeptRead(zone, Store().ReadKept(zone))), reason => replyTo.Tell(new KeptReadFailed(reason))));

    /// <inheritdoc/>
    public void ListKept(DomainName? after, int limit, ReplyTo replyTo) => Enqueue(new Request(
        () => replyTo.Tell(new KeptListed(PostgresKept.List(Store().Connection, after, limit))),
        reason => replyTo.Tell(new KeptReadFailed(reason))));

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
            PostgresStore store = Store();
            (int purged, List<(Dns.Zones.ContentHash Hash, bool IsLarge)> dropped) = store.PurgeExpired(now);
            _contents.Drop(dropped, store);
            if (purged > 0) LogPurged(purged);
            Sweep(store, isStart: false);
        },
        static _ => { }));

    /// <summary>Works off what was asked before, then closes. A statement under way ends by its deadline at the latest.</summary>
    public void Dispose()
    {
        _requests.Close();
        _thread.Join();
    }

    private void Begin(DataDirectory directory, JournalCluster? cluster)
    {
        if (File.Exists(directory.DatabasePath))
        {
            throw new JournalOpenException(
                $"The data directory {directory.Path} holds a journal in SQLite. Give agent.data-dir another folder for the journal in "
                + "PostgreSQL, or set agent.journal.provider = sqlite.");
        }

        PostgresStore store = _session.Open(lookAtAll: true);
        Guid identity = PostgresSchema.Upgrade(store.Connection, _place, directory.ReadJournalIdentity(), out int postponed);
        if (postponed > 0) LogPostponed(postponed);
        directory.WriteJournalIdentity(identity);
        _session.Identity = identity;
        _session.ShardCount = cluster?.Shards ?? PostgresShards.ReadCount(store.Connection);
        if (_fence.IsShared) _fence.Enter(store.Connection);
        else _fence.Claim(store.Connection, _session.ShardCount);
        PostgresServerFacts facts = _session.Facts!;
        _lineage.Note(facts);
        _line = (facts.System, facts.Timeline);
        LogOpened(_place.Description, facts.Host, facts.Version, Epoch);
        SaySafety(facts);
        Sweep(store, isStart: true);
        int brought = _contents.BringIn(store);
        if (brought > 0) LogBroughtIn(brought);
    }

    private void Sweep(PostgresStore store, bool isStart)
    {
        (int bodies, int files) = _contents.Sweep(store, isStart);
        if (bodies + files > 0) LogSwept(files, bodies);
    }

    private void Enqueue(Request request)
    {
        JournalMetrics.Waiting.Add(1);
        if (_requests.TryAdd(request)) return;
        JournalMetrics.Waiting.Add(-1);
        request.Refuse(_requests.IsClosed
            ? Closed
            : new Reason(ReasonCode.JournalAway, "more requests wait for the journal than it takes"));
    }

    private void Run()
    {
        while (!_requests.IsFinished)
        {
            if (_doubt is not null && _session.UntilNextTry <= TimeSpan.Zero) ResolveDoubt();
            // Rounded up, so that the next try is due when the time is over.
            TimeSpan patience = _doubt is null
                ? Timeout.InfiniteTimeSpan
                : TimeSpan.FromMilliseconds(Math.Ceiling(Math.Max(0, _session.UntilNextTry.TotalMilliseconds)));
            if (!_requests.TryTake(patience, out Request? request)) continue;
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

    private Reason SetFenced(JournalFencedException exception)
    {
        var reason = new Reason(ReasonCode.JournalFenced, exception.Message);
        _session.Close();
        if (_fenced.TrySetResult(reason)) LogFenced(exception.Message);
        return reason;
    }

    [LoggerMessage(EventName = "journal-away", Level = LogLevel.Error, Message = "journal-away: {Cause}")]
    private partial void LogFailed(Exception exception, string cause);

    [LoggerMessage(
        EventName = "contents-swept",
        Level = LogLevel.Information,
        Message = "cleared away contents without a reference: {Files} files of this node, {Bodies} in the database")]
    private partial void LogSwept(int files, int bodies);

    [LoggerMessage(EventName = "journal-contraction-waits", Level = LogLevel.Warning,
        Message = "{Count} steps of the journal's tables wait: they would shut out agents of an older release that are at work. They are "
            + "taken when an agent starts and none of those is left")]
    private partial void LogPostponed(int count);

    [LoggerMessage(
        EventName = "contents-brought-in",
        Level = LogLevel.Information,
        Message = "brought {Count} large contents from files of this node into the database")]
    private partial void LogBroughtIn(int count);

    [LoggerMessage(
        EventName = "contents-purged",
        Level = LogLevel.Information,
        Message = "dropped {Count} contents of deleted zones whose time is over")]
    private partial void LogPurged(int count);

    [LoggerMessage(
        EventName = "journal-opened",
        Level = LogLevel.Information,
        Message = "journal in {Place}: primary {Host}, version {Version}, epoch {Epoch}")]
    private partial void LogOpened(string place, string host, string version, long epoch);

    [LoggerMessage(
        EventName = "journal-not-durable",
        Level = LogLevel.Warning,
        Message = "a crash of the database server can lose what was answered: synchronous_commit = {SynchronousCommit}, fsync = {Fsync}")]
    private partial void LogNotDurable(string synchronousCommit, string fsync);

    [LoggerMessage(
        EventName = "journal-not-replicated",
        Level = LogLevel.Warning,
        Message = "a failover of the database can lose answered changes: no synchronous standby (synchronous_commit={SynchronousCommit})")]
    private partial void LogNotReplicated(string synchronousCommit);

    [LoggerMessage(
        EventName = "journal-back",
        Level = LogLevel.Information,
        Message = "the journal is back: primary {Host}, timeline {Timeline}")]
    private partial void LogBack(string host, uint timeline);

    [LoggerMessage(
        EventName = "database-promoted",
        Level = LogLevel.Warning,
        Message = "{Host} was promoted (timeline {Before}, now {Now}); the journal is fenced anew there")]
    private partial void LogPromoted(string host, uint before, uint now);

    [LoggerMessage(
        EventName = "database-replaced",
        Level = LogLevel.Warning,
        Message = "{Host} is another database system with the same journal; it is fenced anew there")]
    private partial void LogOtherSystem(string host);

    [LoggerMessage(EventName = "shards-lost", Level = LogLevel.Warning, Message = "{Count} shards have another owner by now: {Shards}")]
    private partial void LogShardsLost(int count, string shards);

    [LoggerMessage(
        EventName = "shards-given-up",
        Level = LogLevel.Error,
        Message = "{Host} has lost changes that the database had confirmed; every shard of this node is given up and begins anew from what "
            + "is there")]
    private partial void LogLostInCluster(string host);

    [LoggerMessage(
        EventName = "journal-writes-ended",
        Level = LogLevel.Critical,
        Message = "journal-fenced: {Cause}; nothing is written any more")]
    private partial void LogFenced(string cause);

    /// <summary>Either <paramref name="Work"/> answers, or <paramref name="Refuse"/> does.</summary>
    private sealed record Request(Action Work, Action<Reason> Refuse);
}
