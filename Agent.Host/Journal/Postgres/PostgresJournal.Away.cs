using Agent.Actors.Reasons;

namespace Agent.Host.Journal.Postgres;

/// <content>What is said and given up when the database goes away, and when it is back.</content>
public sealed partial class PostgresJournal
{
    private const int AwayCausesMax = 32;

    private readonly HashSet<string> _awayCauses = new(StringComparer.Ordinal);
    private (string Fsync, string SynchronousCommit, string SynchronousStandbys) _safety;

    private void OnResumed(Resumption resumed)
    {
        _contents.Forget();
        PostgresServerFacts facts = _session.Facts!;
        if (_isAway) LogBack(facts.Host, facts.Timeline);
        _isAway = false;
        _awayCauses.Clear();
        if (facts.System != _line.System) LogOtherSystem(facts.Host);
        else if (facts.Timeline != _line.Timeline) LogPromoted(facts.Host, _line.Timeline, facts.Timeline);
        _line = (facts.System, facts.Timeline);
        SaySafety(facts);
        if (resumed.Lost.Length > 0) LogShardsLost(resumed.Lost.Length, string.Join(", ", resumed.Lost));
        if (!resumed.LostConfirmed) return;
        if (_fence.IsShared)
        {
            LogLostInCluster(facts.Host);
            return;
        }

        // What this process has in memory is promised to others, and is not in the database: only a load at a start makes it the same.
        MayOpenAgain = true;
        throw new JournalFencedException($"{facts.Host} has lost changes that the database had confirmed");
    }

    private Reason Failed(Exception exception)
    {
        JournalMetrics.Errors.Add(1);
        string cause = PostgresErrors.Text(exception);
        if (IsNews(exception, cause)) LogFailed(exception, cause);
        bool keeps = PostgresErrors.IsDefinite(exception) && !PostgresErrors.IsReadOnly(exception);
        if (_session.Store is not null && (!keeps || !_session.Store.IsOpen)) _session.GiveUp(exception);
        _isAway |= _session.Store is null;
        return new Reason(ReasonCode.JournalAway, $"The journal could not be used: {cause}.");
    }

    /// <summary>While the database is away each cause is told once: every request fails, and a try each second. That a batch is in doubt
    /// was told with its cause.</summary>
    private bool IsNews(Exception exception, string cause) =>
        exception is not IOException || (_doubt is null && IsNewCause(cause));

    private bool IsNewCause(string cause) => _awayCauses.Count < AwayCausesMax && _awayCauses.Add(cause);

    /// <summary>What a crash or a failover can lose, at the start and when it has been set otherwise since.</summary>
    private void SaySafety(PostgresServerFacts facts)
    {
        var safety = (facts.Fsync, facts.SynchronousCommit, facts.SynchronousStandbys);
        if (safety == _safety) return;
        _safety = safety;
        if (facts.Fsync != "on" || facts.SynchronousCommit is "off")
            LogNotDurable(facts.SynchronousCommit, facts.Fsync);
        else if (facts.SynchronousStandbys.Length == 0 || facts.SynchronousCommit is "local")
            LogNotReplicated(facts.SynchronousCommit);
    }
}
