using System.Collections.Immutable;
using System.Text.Json;
using Agent.Actors.Cluster;
using Agent.Actors.Kernel;
using Agent.Actors.Reasons;
using Agent.Host.Telemetry;

namespace Agent.Host.Etcd;

/// <summary>
/// The store of the cluster in etcd, through its JSON gateway. Every request is answered once within its deadline, and none is sent twice;
/// when the store is closed, what is open is answered first, and leases that are given up are given up.
/// </summary>
/// <remarks>
/// Any thread may ask; the work runs on the thread pool. A number of a watch that is used again takes the earlier watch's place without a
/// word, because a restarted asker begins to count anew.
/// </remarks>
public sealed partial class EtcdStore : IClusterStore, IAsyncDisposable
{
    internal static readonly Reason Closed = new(ReasonCode.StoreAway, "this agent has closed its store");

    private const int OperationsMax = 100;

    private readonly EtcdOptions _options;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly EtcdClient _client;
    private readonly CancellationTokenSource _closing = new();
    private readonly TaskCompletionSource _idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Dictionary<long, EtcdWatch> _watches = [];
    private readonly Lock _gate = new();
    private readonly RepeatGuard _refusals;
    private (Reason Reason, long At)? _refused;
    private int _running;
    private bool _isClosed;

    private EtcdStore(EtcdOptions options, TimeProvider clock, ILogger logger)
    {
        _options = options;
        _clock = clock;
        _logger = logger;
        _client = new EtcdClient(options, clock, logger);
        _refusals = new RepeatGuard(clock);
    }

    /// <summary>How the endpoints stand.</summary>
    public IReadOnlyList<EtcdEndpointStatus> Endpoints => _client.Endpoints;

    /// <summary>Why etcd has refused a write since then, the last time; null when it has not.</summary>
    /// <param name="timestamp">Of the clock that the store was opened with.</param>
    public Reason? RefusedSince(long timestamp)
    {
        lock (_gate) return _refused is { } refused && refused.At >= timestamp ? refused.Reason : null;
    }

    /// <summary>Makes the store ready; no connection is opened before the first request.</summary>
    /// <exception cref="EtcdOptionsException">The options cannot be used.</exception>
    public static EtcdStore Open(EtcdOptions options, TimeProvider clock, ILogger<EtcdStore> logger) => new(options, clock, logger);

    /// <inheritdoc/>
    public void Grant(long request, TimeSpan timeToLive, ReplyTo replyTo) => Ask(
        request, replyTo, () => EtcdCalls.Grant(timeToLive), answer => new LeaseGranted(request, LeaseOf(answer), TimeToLiveOf(answer)));

    /// <inheritdoc/>
    public void KeepAlive(long request, long lease, ReplyTo replyTo) => Ask(
        request,
        replyTo,
        () => EtcdCalls.KeepAlive(lease),
        answer => new LeaseKept(request, lease, TimeToLiveOf(answer)),
        failure => failure.Code == EtcdError.NotFound ? new LeaseKept(request, lease, TimeSpan.Zero) : null);

    /// <inheritdoc/>
    public void Revoke(long request, long lease, ReplyTo replyTo) => Ask(
        request,
        replyTo,
        () => EtcdCalls.Revoke(lease),
        _ => new LeaseRevoked(request, lease),
        failure => failure.Code == EtcdError.NotFound ? new LeaseRevoked(request, lease) : null,
        isLastWord: true);

    /// <inheritdoc/>
    public void Read(long request, string prefix, ReplyTo replyTo) => Ask(
        request,
        replyTo,
        () => EtcdCalls.Read(prefix),
        answer => new StoreRead(request, EtcdHeader.Read(answer).Revision, EntriesOf(answer, prefix)));

    /// <inheritdoc/>
    public void Commit(long request, StoreTransaction transaction, ReplyTo replyTo)
    {
        if (transaction.Compares.Length > OperationsMax || transaction.Writes.Length > OperationsMax)
        {
            replyTo.Tell(Failed(request, ReasonCode.StoreRefused, $"a transaction has at most {OperationsMax} comparisons and writes"));
            return;
        }

        Ask(
            request,
            replyTo,
            () => EtcdCalls.Commit(transaction),
            answer => new StoreCommitted(request, EtcdJson.Flag(answer, "succeeded"), EtcdHeader.Read(answer).Revision));
    }

    /// <inheritdoc/>
    public void Watch(long watch, string prefix, long fromRevision, ReplyTo replyTo)
    {
        EtcdWatch? former;
        Reason? refusal = null;
        lock (_gate)
        {
            _watches.Remove(watch, out former);
            if (_isClosed) refusal = Closed;
            else if (_watches.Count >= _options.WatchesMax) refusal = new Reason(ReasonCode.Overload, "too many watches are open");
            else
            {
                EtcdWatch started = new(_client, _options, _clock, watch, prefix, fromRevision, replyTo);
                _watches.Add(watch, started);
                _running++;
                _ = Task.Run(() => WatchAsync(watch, started));
            }
        }

        former?.Stop();
        if (refusal is not null) replyTo.Tell(new WatchEnded(watch, refusal));
    }

    /// <inheritdoc/>
    public void StopWatch(long watch)
    {
        EtcdWatch? stopped;
        lock (_gate) _watches.Remove(watch, out stopped);
        stopped?.Stop();
    }

    /// <summary>Answers what is open, and closes the connections.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            if (_isClosed) return;
            _isClosed = true;
            if (_running == 0) _idle.SetResult();
        }

        await _closing.CancelAsync();
        await _idle.Task;
        _client.Dispose();
        _closing.Dispose();
    }

    private static long LeaseOf(JsonElement answer) =>
        EtcdJson.Number(answer, "ID") is var lease && lease != 0 ? lease : throw new FormatException("the answer has no lease");

    private static TimeSpan TimeToLiveOf(JsonElement answer) => EtcdJson.Number(answer, "TTL") switch
    {
        <= 0 => TimeSpan.Zero,
        > int.MaxValue => TimeSpan.FromSeconds(int.MaxValue),
        long seconds => TimeSpan.FromSeconds(seconds),
    };

    private static ImmutableArray<StoreEntry> EntriesOf(JsonElement answer, string prefix)
    {
        if (EtcdJson.Flag(answer, "more")) throw new FormatException("the answer is not whole");
        ImmutableArray<StoreEntry> entries = [.. EtcdJson.Objects(answer, "kvs").Select(EtcdJson.Entry)];
        return entries.All(entry => entry.Key.StartsWith(prefix, StringComparison.Ordinal))
            ? entries
            : throw new FormatException("the answer holds keys that were not asked for");
    }

    private static StoreFailed Failed(long request, string code, string text) => new(request, new Reason(code, text), IsUnknown: false);

    /// <param name="refused">Makes an answer of a failure that the port does not know as one.</param>
    /// <param name="isLastWord">Goes on for its time when the store is closed: who ends says goodbye, and the others need not wait.</param>
    private void Ask(
        long request,
        ReplyTo replyTo,
        Func<EtcdCall> call,
        Func<JsonElement, object> read,
        Func<EtcdException, object?>? refused = null,
        bool isLastWord = false)
    {
        bool isClosed;
        lock (_gate)
        {
            isClosed = _isClosed;
            if (!isClosed && _running < _options.RequestsMax)
            {
                _running++;
                CancellationToken closing = isLastWord ? CancellationToken.None : _closing.Token;
                _ = Task.Run(() => AnswerAsync(request, replyTo, call, read, refused, closing));
                return;
            }
        }

        replyTo.Tell(isClosed
            ? new StoreFailed(request, Closed, IsUnknown: false)
            : Failed(request, ReasonCode.Overload, "too many requests to etcd are under way"));
    }

    private async Task AnswerAsync(
        long request,
        ReplyTo replyTo,
        Func<EtcdCall> call,
        Func<JsonElement, object> read,
        Func<EtcdException, object?>? refused,
        CancellationToken closing)
    {
        object answer;
        try
        {
            EtcdCall built = call();
            try
            {
                answer = await _client.SendAsync(built, read, closing);
            }
            catch (EtcdException failure)
            {
                Reason reason = closing.IsCancellationRequested ? Closed : failure.Reason;
                object? known = refused?.Invoke(failure);
                // What never left was refused by us, and is told with the endpoint.
                bool isRefused = failure.Outcome != EtcdOutcome.NotSent && reason.Code == ReasonCode.StoreRefused;
                if (known is null && built.HasEffect && isRefused) Refused(reason);
                answer = known ?? new StoreFailed(request, reason, built.HasEffect && failure.Outcome == EtcdOutcome.Open);
            }
        }
        catch (Exception failure)
        {
            // A mistake of ours: whoever asked is told all the same, and cannot rely on anything.
            LogMistake(_logger, failure);
            answer = new StoreFailed(request, new Reason(ReasonCode.StoreAway, "the request failed in this agent"), IsUnknown: true);
        }

        replyTo.Tell(answer);
        Leave();
    }

    private async Task WatchAsync(long number, EtcdWatch watch)
    {
        EtcdMetrics.Watches.Add(1);
        try
        {
            await watch.RunAsync(_closing.Token);
        }
        catch (Exception failure)
        {
            LogMistake(_logger, failure);
            watch.GiveUp();
        }

        EtcdMetrics.Watches.Add(-1);
        lock (_gate)
        {
            if (_watches.TryGetValue(number, out EtcdWatch? current) && current == watch) _watches.Remove(number);
        }

        watch.Dispose();
        Leave();
    }

    /// <summary>Whoever asked tries again, each in its own way and most without a word; so it is said here, for all of them.</summary>
    private void Refused(Reason reason)
    {
        lock (_gate) _refused = (reason, _clock.GetTimestamp());
        if (_refusals.MaySay(reason.Text)) LogRefused(_logger, reason.Text);
    }

    private void Leave()
    {
        lock (_gate)
        {
            _running--;
            if (_running == 0 && _isClosed) _idle.SetResult();
        }
    }

    [LoggerMessage(EventId = 705, EventName = "store-refused", Level = LogLevel.Warning, Message = "etcd: a write was refused: {Why}")]
    private static partial void LogRefused(ILogger logger, string why);

    [LoggerMessage(EventId = 704, EventName = "etcd-mistake", Level = LogLevel.Error, Message = "etcd: a request failed in this agent")]
    private static partial void LogMistake(ILogger logger, Exception failure);
}
