using Agent.Dns.Zones;

namespace Agent.Host.Journal;

/// <summary>
/// The contents that became durable last and are still in memory. A bounded number of octets: the oldest let go of theirs. For the
/// journal's thread only.
/// </summary>
internal sealed class RecentContents(long largestTotal)
{
    private readonly Queue<FreshZoneContent> _contents = new();
    private long _total;

    /// <summary>Notes that a content is durable, and how it is read from where it lies.</summary>
    public void Add(FreshZoneContent content, Func<ZoneFacts, RecordStream> open)
    {
        content.KeptBy(open);
        _contents.Enqueue(content);
        _total += content.ByteCount;
        while (_total > largestTotal && _contents.TryDequeue(out FreshZoneContent? oldest))
        {
            _total -= oldest.ByteCount;
            oldest.Release();
        }
    }
}
