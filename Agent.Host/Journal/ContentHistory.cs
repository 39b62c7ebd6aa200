using Agent.Actors.Backends;
using Agent.Dns.Zones;

namespace Agent.Host.Journal;

/// <summary>The journal's history for drivers that give their server differences. On PostgreSQL every node reads the same one.</summary>
internal sealed class ContentHistory(IDifferenceHistory history) : IContentHistory
{
    public DifferenceSequence? Find(ZoneContent content, ContentHash from) => DifferenceChain.Between(history, content, from);

    public DifferenceSequence? Find(ZoneContent content, uint fromSerial) => DifferenceChain.Find(history, content, fromSerial)?.Joined();
}
