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
/// refused at once, which the requester answers with overload. Requests keep their order, reads behind writes among them. A zone whose
/// content cannot be kept fails alone: the others of its batch are written without it.
/// <para>A batch in doubt is held until the store says what became of it; whatever waits behind it or comes meanwhile is refused at
/// once. A fence is the end: everything is refused, and the shards of this node are told that their ownership is over.</para>
/// <para>History and progress, for whose fate nobody waits, outlive a failed batch: the newest <see cref="MaxKept"/> of them go along
/// with a later one.</para>
/// </remarks>
public sealed class JournalActor : UntypedActor
{
    /// <summary>Most entries of one batch; the first request of a batch may exceed it alone.</summary>
    public const int MaxBatchEntries = 1024;

    /// <summary>Most requests that may wait for the store.</summary>
    public const int MaxWaiting = 100_000;

    /// <summary>Most entries kept from failed batches.</summary>
    public const int MaxKept = 4096;

    private static readonly TimeSpan KeptPause = TimeSpan.FromSeconds(10);
    private static readonly object KeptTimer = new();
    private static readonly Reason TooMuch = new(ReasonCode.Overload, "too many changes wait for the journal");
    private static readonly object PurgeTimer = new();

    private readonly IJournal _journal;
    private readonly Queue<(object Request, IActorRef Sender)> _waiting = new();
    private readonly List<(Append Request, IActorRef Sender)> _underWay = [];
    private readonly Queue<JournalEntry> _kept = new();
    private long _batch;
    private bool _busy;
    private Reason? _failure;
    private Reason? _closed;

    private JournalActor(IJournal journal)
    {
        _journal = journal;
    }

    /// <summary>The recipe.</summary>
    public static Props Props(IJournal journal) => Kernel.Props.Create(static port => new JournalActor(port), journal);

    /// <inheritdoc/>
    protected internal override void PreStart() =>
        Timers.StartPeriodicTimer(PurgeTimer, PurgeTimer, TimeSpan.FromMinutes(1), TimeSpan.FromHours(1));

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
            case AskShard or AskZoneRow:
                _waiting.Enqueue((message, Sender));
                if (!_busy) CommitNext();
                break;
            case JournalCommitted done when done.Id == _batch:
                _failure = null;
                Finish(id => new AppendDone(id, done.DiskWait));
                break;
            case JournalInDoubt doubt when doubt.Id == _batch && _busy:
                Doubt(doubt.Reason);
                break;
            case JournalFailed { Reason.Code: ReasonCode.JournalFenced } failed when failed.Id == _batch:
                Fenced(failed.Reason);
                break;
            case JournalFailed { Culprit: { } zone } failed when failed.Id == _batch && _underWay.Exists(u => Writes(u.Request, zone)):
                FailAlone(zone, failed.Reason);
                break;
            case JournalFailed failed when failed.Id == _batch:
                _failure = failed.Reason;
                foreach ((Append request, _) in _underWay) Keep(request);
                Finish(id => new AppendFailed(id, failed.Reason));
                break;
            case AskHistory ask:
                // The store answers the asker itself; reading does not wait behind writes.
                _journal.ReadHistory(ask.Zone, ask.Limit, new ReplyTo(Sender, 0));
                break;
            case GetJournalHealth:
                Sender.Tell(new JournalHealth(_failure is null, _failure), Self);
                break;
            case object timer when timer == KeptTimer:
                if (!_busy && _kept.Count > 0) Commit();
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
        if (_closed is not null || _waiting.Count >= MaxWaiting)
        {
            if (append.Id != 0) Sender.Tell(new AppendFailed(append.Id, _closed ?? TooMuch), Self);
            return;
        }

        _waiting.Enqueue((append, Sender));
        if (!_busy) CommitNext();
    }

    /// <summary>Until the store is back nothing can be promised; those of the batch learn later what became of it.</summary>
    private void Doubt(Reason reason)
    {
        _failure = _closed = reason;
        foreach ((Append request, IActorRef sender) in _underWay)
        {
            if (request.Id != 0) sender.Tell(new AppendDelayed(request.Id, reason), Self);
        }

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
        while (_waiting.TryDequeue(out (object Request, IActorRef Sender) waiting))
        {
            object? refusal = waiting.Request switch
            {
                Append { Id: not 0 } append => new AppendFailed(append.Id, reason),
                AskShard shard => new ShardLoadFailed(shard.Shard, reason),
                AskZoneRow zone => new ZoneReadFailed(zone.Zone, reason),
                _ => null,
            };
            if (refusal is not null) waiting.Sender.Tell(refusal, Self);
        }
    }

    private void Finish(Func<long, object> answer)
    {
        _closed = null;
        foreach ((Append request, IActorRef sender) in _underWay)
        {
            if (request.Id != 0) sender.Tell(answer(request.Id), Self);
        }

        _underWay.Clear();
        _busy = false;
        CommitNext();
    }

    private void FailAlone(DomainName zone, Reason reason)
    {
        foreach ((Append request, IActorRef sender) in _underWay.Where(u => Writes(u.Request, zone)))
        {
            Keep(request);
            if (request.Id != 0) sender.Tell(new AppendFailed(request.Id, reason), Self);
        }

        _underWay.RemoveAll(u => Writes(u.Request, zone));
        _closed = null;
        _busy = false;
        if (_underWay.Count > 0) Commit();
        else CommitNext();
    }

    /// <summary>The wish failed and was answered so; what it tells of is true all the same, and belongs in the history.</summary>
    private void Keep(Append request)
    {
        foreach (JournalEntry entry in request.Entries.Where(e => request.Id == 0 || e is ZoneEvent)) _kept.Enqueue(entry);
        while (_kept.Count > MaxKept) _kept.Dequeue();
        if (_kept.Count > 0 && !Timers.IsTimerActive(KeptTimer)) Timers.StartSingleTimer(KeptTimer, KeptTimer, KeptPause);
    }

    private static bool Writes(Append request, DomainName zone) => request.Entries.Any(e => e is PutZone && e.Zone.Equals(zone));

    private void CommitNext()
    {
        int entries = 0;
        while (_waiting.TryPeek(out (object Request, IActorRef Sender) next))
        {
            if (next.Request is Append append)
            {
                if (entries > 0 && entries + append.Entries.Length > MaxBatchEntries) break;
                _underWay.Add((append, next.Sender));
                entries += append.Entries.Length;
            }
            else if (entries > 0)
            {
                break;
            }
            else
            {
                Read(next.Request, next.Sender);
            }

            _waiting.Dequeue();
            Buggify.Break("journal.batch");
        }

        if (entries > 0) Commit();
    }

    /// <summary>The store answers the asker itself; it has written everything that was asked before.</summary>
    private void Read(object request, IActorRef asker)
    {
        if (request is AskShard shard) _journal.LoadShard(shard.Shard, shard.ShardCount, new ReplyTo(asker, 0));
        else if (request is AskZoneRow zone) _journal.ReadZone(zone.Zone, new ReplyTo(asker, 0));
    }

    private void Commit()
    {
        // What is kept from before is older than all that goes with it now.
        if (_kept.Count > 0)
        {
            CodeProbe.Reached("journal.wrote-what-was-kept");
            _underWay.Insert(0, (new Append(0, [.. _kept]), Self));
            _kept.Clear();
        }

        _busy = true;
        _journal.Commit(new JournalBatch(++_batch, [.. _underWay.SelectMany(u => u.Request.Entries)]), Context.ReplyTo());
    }
}
