using Agent.Actors.Backends;
using Agent.Dns.Zones;

namespace Agent.Host.Journal;

/// <summary>
/// What led to contents, for drivers that give their server differences: what came last is in memory, and behind it lies the journal's
/// history where one is kept. On PostgreSQL every node reads the same one.
/// </summary>
internal sealed class ContentHistory(RecentDifferences recent, IDifferenceHistory? kept) : IContentHistory
{
    public DifferenceSequence? Find(ZoneContent content, ContentHash from)
    {
        if (recent.TryFind(content.Apex, from, content.Hash, out DifferenceSequence? differences)
            && differences.Octets.Length <= content.ByteCount)
            return differences;
        return kept is null ? null : DifferenceChain.Between(kept, content, from);
    }

    public DifferenceSequence? Find(ZoneContent content, uint fromSerial) =>
        kept is null ? null : DifferenceChain.Find(kept, content, fromSerial)?.Joined();
}
