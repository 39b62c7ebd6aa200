using Agent.Actors.Journal;
using Agent.Actors.Kernel;
using Agent.Actors.Reasons;

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
        for (int sending = 1; ; sending++)
        {
            PostgresStore store = Store();
            long number = _fence.NextNumber();
            Exception failure;
            List<PreparedContent> fresh = [];
            try
            {
                fresh = _contents.Prepare(entries, store);
                long sent = _clock.GetTimestamp();
                List<(Dns.Zones.ContentHash Hash, bool IsFile)> dropped = store.Write(entries, _fence, number, _session.ShardCount, fresh);
                TimeSpan databaseWait = _clock.GetElapsedTime(sent);
                _fence.Committed(number);
                _contents.Settle(entries, fresh, dropped);
                return Done(batch, started, databaseWait);
            }
            catch (ContentNotKeptException exception)
            {
                JournalMetrics.Errors.Add(1);
                LogFailed(exception, exception.Message);
                return new JournalFailed(batch.Id, new Reason(ReasonCode.JournalAway, exception.Message), exception.Zone);
            }
            catch (Exception exception) when (PostgresErrors.IsDefinite(exception))
            {
                if (store.IsOpen) _contents.RemoveFiles(fresh, store);
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

    /// <summary>Asks at once, over a new session; null when the database is away.</summary>
    private BatchOutcome? TryResolve(JournalBatch batch, long number, Exception failure)
    {
        try
        {
            (BatchOutcome outcome, bool lost) = _session.Resume(number);
            OnResumed(lost);
            LogResolved(batch.Id, outcome, PostgresErrors.Text(failure));
            return outcome;
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
        LogInDoubt(batch.Id, batch.Entries.Length, cause);
        return new JournalInDoubt(batch.Id, new Reason(ReasonCode.JournalAway, $"The journal went away: {cause}."));
    }

    private void ResolveDoubt()
    {
        (JournalBatch batch, long number, ReplyTo replyTo) = _doubt!;
        try
        {
            (BatchOutcome outcome, bool lost) = _session.Resume(number);
            _doubt = null;
            OnResumed(lost);
            LogResolved(batch.Id, outcome, "the database was away");
            replyTo.Tell(outcome == BatchOutcome.Committed
                ? new JournalCommitted(batch.Id)
                : new JournalFailed(batch.Id, new Reason(ReasonCode.JournalAway, "The journal went away before it took the change.")));
        }
        catch (JournalFencedException exception)
        {
            _doubt = null;
            replyTo.Tell(new JournalFailed(batch.Id, SetFenced(exception)));
        }
        catch (IOException)
        {
            // Still away; the session says when to try again.
        }
    }

    private JournalCommitted Done(JournalBatch batch, long started, TimeSpan databaseWait)
    {
        JournalMetrics.AppendSeconds.Record(_clock.GetElapsedTime(started).TotalSeconds);
        JournalMetrics.Entries.Add(batch.Entries.Length);
        return new JournalCommitted(batch.Id, databaseWait);
    }

    [LoggerMessage(Level = LogLevel.Error,
        Message = "journal-away: the database went away in batch {Batch} of {Entries} entries, its outcome is open: {Cause}")]
    private partial void LogInDoubt(long batch, int entries, string cause);

    [LoggerMessage(Level = LogLevel.Warning, Message = "the connection broke in batch {Batch} ({Cause}); the database says: {Outcome}")]
    private partial void LogResolved(long batch, BatchOutcome outcome, string cause);
}
