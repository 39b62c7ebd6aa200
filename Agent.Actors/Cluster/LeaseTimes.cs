namespace Agent.Actors.Cluster;

/// <summary>The times of a lease, all derived from how long a silent node may keep its shards.</summary>
public sealed record LeaseTimes
{
    /// <summary>Derives the times.</summary>
    /// <param name="timeToLive">How long the store waits for a sign of life.</param>
    /// <exception cref="ArgumentOutOfRangeException">Below two seconds, where delays of the network would end leases.</exception>
    public LeaseTimes(TimeSpan timeToLive)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(timeToLive, TimeSpan.FromSeconds(2));
        TimeToLive = timeToLive;
        Beat = timeToLive / 5;
        RequestDeadline = Shorter(TimeSpan.FromSeconds(2.5), timeToLive / 6);
        Guard = timeToLive * (4.0 / 15);
        // Two tries may fail before the guard begins; with the shares above that holds for every length.
        ArgumentOutOfRangeException.ThrowIfLessThan(timeToLive, Beat + (2 * RequestDeadline) + Guard);
    }

    /// <summary>How long the store waits for a sign of life.</summary>
    public TimeSpan TimeToLive { get; }

    /// <summary>From one sign of life to the next.</summary>
    public TimeSpan Beat { get; }

    /// <summary>Deadline of a request to the store.</summary>
    public TimeSpan RequestDeadline { get; }

    /// <summary>The gate closes this long before the lease may end.</summary>
    public TimeSpan Guard { get; }

    private static TimeSpan Shorter(TimeSpan a, TimeSpan b) => a < b ? a : b;
}
