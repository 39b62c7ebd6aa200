using Agent.Actors.Cluster;
using Agent.Actors.Kernel;

namespace Agent.Host.Composition;

/// <content>What a service manager wants to know.</content>
internal sealed partial class AgentService
{
    private static readonly TimeSpan CloseWithin = TimeSpan.FromSeconds(30);

    /// <summary>What stopping may take: the shards go to the other nodes, then what is under way ends.</summary>
    public TimeSpan StopsWithin => (_options.Cluster.IsEnabled ? _options.Cluster.DrainTimeout : TimeSpan.Zero)
        + (_options.Anycast is { IsEnabled: true } anycast ? anycast.Policy.StopWait + anycast.WithdrawDelay : TimeSpan.Zero)
        + CloseWithin;

    /// <summary>Whether the actors get their turn and answer within this time.</summary>
    public async Task<bool> IsMovingAsync(TimeSpan patience)
    {
        try
        {
            await _region.Ask<RegionState>(new GetRegionState(), patience);
            return true;
        }
        catch (Exception e) when (e is AskTimeoutException or AskFailedException)
        {
            return false;
        }
    }
}
