using Agent.Actors.Kernel;

namespace Agent.Backends.Knot;

/// <summary>
/// Brings changes of the configuration into knotd, all in one transaction:
/// <code>
///   begin -> each change in a nested transaction of its own, then commit -> done
///     |                                                          | check failed: abort, then each change alone
///     | one is open: whose?
///     |    the agent's, or it is empty and stays so: left by an agent that was killed -> abort, begin
///     |    somebody else's -> away, until he commits or aborts
/// </code>
/// A change that fails (a zone is there, or not) takes nothing else with it. <c>begin</c> is waited for alone: in a transaction of somebody
/// else our changes, and our commit, must never come.
/// </summary>
internal static class KnotTransaction
{
    private const int DifferenceUnitsMax = 100_000;
    private const int LooksMax = 3;

    private static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(1);

    /// <exception cref="KnotException">The connection broke, or the transaction of somebody else is open.</exception>
    public static async Task RunAsync(
        KnotConnection connection, IReadOnlyList<KnotJob> jobs, TimeProvider time, CancellationToken cancellation)
    {
        await BeginAsync(connection, time, cancellation);
        FaultPoint.Pass("knot.begun");
        KnotRequest request = new();
        foreach (KnotJob job in jobs)
            job.AddTo(request);
        request.Add("conf-commit");
        KnotReply[] replies = new KnotReply[request.Commands];
        await connection.ExchangeAsync(request, (command, reply) => replies[command] = reply, DifferenceUnitsMax, cancellation);
        FaultPoint.Pass("knot.committed");
        KnotReply commit = replies[^1];
        if (commit.Error is not null)
            await CallAsync(connection, "conf-abort", cancellation);
        // A change that knotd did not even take is told so, whatever became of the others.
        KnotJob[] taken = [.. jobs.Where((_, at) => replies[at].Error is null)];
        foreach ((int at, KnotJob job) in jobs.Index())
        {
            if (replies[at].Error is not null)
                job.Answer(replies[at]);
            else if (commit.Error is null || taken.Length == 1)
                job.Answer(commit);
        }

        if (commit.Error is null || taken.Length == 1)
            return;
        foreach (KnotJob job in taken)
            await RunAsync(connection, [job], time, cancellation);
    }

    private static async Task BeginAsync(KnotConnection connection, TimeProvider time, CancellationToken cancellation)
    {
        for (int look = 1; ; look++)
        {
            KnotReply begun = await CallAsync(connection, "conf-begin", cancellation);
            if (begun.Error is null)
                return;
            if (begun.Verdict != KnotVerdict.TransactionOpen)
                throw new KnotException($"knotd does not begin to change its configuration: {begun.Error}");
            KnotReply difference = await CallAsync(connection, "conf-diff", cancellation);
            if (!KnotZoneSettings.IsOfAgent(difference))
            {
                throw new KnotException(
                    "somebody else has a transaction of knotd's configuration open (knotc conf-diff shows it); "
                    + "it must be ended with conf-commit or conf-abort");
            }

            // An operator may just have begun one.
            if (difference.Units.Count == 0 && look < LooksMax)
                await Task.Delay(BetweenLooks, time, cancellation);
            else
                await CallAsync(connection, "conf-abort", cancellation);
        }
    }

    private static async Task<KnotReply> CallAsync(KnotConnection connection, string command, CancellationToken cancellation)
    {
        KnotReply? answer = null;
        await connection.ExchangeAsync(new KnotRequest().Add(command), (_, reply) => answer = reply, DifferenceUnitsMax, cancellation);
        return answer!;
    }
}
