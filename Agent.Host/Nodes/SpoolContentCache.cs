using Agent.Dns.Zones;
using Agent.Host.Transfers;

namespace Agent.Host.Nodes;

/// <summary>
/// Fetched contents in the spool, as transfers have them: few octets in memory, more in a file that goes with the last reference to the
/// handle. What somebody still refers to is found again by its hash, so that two targets of a node fetch once.
/// </summary>
public sealed class SpoolContentCache(SpoolDirectory spool) : IContentCache
{
    private const int SweepEvery = 256;
    private const int MemoryMaximum = 256 * 1024;

    private readonly Lock _gate = new();
    private readonly Dictionary<ContentHash, WeakReference<ZoneContent>> _contents = [];
    private int _added;

    /// <inheritdoc/>
    public ZoneContent? TryOpen(ContentHash hash)
    {
        lock (_gate)
        {
            ZoneContent? content = null;
            _contents.GetValueOrDefault(hash)?.TryGetTarget(out content);
            return content;
        }
    }

    /// <inheritdoc/>
    public IContentDraft Begin() => new Draft(this, new SpoolStream(spool, MemoryMaximum));

    private void Add(ZoneContent content)
    {
        lock (_gate)
        {
            _contents[content.Hash] = new WeakReference<ZoneContent>(content);
            if (++_added % SweepEvery != 0) return;
            foreach (ContentHash gone in _contents.Where(entry => !entry.Value.TryGetTarget(out _)).Select(entry => entry.Key).ToArray())
                _contents.Remove(gone);
        }
    }

    private sealed class Draft(SpoolContentCache cache, SpoolStream stream) : IContentDraft
    {
        public Stream Destination => stream;

        public ZoneContent Commit(ZoneFacts facts)
        {
            ZoneContent content = stream.Complete(facts);
            cache.Add(content);
            return content;
        }

        public void Dispose() => stream.Dispose();
    }
}
