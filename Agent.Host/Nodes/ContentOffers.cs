using Agent.Dns.Zones;
using Agent.Host.Journal;

namespace Agent.Host.Nodes;

/// <summary>
/// The contents that messages to other nodes referred to lately, so that those nodes can fetch them. Bounded in number and in octets that
/// lie in memory: the longest unused goes. Who asks for one that is gone gets none, its message is lost, and the sender's next try offers
/// it again.
/// </summary>
internal sealed class ContentOffers(int countMax, long octetsMax)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<ContentHash, LinkedListNode<ZoneContent>> _byHash = [];
    private readonly LinkedList<ZoneContent> _byUse = new();
    private long _octets;

    public void Add(ZoneContent content)
    {
        lock (_gate)
        {
            if (_byHash.TryGetValue(content.Hash, out LinkedListNode<ZoneContent>? there)) Remove(there);
            _byHash[content.Hash] = _byUse.AddLast(content);
            _octets += OctetsInMemory(content);
            while (_byUse.Count > countMax || (_octets > octetsMax && _byUse.Count > 1)) Remove(_byUse.First!);
        }
    }

    public ZoneContent? Find(ContentHash hash)
    {
        lock (_gate)
        {
            if (!_byHash.TryGetValue(hash, out LinkedListNode<ZoneContent>? node)) return null;
            _byUse.Remove(node);
            _byUse.AddLast(node);
            return node.Value;
        }
    }

    private void Remove(LinkedListNode<ZoneContent> node)
    {
        _byUse.Remove(node);
        _byHash.Remove(node.Value.Hash);
        _octets -= OctetsInMemory(node.Value);
    }

    /// <summary>The same at each call for one handle, also when a fresh content has let go of its octets meanwhile.</summary>
    private static long OctetsInMemory(ZoneContent content) => content is MemoryZoneContent or FreshZoneContent ? content.ByteCount : 0;
}
