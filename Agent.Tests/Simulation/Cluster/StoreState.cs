using System.Collections.Immutable;
using Agent.Actors.Cluster;

namespace Agent.Tests.Simulation.Cluster;

/// <summary>All changes of one revision.</summary>
internal sealed record StoreRevision(long Revision, ImmutableArray<StoreChange> Changes);

/// <summary>The keys of the store with their past, as etcd keeps them: one revision for each transaction that changed something.</summary>
internal sealed class StoreState
{
    /// <summary>etcd begins with revision 1 for the empty store.</summary>
    private const long FirstRevision = 1;

    private readonly SortedDictionary<string, StoreEntry> _entries = new(StringComparer.Ordinal);
    private readonly List<StoreRevision> _history = [];

    public long Revision { get; private set; } = FirstRevision;

    /// <summary>Changes up to here cannot be told any more.</summary>
    public long Compacted { get; private set; }

    public IReadOnlyDictionary<string, StoreEntry> Entries => _entries;

    /// <summary>Told after each revision.</summary>
    public Action<StoreRevision>? Changed { get; set; }

    public ImmutableArray<StoreEntry> Read(string prefix) =>
        [.. _entries.Values.Where(e => e.Key.StartsWith(prefix, StringComparison.Ordinal))];

    /// <summary>What happened in and after a revision, in order.</summary>
    public IEnumerable<StoreRevision> Since(long revision) => _history.Skip((int)Math.Max(0, revision - FirstRevision - 1));

    public void Compact(long revision) => Compacted = Math.Clamp(revision, Compacted, Revision);

    /// <summary>Whether all comparisons hold now.</summary>
    public bool Holds(ImmutableArray<StoreCompare> compares) => compares.All(c =>
    {
        StoreEntry? entry = _entries.GetValueOrDefault(c.Key);
        return (c.Field == StoreField.CreateRevision ? entry?.CreateRevision : entry?.ModRevision).GetValueOrDefault() == c.Revision;
    });

    /// <summary>Writes all of it in one revision; a deletion of what is not there changes nothing.</summary>
    public void Write(IEnumerable<StoreWrite> writes)
    {
        long revision = Revision + 1;
        ImmutableArray<StoreChange>.Builder changes = ImmutableArray.CreateBuilder<StoreChange>();
        foreach (StoreWrite write in writes)
        {
            StoreEntry? before = _entries.GetValueOrDefault(write.Key);
            if (write.Value is { } value)
            {
                StoreEntry entry = new(write.Key, value, before?.CreateRevision ?? revision, revision, write.Lease);
                _entries[write.Key] = entry;
                changes.Add(new StoreChange(write.Key, entry));
            }
            else if (before is not null)
            {
                _entries.Remove(write.Key);
                changes.Add(new StoreChange(write.Key, null));
            }
        }

        if (changes.Count == 0) return;
        Revision = revision;
        StoreRevision done = new(revision, changes.ToImmutable());
        _history.Add(done);
        Changed?.Invoke(done);
    }

    /// <summary>A lease ended: its keys go in one revision, in order of their names.</summary>
    public void DropLease(long lease) => Write([.. _entries.Values.Where(e => e.Lease == lease).Select(e => new StoreWrite(e.Key, null))]);
}
