using Agent.Actors.Cluster;
using Agent.Actors.Journal;
using Agent.Actors.Kernel;
using Agent.Actors.Reasons;

namespace Agent.Host.Web;

/// <summary>
/// Whether the node can do all of its work: the journal answers and took the last write, etcd is heard, every shard has an owner that can
/// be reached and whose zones are read. Where nobody writes, only a question tells that the journal is away, so one is asked each time.
/// </summary>
internal sealed class Readiness(ManagementParts parts)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <summary>The answer to <c>/readyz</c>.</summary>
    public async Task<IResult> AnswerAsync() => await WhyNotAsync() is { } why
        ? Results.Text($"not ready: {why}\n", statusCode: StatusCodes.Status503ServiceUnavailable)
        : Results.Text("ok\n");

    private async Task<string?> WhyNotAsync()
    {
        JournalHealth journal = await parts.Journal.Ask<JournalHealth>(new GetJournalHealth(), Patience);
        if ((journal.Reason ?? await WhyUnreadableAsync()) is { } reason) return reason.ToString();
        if (parts.Cluster is { } cluster)
        {
            ClusterState state = await cluster.View.Ask<ClusterState>(new GetClusterState(), Patience);
            if (!state.IsCurrent) return $"the cluster is seen as it was: {state.Why}";
        }

        RegionState region = await parts.Region.Ask<RegionState>(new GetRegionState(), Patience);
        return region.Reachable < region.Total ? $"{region.Reachable} of {region.Total} shards have an owner that can be reached"
            : region.Unread > 0 ? $"the zones of {region.Unread} shards are not read from the journal yet"
            : null;
    }

    private async Task<Reason?> WhyUnreadableAsync()
    {
        try
        {
            return (await parts.Journal.Ask<HistoryRead>(new AskHistory(null, 1), Patience)).Failure;
        }
        catch (AskTimeoutException)
        {
            return new Reason(ReasonCode.JournalAway, $"the journal has not answered for {Patience.TotalSeconds:0} s");
        }
    }
}
