using System.Collections.Concurrent;
using Agent.Dns.Wire;

namespace Agent.Backends.Shared;

/// <summary>
/// The zones that a server's control channel took away just now. What such a server answers for one of them, REFUSED above all, needs no
/// explanation by the control channel: it would say again what it said when the zone was taken away.
/// </summary>
/// <remarks>Each counts for one look, and not for long. Safe for any number of callers.</remarks>
internal sealed class RecentRemovals(TimeProvider time)
{
    private static readonly TimeSpan TimeToGo = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<DomainName, long> _removedAt = new();

    /// <summary>The server said that it took the zone away, or that it has none of that name.</summary>
    public void Note(DomainName zone) => _removedAt[zone] = time.GetTimestamp();

    /// <summary>The zone is about to come.</summary>
    public void Forget(DomainName zone) => _removedAt.TryRemove(zone, out long _);

    /// <summary>Whether the zone was taken away just now; the next look asks anew.</summary>
    public bool Take(DomainName zone) => _removedAt.TryRemove(zone, out long at) && time.GetElapsedTime(at) < TimeToGo;
}
