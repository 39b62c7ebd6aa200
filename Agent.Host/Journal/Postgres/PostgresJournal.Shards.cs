using System.Collections.Concurrent;
using Agent.Actors.Journal;
using Agent.Actors.Kernel;
using Agent.Actors.Reasons;

namespace Agent.Host.Journal.Postgres;

/// <content>Shards: how they are taken, and the question whether they are still held.</content>
public sealed partial class PostgresJournal
{
    private readonly ConcurrentQueue<FenceQuestion> _questions = new();
    private int _isLookUnderWay;

    /// <inheritdoc/>
    public void TakeShard(int shard, int shardCount, long epoch, ReplyTo replyTo) => Enqueue(new Request(
        () => replyTo.Tell(TakeNow(new ShardEpoch(shard, epoch), shardCount)),
        reason => replyTo.Tell(new ShardLoadFailed(shard, reason))));

    /// <inheritdoc/>
    public void ReleaseShard(int shard, long epoch) =>
        Enqueue(new Request(() => _fence.Release(new ShardEpoch(shard, epoch)), static _ => { }));

    /// <inheritdoc/>
    public void CheckFence(long request, int shard, long epoch, ReplyTo replyTo)
    {
        _questions.Enqueue(new FenceQuestion(request, new ShardEpoch(shard, epoch), replyTo));
        // Whoever asks while a look waits for its turn is answered by that look: it comes after all of their questions.
        if (Interlocked.Exchange(ref _isLookUnderWay, 1) == 0) Enqueue(new Request(Look, RefuseQuestions));
    }

    private object TakeNow(ShardEpoch claim, int shardCount)
    {
        PostgresStore store = Store();
        if (!_fence.IsShared)
        {
            // All were taken at the start.
            if (claim.Epoch != Epoch) return new ShardLoadFailed(claim.Shard, FencedAt(claim));
            if (_session.ShardCount != shardCount)
            {
                store.Reshard(_fence, shardCount);
                _session.ShardCount = shardCount;
            }
        }
        else if (_session.ShardCount != shardCount)
        {
            return new ShardLoadFailed(
                claim.Shard, new Reason(ReasonCode.JournalAway, PostgresShards.OtherCount(_session.ShardCount, shardCount)));
        }
        else if (store.Take(_fence, claim) is { } other)
        {
            LogNotTaken(claim.Shard, claim.Epoch, other);
            return new ShardLoadFailed(
                claim.Shard,
                new Reason(ReasonCode.JournalFenced, $"shard {claim.Shard} has an owner with epoch {other}, ours is {claim.Epoch}"));
        }

        return new ShardLoaded(claim.Shard, store.LoadShard(claim.Shard));
    }

    private void Look()
    {
        FenceQuestion[] questions = TakeQuestions();
        ShardEpoch[] claims = [.. questions.Select(question => question.Claim).Distinct()];
        Dictionary<int, long> standing = [];
        try
        {
            if (claims.Length > 0) standing = Store().Check(_fence, claims);
        }
        catch (Exception exception)
        {
            Reason reason = exception is JournalFencedException fenced ? SetFenced(fenced) : Failed(exception);
            foreach (FenceQuestion question in questions) question.ReplyTo.Tell(new FenceChecked(question.Request, Held: false, reason));
            return;
        }

        foreach ((long request, ShardEpoch claim, ReplyTo replyTo) in questions)
        {
            long epoch = standing.GetValueOrDefault(claim.Shard);
            Reason? reason = epoch > claim.Epoch || _fence.HasDropped(claim) ? FencedAt(claim)
                : epoch == claim.Epoch ? null
                : new Reason(ReasonCode.JournalAway, $"shard {claim.Shard} has not been taken under epoch {claim.Epoch} yet");
            replyTo.Tell(new FenceChecked(request, reason is null, reason));
        }
    }

    private void RefuseQuestions(Reason reason)
    {
        foreach (FenceQuestion question in TakeQuestions()) question.ReplyTo.Tell(new FenceChecked(question.Request, Held: false, reason));
    }

    private FenceQuestion[] TakeQuestions()
    {
        // In this order: a question that comes between the two begins a look of its own, which may find nothing left to do.
        Interlocked.Exchange(ref _isLookUnderWay, 0);
        var taken = new List<FenceQuestion>();
        while (_questions.TryDequeue(out FenceQuestion? question)) taken.Add(question);
        return [.. taken];
    }

    [LoggerMessage(
        EventName = "shard-not-taken",
        Level = LogLevel.Warning,
        Message = "shard {Shard} was not taken under epoch {Epoch}: it has an owner with {Other}")]
    private partial void LogNotTaken(int shard, long epoch, long other);

    private sealed record FenceQuestion(long Request, ShardEpoch Claim, ReplyTo ReplyTo);
}
