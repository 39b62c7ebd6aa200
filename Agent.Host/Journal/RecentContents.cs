namespace Agent.Host.Journal;

/// <summary>
/// The contents that became durable last and are still in memory. A bounded number of octets: the oldest let go of theirs. For the
/// journal's thread only.
/// </summary>
/// <param name="largestTotal">Octets.</param>
/// <param name="place">Where they lie.</param>
internal sealed class RecentContents(long largestTotal, KeptContents place)
{
    private readonly Queue<FreshZoneContent> _contents = new();
    private long _total;

    /// <summary>Notes that a content is durable.</summary>
    public void Add(FreshZoneContent content)
    {
        content.KeptBy(place);
        _contents.Enqueue(content);
        _total += content.ByteCount;
        while (_total > largestTotal && _contents.TryDequeue(out FreshZoneContent? oldest))
        {
            _total -= oldest.ByteCount;
            oldest.Release();
        }
    }
}
