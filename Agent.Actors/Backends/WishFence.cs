using Agent.Dns.Wire;

namespace Agent.Actors.Backends;

/// <summary>
/// Which wishes one target still takes: none of an owner that another has followed, and none that was told before one that is here
/// already, however late and in whatever order they arrive.
/// </summary>
/// <remarks>
/// Owners are told apart by their epoch. Wishes of one owner that come over the link are told apart by their number and not by the zone's
/// generation, which begins anew when a zone was deleted, forgotten and created again. The memory for numbers is bounded: it covers what
/// may be on its way, not everything that ever was.
/// </remarks>
public sealed class WishFence
{
    /// <summary>Zones whose last number is remembered, unless another bound is given.</summary>
    public const int RecentMaxDefault = 16_384;

    private readonly int _recentMax;
    private readonly Dictionary<int, long> _epochs = [];
    private readonly Dictionary<DomainName, (long Epoch, long Request)> _recent = [];
    private readonly Queue<(DomainName Zone, long Request)> _order = new();

    /// <summary>Makes a fence that knows nothing yet.</summary>
    public WishFence(int recentMax = RecentMaxDefault) => _recentMax = recentMax;

    /// <summary>Zones whose last number is remembered.</summary>
    public int Remembered => _order.Count;

    /// <summary>Whether a wish of this owner is still taken. Epoch 0 is that of an agent that stands alone.</summary>
    public bool Admit(int shard, long epoch)
    {
        if (epoch == 0) return true;
        if (_epochs.TryGetValue(shard, out long highest) && highest >= epoch) return highest == epoch;
        _epochs[shard] = epoch;
        return true;
    }

    /// <summary>Whether a wish that came over the link is still taken. The same once more is: its answer may have been lost.</summary>
    public bool Admit(int shard, long epoch, DomainName zone, long request)
    {
        ArgumentNullException.ThrowIfNull(zone);
        if (!Admit(shard, epoch)) return false;
        if (_recent.TryGetValue(zone, out (long Epoch, long Request) last) && last.Epoch == epoch && last.Request >= request)
            return last.Request == request;
        _recent[zone] = (epoch, request);
        _order.Enqueue((zone, request));
        while (_order.Count > _recentMax)
        {
            (DomainName oldest, long number) = _order.Dequeue();
            if (_recent.TryGetValue(oldest, out last) && last.Request == number) _recent.Remove(oldest);
        }

        return true;
    }

    /// <summary>That owner is known to be there, also when nothing of it was heard yet: none before it is taken any more.</summary>
    public void Expect(int shard, long epoch)
    {
        if (!_epochs.TryGetValue(shard, out long highest) || highest < epoch) _epochs[shard] = epoch;
    }

    /// <summary>The owner of that epoch is known to be over, also when nobody has followed yet.</summary>
    public void Close(int shard, long epoch)
    {
        if (!_epochs.TryGetValue(shard, out long highest) || highest <= epoch) _epochs[shard] = epoch + 1;
    }
}
