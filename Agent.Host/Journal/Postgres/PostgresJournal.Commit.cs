using System.Collections.Immutable;
using Agent.Actors.Cluster;
using Agent.Actors.Journal;
using Agent.Actors.Kernel;
using Agent.Actors.Reasons;
using Agent.Dns.Wire;

namespace Agent.Host.Journal.Postgres;

/// <content>Batches, and what becomes of them when the connection breaks under them.</content>
public sealed partial class PostgresJournal
{
    /// <summary>A batch is sent again only after the first sending was made void.</summary>
    private const int Sendings = 2;

    private object CommitNow(JournalBatch batch, ReplyTo replyTo)
    {
        long started = _clock.GetTimestamp();
        var entries = new PostgresBatch(batch.Entries);
        bool isWrittenAgain = false;
        for (int sending = 1; ; sending++)
        {
            PostgresStore store = Store();
            if (FindFenced(batch, entries) is { } refusal) return refusal;
            long number = _fence.NextNumber();
            Exception failure;
            List<PreparedContent> fresh = [];
            try
            {
                fresh = _contents.Prepare(entries, store);
                long sent = _clock.GetTimestamp();
                List<(Dns.Zones.ContentHash Hash, bool IsLarge)> dropped = store.Write(entries, _fence, number, batch.Claims, fresh);
                TimeSpan databaseWait = _clock.GetElapsedTime(sent);
                _fence.Committed(number);
                _contents.Settle(entries, fresh, dropped, store);
                return Done(batch, started, databaseWait);
            }
            catch (ContentNotKeptException exception)
            {
                JournalMetrics.Errors.Add(1);
                LogFailed(exception, exception.Message);
                return new JournalFailed(batch.Id, new Reason(ReasonCode.JournalAway, exception.Message), exception.Zone);
            }
            catch (Exception exception) when (!isWrittenAgain && PostgresErrors.IsGone(exception))
            {
                // Another node has dropped a content that is referred to here; it is written once more.
                _contents.Forget();
                isWrittenAgain = true;
                sending--;
                continue;
            }
            catch (Exception exception) when (PostgresErrors.IsDefinite(exception))
            {
                if (store.IsOpen) _contents.Withdraw(fresh, store);
                throw;
            }
            catch (FenceNotHeldException exception)
            {
                failure = exception;
            }
            catch (Exception exception) when (PostgresErrors.IsOutside(exception))
            {
                _session.GiveUp(exception);
                failure = exception;
            }

            if (TryResolve(batch, number, failure) is not { } outcome) return Doubt(batch, number, replyTo, failure);
            if (outcome == BatchOutcome.Committed) return Done(batch, started, default);
            if (sending == Sendings) throw new IOException(PostgresErrors.Text(failure), failure);
        }
    }

    /// <summary>
    /// Claims that are known not to hold, because the shard was taken again or by somebody else: their entries fail alone. What is not
    /// known yet the database finds.
    /// </summary>
    private JournalFailed? FindFenced(JournalBatch batch, PostgresBatch entries)
    {
        HashSet<int> claimed = [.. batch.Claims.Select(claim => claim.Shard)];
        foreach (DomainName zone in entries.Zones)
        {
            if (!claimed.Contains(ShardRegionActor.ShardOf(zone.StableHash, _session.ShardCount)))
                throw new ArgumentException($"The batch writes {zone} and does not claim its shard.", nameof(batch));
        }

        ImmutableArray<ShardEpoch> fenced = [.. batch.Claims.Where(claim => !_fence.Holds(claim))];
        if (fenced.Length == 0) return null;
        foreach (ShardEpoch claim in fenced) LogShardFenced(claim.Shard, claim.Epoch);
        return new JournalFailed(batch.Id, FencedAt(fenced[0]), Culprit: null, fenced);
    }

    private static Reason FencedAt(ShardEpoch claim) =>
        new(ReasonCode.JournalFenced, $"shard {claim.Shard} has another owner since epoch {claim.Epoch}");

    /// <summary>Asks at once, over a new session; null when the database is away.</summary>
    private BatchOutcome? TryResolve(JournalBatch batch, long number, Exception failure)
    {
        try
        {
            Resumption resumed = _session.Resume(number);
            OnResumed(resumed);
            LogResolved(batch.Id, resumed.Outcome, PostgresErrors.Text(failure));
            return resumed.Outcome;
        }
        catch (IOException)
        {
            return null;
        }
    }

    private JournalInDoubt Doubt(JournalBatch batch, long number, ReplyTo replyTo, Exception failure)
    {
        JournalMetrics.Errors.Add(1);
        _isAway = true;
        _doubt = new BatchInDoubt(batch, number, replyTo);
        string cause = PostgresErrors.Text(failure);
        _awayCauses.Add(cause);
        LogInDoubt(batch.Id, batch.Entries.Length, cause);
        return new JournalInDoubt(batch.Id, new Reason(ReasonCode.JournalAway, $"The journal went away: {cause}."));
    }

    private void ResolveDoubt()
    {
        (JournalBatch batch, long number, ReplyTo replyTo) = _doubt!;
        try
        {
            Resumption resumed = _session.Resume(number);
            _doubt = null;
            OnResumed(resumed);
            LogResolved(batch.Id, resumed.Outcome, "the database was away");
            replyTo.Tell(resumed.Outcome == BatchOutcome.Committed
                ? new JournalCommitted(batch.Id)
                : new JournalFailed(batch.Id, new Reason(ReasonCode.JournalAway, "The journal went away before it took the change.")));
        }
        catch (JournalFencedException exception)
        {
            _doubt = null;
            replyTo.Tell(new JournalFailed(batch.Id, SetFenced(exception)));
        }
        catch (IOException exception)
        {
            // Still away; the session says when to try again.
            if (IsNewCause(exception.Message)) LogFailed(exception, exception.Message);
        }
    }

    private JournalCommitted Done(JournalBatch batch, long started, TimeSpan databaseWait)
    {
        JournalMetrics.AppendSeconds.Record(_clock.GetElapsedTime(started).TotalSeconds);
        JournalMetrics.Entries.Add(batch.Entries.Length);
        return new JournalCommitted(batch.Id, databaseWait);
    }

    [LoggerMessage(
        EventName = "journal-batch-in-doubt",
        Level = LogLevel.Error,
        Message = "journal-away: the database went away in batch {Batch} of {Entries} entries, its outcome is open: {Cause}")]
    private partial void LogInDoubt(long batch, int entries, string cause);

    [LoggerMessage(
        EventName = "shard-fenced",
        Level = LogLevel.Warning,
        Message = "journal-fenced: shard {Shard} is not held under epoch {Epoch} any more; nothing is written for it under that epoch")]
    private partial void LogShardFenced(int shard, long epoch);

    [LoggerMessage(
        EventName = "journal-batch-resolved",
        Level = LogLevel.Warning,
        Message = "the connection broke in batch {Batch} ({Cause}); the database says: {Outcome}")]
    private partial void LogResolved(long batch, BatchOutcome outcome, string cause);
}
