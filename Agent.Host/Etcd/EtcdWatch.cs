using System.Text.Json;
using Agent.Actors.Cluster;
using Agent.Actors.Kernel;
using Agent.Actors.Reasons;

namespace Agent.Host.Etcd;

/// <summary>
/// One watch: a request whose answer is a stream of messages, one in a line. It tells what it hears in whole revisions, and ends at the
/// first thing that is not in order, for its asker reads anew then.
/// </summary>
/// <remarks>
/// <para>
/// What has been told of is known from the changes themselves and from the server's timed progress messages. The revision in the head of a
/// message with changes is that of the store, which may be further on; progress that is asked for may overtake changes in etcd 3.4, so it
/// is never asked for.
/// </para>
/// <para>
/// A quiet watch may be one that has died: its server is stopped, or cut off. So beside it runs a probe: a linearizable read at the same
/// endpoint, which proves that the member lives and hears a leader, and which asks for a key that was changed after all that has been told.
/// One that is still not told of at the next probe means that the watch keeps something back, and ends it too.
/// </para>
/// </remarks>
internal sealed class EtcdWatch : IDisposable
{
    private readonly EtcdClient _client;
    private readonly EtcdOptions _options;
    private readonly TimeProvider _clock;
    private readonly long _number;
    private readonly string _prefix;
    private readonly long _from;
    private readonly ReplyTo _replyTo;
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly List<StoreChange> _held = [];
    private Reason? _cause;
    private bool _isOver;
    private bool _isDisposed;
    private long _told;
    private long _heldRevision;
    private long _heldOctets;
    private long _heardAt;

    public EtcdWatch(
        EtcdClient client, EtcdOptions options, TimeProvider clock, long number, string prefix, long from, ReplyTo replyTo)
    {
        _client = client;
        _options = options;
        _clock = clock;
        _number = number;
        _prefix = prefix;
        _from = from;
        _told = Math.Max(0, from - 1);
        _replyTo = replyTo;
    }

    /// <summary>Nothing is told after this returns.</summary>
    public void Stop()
    {
        lock (_gate)
        {
            _isOver = true;
            // Asynchronous, so that nothing of the watch runs on the thread of whoever stops it.
            if (!_isDisposed) _ = _stop.CancelAsync();
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _isDisposed = true;
            _stop.Dispose();
        }
    }

    public async Task RunAsync(CancellationToken closing)
    {
        using CancellationTokenSource both = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token, closing);
        Reason reason;
        try
        {
            using EtcdStream stream = await _client.OpenAsync(EtcdCalls.Watch(_prefix, _from), both.Token);
            reason = await FollowAsync(stream, both);
        }
        catch (EtcdException failure)
        {
            reason = failure.Reason;
        }
        catch (Exception failure) when (failure is OperationCanceledException or IOException or HttpRequestException)
        {
            reason = new Reason(ReasonCode.StoreAway, $"the watch broke off: {EtcdError.Printable(failure.Message)}");
        }

        if (closing.IsCancellationRequested) reason = EtcdStore.Closed;
        Tell(new WatchEnded(_number, reason), isLast: true);
    }

    /// <summary>Ends the watch after a mistake of ours.</summary>
    public void GiveUp() =>
        Tell(new WatchEnded(_number, new Reason(ReasonCode.StoreAway, "the watch failed in this agent")), isLast: true);

    private async Task<Reason> FollowAsync(EtcdStream stream, CancellationTokenSource end)
    {
        _heardAt = _clock.GetTimestamp();
        Task probe = ProbeAsync(stream, end);
        try
        {
            while (await stream.Lines.ReadAsync(end.Token) is { } line)
            {
                Volatile.Write(ref _heardAt, _clock.GetTimestamp());
                if (line.Length > 0) Handle(stream, line);
            }

            return Away(stream, "closed the watch");
        }
        catch (EtcdException failure)
        {
            _client.Blame(stream.Endpoint, failure);
            return failure.Reason;
        }
        catch (Exception failure) when (failure is JsonException or FormatException)
        {
            EtcdException broken = EtcdException.Away(
                Away(stream, failure is FormatException ? $"broke the watch: {failure.Message}" : "sent what is no JSON").Text,
                EtcdOutcome.Refused);
            _client.Blame(stream.Endpoint, broken);
            return broken.Reason;
        }
        catch (Exception failure) when (failure is OperationCanceledException or IOException or HttpRequestException)
        {
            return _cause ?? Away(stream, $"broke off the watch: {EtcdError.Printable(failure.Message)}");
        }
        finally
        {
            await end.CancelAsync();
            await probe;
        }
    }

    private void Handle(EtcdStream stream, ReadOnlyMemory<byte> line)
    {
        using JsonDocument document = EtcdJson.Parse(line);
        if (EtcdJson.Object(document.RootElement, "error") is { } error) throw EtcdError.Of(stream.Endpoint.Address, error);
        JsonElement message = EtcdJson.RequiredObject(document.RootElement, "result");
        EtcdHeader header = EtcdHeader.Read(message);
        _client.Admit(stream.Endpoint, header, stream.Known, EtcdCheck.Term);
        if (EtcdJson.Flag(message, "canceled")) throw Canceled(stream, message);
        if (EtcdJson.Flag(message, "created"))
        {
            if (_from <= 0) Volatile.Write(ref _told, header.Revision);
            return;
        }

        // Progress that somebody asked for carries no number of a watch, and may overtake changes.
        if (EtcdJson.Number(message, "watch_id") < 0) return;
        int before = _held.Count;
        foreach (JsonElement item in EtcdJson.Objects(message, "events")) Hold(item);
        bool isProgress = before == 0 && _held.Count == 0;
        if (isProgress)
        {
            if (header.Revision <= _told) return;
            Volatile.Write(ref _told, header.Revision);
            Tell(new StoreChanged(_number, header.Revision, []), isLast: false);
            return;
        }

        _heldOctets += line.Length;
        if (_heldOctets > _options.AnswerMax) throw new FormatException($"a message is larger than {_options.AnswerMax} octets");
        // A large message comes in pieces, which may divide a revision.
        if (EtcdJson.Flag(message, "fragment")) return;
        Volatile.Write(ref _told, _heldRevision);
        Tell(new StoreChanged(_number, _heldRevision, [.. _held]), isLast: false);
        _held.Clear();
        _heldOctets = 0;
    }

    private void Hold(JsonElement item)
    {
        JsonElement entry = EtcdJson.RequiredObject(item, "kv");
        bool isDelete = EtcdJson.Text(item, "type") switch
        {
            "" or "PUT" => false,
            "DELETE" => true,
            string other => throw new FormatException($"a change of the type {EtcdError.Printable(other)}"),
        };
        string key = EtcdJson.Key(entry);
        long revision = EtcdJson.Count(entry, "mod_revision");
        if (!key.StartsWith(_prefix, StringComparison.Ordinal)) throw new FormatException("a change of a key that is not watched");
        if (revision <= _told || (_held.Count > 0 && revision < _heldRevision))
            throw new FormatException($"a change of revision {revision}, which lies before what was told of");
        _heldRevision = revision;
        _held.Add(new StoreChange(key, isDelete ? null : EtcdJson.Entry(entry)));
    }

    private EtcdException Canceled(EtcdStream stream, JsonElement message)
    {
        long compacted = EtcdJson.Count(message, "compact_revision");
        string text = compacted > 0
            ? $"has dropped the past before revision {compacted}, and {_told + 1} was wanted"
            : $"canceled the watch: {EtcdError.Printable(EtcdJson.Text(message, "cancel_reason"))}";
        return new EtcdException(Away(stream, text), EtcdOutcome.Refused, EtcdError.None, blamesEndpoint: false);
    }

    /// <summary>Looks after the stream until it ends, or ends it.</summary>
    private async Task ProbeAsync(EtcdStream stream, CancellationTokenSource end)
    {
        using PeriodicTimer timer = new(_options.WatchProbe, _clock);
        long aliveAt = _heardAt;
        long owed = 0;
        EtcdException? failure = null;
        try
        {
            while (await timer.WaitForNextTickAsync(end.Token))
            {
                long heardAt = Volatile.Read(ref _heardAt);
                if (_clock.GetElapsedTime(heardAt) < _options.WatchProbe)
                {
                    (aliveAt, owed) = (heardAt, 0);
                }
                else if (stream.Lines.PartialFor >= _options.WatchSilence)
                {
                    await EndAsync(stream, "began a message and does not end it", end);
                }
                else if (owed > Volatile.Read(ref _told))
                {
                    await EndAsync(stream, $"does not tell of the changes up to revision {owed}", end);
                }
                else
                {
                    TimeSpan left = _options.WatchSilence - _clock.GetElapsedTime(aliveAt);
                    bool isAsked = left > TimeSpan.Zero;
                    if (isAsked) (failure, owed) = await NewestAsync(stream, left, end.Token);
                    if (isAsked && failure is null) aliveAt = _clock.GetTimestamp();
                    else if (_clock.GetElapsedTime(aliveAt) >= _options.WatchSilence) await EndSilentAsync(stream, failure, end);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The watch is over.
        }
    }

    /// <summary>The revision of what was changed after all that has been told; or why that could not be asked.</summary>
    private async Task<(EtcdException? Failure, long Newest)> NewestAsync(EtcdStream stream, TimeSpan left, CancellationToken cancellation)
    {
        using EtcdPatience patience = new(left < _options.Timeout ? left : _options.Timeout, _clock, cancellation);
        try
        {
            long newest = await _client.AskAsync(
                stream.Endpoint,
                EtcdCalls.NewerThan(_prefix, Volatile.Read(ref _told)),
                answer => EtcdJson.Objects(answer, "kvs").Select(entry => EtcdJson.Count(entry, "mod_revision")).DefaultIfEmpty().Max(),
                patience);
            return (null, newest);
        }
        catch (EtcdException failure)
        {
            return (failure, 0);
        }
    }

    private async Task EndAsync(EtcdStream stream, string text, CancellationTokenSource end)
    {
        EtcdException failure = EtcdException.Away(Away(stream, text).Text, EtcdOutcome.Refused);
        // The next watch had better go elsewhere.
        _client.Blame(stream.Endpoint, failure);
        await EndAsync(failure.Reason, end);
    }

    /// <summary>A member that says no is not silent: what it refuses is the cause, and another member would refuse it as well.</summary>
    private Task EndSilentAsync(EtcdStream stream, EtcdException? failure, CancellationTokenSource end) =>
        failure is { BlamesEndpoint: false }
            ? EndAsync(failure.Reason, end)
            : EndAsync(stream, $"gave no sign of life for {_options.WatchSilence.TotalSeconds} s", end);

    private async Task EndAsync(Reason cause, CancellationTokenSource end)
    {
        _cause = cause;
        await end.CancelAsync();
    }

    private static Reason Away(EtcdStream stream, string text) =>
        new(ReasonCode.StoreAway, $"{stream.Endpoint.Address.Authority} {text}");

    private void Tell(object message, bool isLast)
    {
        lock (_gate)
        {
            if (_isOver) return;
            _isOver = isLast;
            if (isLast) EtcdMetrics.WatchesEnded.Add(1);
            _replyTo.Tell(message);
        }
    }
}
