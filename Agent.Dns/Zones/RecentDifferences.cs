using System.Diagnostics.CodeAnalysis;
using Agent.Dns.Wire;

namespace Agent.Dns.Zones;

/// <summary>
/// What led to the contents that came last, for those who serve an earlier version and would rather change it than take the whole again.
/// A bounded number of octets, in memory only: who finds nothing here takes the whole. For any number of threads.
/// </summary>
/// <param name="largestTotal">Octets of differences that are kept at most; the oldest go first.</param>
public sealed class RecentDifferences(long largestTotal)
{
    // A server that is so many versions behind was away, and is brought level by the whole.
    private const int MostSteps = 64;

    private readonly Lock _gate = new();
    private readonly Dictionary<ContentHash, ContentOrigin> _byResult = [];
    private readonly Queue<ContentHash> _order = new();
    private long _total;

    /// <summary>Notes how a content came to be. What is noted first stays.</summary>
    public void Note(ContentHash result, ContentOrigin origin)
    {
        ArgumentNullException.ThrowIfNull(origin);
        if (origin.Differences is not { } differences) return;
        long octets = differences.Octets.Length;
        lock (_gate)
        {
            if (octets > largestTotal || !_byResult.TryAdd(result, origin))
                return;
            _order.Enqueue(result);
            _total += octets;
            while (_total > largestTotal && _order.TryDequeue(out ContentHash oldest))
            {
                if (_byResult.Remove(oldest, out ContentOrigin? gone))
                    _total -= gone.Differences!.Octets.Length;
            }
        }
    }

    /// <summary>What leads from one content to another, over others if need be.</summary>
    public bool TryFind(
        DomainName apex, ContentHash from, ContentHash to, [NotNullWhen(true)] out DifferenceSequence? differences)
    {
        differences = null;
        var steps = new List<DifferenceSequence>();
        lock (_gate)
        {
            for (ContentHash at = to; at != from; at = _byResult[at].From)
            {
                if (steps.Count == MostSteps || !_byResult.TryGetValue(at, out ContentOrigin? origin))
                    return false;
                steps.Add(origin.Differences!);
            }
        }
        if (steps.Count == 0)
            return false;
        steps.Reverse();
        if (steps.Count == 1)
            differences = steps[0];
        return differences is not null || DifferenceSequence.TryLoad(apex, Joined(steps), out differences);
    }

    private static byte[] Joined(List<DifferenceSequence> steps)
    {
        byte[] joined = new byte[steps.Sum(step => step.Octets.Length)];
        int at = 0;
        foreach (DifferenceSequence step in steps)
        {
            step.Octets.Span.CopyTo(joined.AsSpan(at));
            at += step.Octets.Length;
        }
        return joined;
    }
}
