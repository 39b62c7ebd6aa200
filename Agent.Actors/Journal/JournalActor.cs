using System.Collections.Immutable;
using Agent.Actors.Cluster;
using Agent.Actors.Kernel;
using Agent.Actors.Kernel.Simulation;
using Agent.Actors.Reasons;
using Agent.Dns.Wire;

namespace Agent.Actors.Journal;

/// <summary>
/// The one writer of a node: gathers what arrives while a batch is being made durable into the next one (group commit), so
/// that a thousand zones share the price of one flush to disk.
/// </summary>
/// <remarks>
/// Bounds: at most <see cref="MaxBatchEntries"/> entries a batch, and <see cref="MaxWaiting"/> requests waiting; one more is
/// refused at once, which the requester answers with overload. Requests keep their order, reads behind writes among them, except that a
/// crowd larger than a batch is served from both ends (<see cref="JournalLine"/>). A zone whose
/// content cannot be kept fails alone, and so does a shard that another owner has taken: the others of the batch are written without it.
/// <para>A batch in doubt is held until the store says what became of it; whatever waits behind it or comes meanwhile is refused at
/// once. A fenced shard is told to the node as <see cref="ShardFenced"/>. A fence around the whole journal is the end: everything is
/// refused, and all shards of this node are told that their ownership is over.</para>
/// <para>History and progress, for whose fate nobody waits, go with the next write that somebody does wait for, or alone after a moment
/// (<see cref="Linger"/>). They outlive a failed batch: the newest <see cref="MaxKept"/> of them go along
/// with a later one, under the epoch that they were written for, and end with it.</para>
/// <para>While many zones come one after the other, a batch of a few waits a moment for more, too (<see cref="JournalCrowd"/>).</para>
/// </remarks>
public sealed class JournalActor : UntypedActor
{
    /// <summary>
    /// Most entries of one batch; the first request of a batch may exceed it alone. A zone that changes beside a crowd waits for the batch
    /// under way and for its own, so four times as many make it wait three times as long, for a twentieth more entries a second.
    /// </summary>
    public const int MaxBatchEntries = 256;

    /// <summary>Most requests that may wait for the store.</summary>
    public const int MaxWaiting = 100_000;

    /// <summary>Most entries kept from failed batches.</summary>
    public const int MaxKept = 4096;

    /// <summary>How long at most history and progress wait for company, whose fate nobody waits for.</summary>
    public static readonly TimeSpan Linger = TimeSpan.FromMilliseconds(20);

    private static readonly TimeSpan KeptPause = TimeSpan.FromSeconds(10);
    private static readonly object LingerTimer = new();
    private static readonly object CompanyTimer = new();
    private static readonly object KeptTimer = new();
    private static readonly Reason TooMuch = new(ReasonCode.Overload, "too many changes wait for the journal");
    private static readonly object PurgeTimer = new();

    private readonly IJournal _journal;
    private readonly int _shardCount;
    private readonly JournalLine _waiting = new();
    private readonly JournalCrowd _crowd = new();
    private readonly List<Asked> _underWay = [];
    private readonly Queue<(ShardEpoch Claim, JournalEntry Entry)> _kept = new();
    private long _batch;
    private bool _busy;
    private bool _isBroken;
    private Reason? _failure;
    private Reason? _closed;

    private JournalActor(IJournal journal, int shardCount)
    {
        _journal = journal;
        _shardCount = shardCount;
    }

    /// <summary>The recipe.</summary>
    /// <param name="shardCount">Number of shards, which says to which of them a name belongs.</param>
    public static Props Props(IJournal journal, int shardCount) =>
        Kernel.Props.Create(static a => new JournalActor(a.journal, a.shardCount), (journal, shardCount));

    /// <inheritdoc/>
    protected internal override void PreStart() =>
        Timers.StartPeriodicTimer(PurgeTimer, PurgeTimer, TimeSpan.FromMinutes(1), TimeSpan.FromHours(1));

    /// <summary>What lingers at the end goes to the store all the same, which works off what it was given before it closes.</summary>
    protected internal override void PostStop()
    {
        if (!_busy && !_isBroken && _closed is null) CommitNow();
    }

    /// <inheritdoc/>
    protected internal override void PreRestart(Exception reason, object? message)
    {
        _isBroken = true;
        base.PreRestart(reason, message);
    }

    /// <inheritdoc/>
    protected internal override void PostRestart(Exception reason)
    {
        CodeProbe.Reached("journal.writer-broke");
        base.PostRestart(reason);
        Context.System.EventStream.Publish(new JournalRestarted());
    }

    /// <inheritdoc/>
    protected internal override void OnReceive(object message)
    {
        switch (message)
        {
            case Append append:
                Accept(append);
                break;
            case TakeShard or AskZoneRow or AskOwned or AskKept or PassJournal:
                _waiting.Join(message, Sender);
                if (!_busy) CommitNext();
                break;
            case JournalCommitted done when done.Id == _batch:
                _failure = null;
                Finish(id => new AppendDone(id, done.DiskWait));
                break;
            case JournalInDoubt doubt when doubt.Id == _batch && _busy:
                Doubt(doubt.Reason);
                break;
            case JournalFailed { Fenced.IsDefaultOrEmpty: false } failed when failed.Id == _batch && Claims(failed.Fenced):
                FencedAlone(failed.Fenced, failed.Reason);
                break;
            case JournalFailed { Reason.Code: ReasonCode.JournalFenced, Fenced.IsDefaultOrEmpty: true } failed when failed.Id == _batch:
                Fenced(failed.Reason);
                break;
            case JournalFailed { Culprit: { } zone } failed when failed.Id == _batch && _underWay.Exists(u => Writes(u.Request, zone)):
                FailAlone(zone, failed.Reason);
                break;
            case JournalFailed failed when failed.Id == _batch:
                _failure = failed.Reason;
                foreach (Asked asked in _underWay) Keep(asked);
                Finish(id => new AppendFailed(id, failed.Reason));
                break;
            case AskWanted ask:
                _journal.ReadWanted(ask.After, ask.Limit, new ReplyTo(Sender, 0));
                break;
            case AskKeptZones ask:
                _journal.ListKept(ask.After, ask.Limit, new ReplyTo(Sender, 0));
                break;
            case CountGivenUp:
                _journal.CountGivenUp(new ReplyTo(Sender, 0));
                break;
            case AskHistory ask:
                // The store answers the asker itself; reading does not wait behind writes that are under way.
                if (!_busy) CommitNow();
                _journal.ReadHistory(ask.Zone, ask.Limit, new ReplyTo(Sender, 0));
                break;
            case AskFence ask:
                _journal.CheckFence(ask.Request, ask.Shard, ask.Epoch, new ReplyTo(Sender, 0));
                break;
            case GetJournalHealth:
                Sender.Tell(new JournalHealth(_failure is null, _failure), Self);
                break;
            case object timer when timer == LingerTimer:
                if (!_busy) CommitNow();
                break;
            case object timer when timer == CompanyTimer:
                if (_busy) break;
                _crowd.PauseOver();
                CommitNow();
                break;
            case object timer when timer == KeptTimer:
                if (!_busy && _kept.Count > 0) Commit();
                else if (!_busy && _failure is not null && _closed is null) _journal.ReadHistory(null, 1, Context.ReplyTo());
                break;
            case HistoryRead { Failure: var failure } when !_busy && _closed is null:
                // Nothing waits to be written once more, so a look says whether the store is back.
                _failure = failure;
                if (failure is not null) TryAgainSoon();
                break;
            case object timer when timer == PurgeTimer:
                _journal.PurgeExpired(Clock.UtcNow);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void Accept(Append append)
    {
        if (append.Entries.IsEmpty)
        {
            Sender.Tell(new AppendDone(append.Id), Self);
            return;
        }

        if (_closed is not null || _waiting.Count >= MaxWaiting)
        {
            if (append.Id != 0) Sender.Tell(new AppendFailed(append.Id, _closed ?? TooMuch), Self);
            return;
        }

        _waiting.Join(append, Sender);
        if (append.Id != 0) _crowd.Came(Sender, Clock.Monotonic);
        if (!_busy) CommitNext();
    }

    /// <summary>Until the store is back nothing can be promised; those of the batch learn later what became of it.</summary>
    private void Doubt(Reason reason)
    {
        _failure = _closed = reason;
        foreach (Asked asked in _underWay) Answer(asked, id => new AppendDelayed(id, reason));

        RefuseWaiting(reason);
    }

    private void Fenced(Reason reason)
    {
        RefuseWaiting(reason);
        Finish(id => new AppendFailed(id, reason));
        _failure = _closed = reason;
        Context.System.EventStream.Publish(new OwnershipEnded(reason.Text));
    }

    private void RefuseWaiting(Reason reason)
    {
        while (_waiting.TryTake(out (object Request, IActorRef Sender) waiting))
        {
            object? refusal = waiting.Request switch
            {
                Append { Id: not 0 } append => new AppendFailed(append.Id, reason),
                TakeShard shard => new ShardLoadFailed(shard.Shard, reason),
                AskZoneRow zone => new ZoneReadFailed(zone.Zone, reason),
                AskOwned owned => new OwnedReadFailed(owned.Catalog, reason),
                AskKept => new KeptReadFailed(reason),
                PassJournal => new JournalPassed(),
                _ => null,
            };
            if (refusal is not null) waiting.Sender.Tell(refusal, Self);
        }
    }

    private void Finish(Func<long, object> answer)
    {
        _closed = null;
        foreach (Asked asked in _underWay) Answer(asked, answer);
        _underWay.Clear();
        _busy = false;
        CommitNext();
    }

    private void FailAlone(DomainName zone, Reason reason)
    {
        foreach (Asked asked in _underWay.Where(u => Writes(u.Request, zone)))
        {
            Keep(asked);
            Answer(asked, id => new AppendFailed(id, reason));
        }

        _underWay.RemoveAll(u => Writes(u.Request, zone));
        GoOnWithoutThem();
    }

    /// <summary>The shards are another owner's: nothing can be written under these epochs any more, and nothing kept either.</summary>
    private void FencedAlone(ImmutableArray<ShardEpoch> claims, Reason reason)
    {
        CodeProbe.Reached("journal.fenced-alone");
        foreach (Asked asked in _underWay.Where(u => claims.Contains(u.Claim))) Answer(asked, id => new AppendFailed(id, reason));
        _underWay.RemoveAll(u => claims.Contains(u.Claim));
        for (int left = _kept.Count; left > 0; left--)
        {
            (ShardEpoch Claim, JournalEntry Entry) kept = _kept.Dequeue();
            if (!claims.Contains(kept.Claim)) _kept.Enqueue(kept);
        }

        foreach (ShardEpoch claim in claims) Context.System.EventStream.Publish(new ShardFenced(claim.Shard, claim.Epoch));
        GoOnWithoutThem();
    }

    private void GoOnWithoutThem()
    {
        _closed = null;
        _busy = false;
        if (_underWay.Count > 0) Commit();
        else CommitNext();
    }

    private void Answer(Asked asked, Func<long, object> answer)
    {
        if (asked.Request.Id != 0) asked.Sender.Tell(answer(asked.Request.Id), Self);
    }

    /// <summary>The wish failed and was answered so; what it tells of is true all the same, and belongs in the history.</summary>
    private void Keep(Asked asked)
    {
        foreach (JournalEntry entry in asked.Request.Entries.Where(e => asked.Request.Id == 0 || e is ZoneEvent))
            _kept.Enqueue((asked.Claim, entry));
        while (_kept.Count > MaxKept) _kept.Dequeue();
        TryAgainSoon();
    }

    private void TryAgainSoon()
    {
        if (!Timers.IsTimerActive(KeptTimer)) Timers.StartSingleTimer(KeptTimer, KeptTimer, KeptPause);
    }

    private static bool Writes(Append request, DomainName zone) => request.Entries.Any(e => e is PutZone && e.Zone.Equals(zone));

    private bool Claims(ImmutableArray<ShardEpoch> claims) => _underWay.Exists(u => claims.Contains(u.Claim));

    private ShardEpoch ClaimOf(Append request) =>
        new(ShardRegionActor.ShardOf(request.Entries[0].Zone.StableHash, _shardCount), request.Epoch);

    private void CommitNext()
    {
        if (_waiting.Count == 0) return;
        if (_waiting.Count >= MaxBatchEntries || _waiting.HasReads) CommitNow();
        else if (!_waiting.IsAwaited) StartTimer(LingerTimer, Linger);
        else if (_crowd.IsEnough(_waiting.Count, Clock.Monotonic)) CommitNow();
        else StartTimer(CompanyTimer, _crowd.PauseEnds - Clock.Monotonic);
    }

    private void StartTimer(object timer, TimeSpan delay)
    {
        if (!Timers.IsTimerActive(timer)) Timers.StartSingleTimer(timer, timer, delay);
    }

    private void CommitNow()
    {
        while (_waiting.TryTakeRead(out (object Request, IActorRef Sender) read))
        {
            Read(read.Request, read.Sender);
            Buggify.Break("journal.batch");
        }

        _waiting.TakeBatch(MaxBatchEntries, (append, sender) =>
        {
            _underWay.Add(new Asked(append, sender, ClaimOf(append)));
            Buggify.Break("journal.batch");
        });
        if (_underWay.Count > 0) Commit();
    }

    /// <summary>The store answers the asker itself; it has written everything that was asked before.</summary>
    private void Read(object request, IActorRef asker)
    {
        if (request is TakeShard shard) _journal.TakeShard(shard.Shard, shard.ShardCount, shard.Epoch, new ReplyTo(asker, 0));
        else if (request is AskZoneRow zone) _journal.ReadZone(zone.Zone, new ReplyTo(asker, 0));
        else if (request is AskOwned owned) _journal.ReadOwned(owned.Catalog, new ReplyTo(asker, 0));
        else if (request is AskKept kept) _journal.ReadKept(kept.Zone, new ReplyTo(asker, 0));
        else if (request is PassJournal pass) Pass(pass, asker);
    }

    private void Pass(PassJournal pass, IActorRef asker)
    {
        if (pass.GivesUp is { } claim) _journal.ReleaseShard(claim.Shard, claim.Epoch);
        asker.Tell(new JournalPassed(), Self);
    }

    private void Commit()
    {
        // What is kept from before is older than all that goes with it now.
        if (_kept.Count > 0)
        {
            CodeProbe.Reached("journal.wrote-what-was-kept");
            _underWay.InsertRange(0, _kept.GroupBy(k => k.Claim, k => k.Entry).Select(
                k => new Asked(new Append(0, k.Key.Epoch, [.. k]), Self, k.Key)));
            _kept.Clear();
        }

        _busy = true;
        _crowd.BatchBegins(Clock.Monotonic);
        Timers.Cancel(CompanyTimer);
        _journal.Commit(
            new JournalBatch(++_batch, [.. _underWay.SelectMany(u => u.Request.Entries)], [.. _underWay.Select(u => u.Claim).Distinct()]),
            Context.ReplyTo());
    }

    private readonly record struct Asked(Append Request, IActorRef Sender, ShardEpoch Claim);
}
