using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Host.Journal;

/// <summary>
/// The rows of a history that lead from a client's serial to a content. Rows are joined by the hashes of the contents between them, so that
/// one that was left over from before a break of the chain never passes for a part of it.
/// </summary>
public sealed class DifferenceChain
{
    private readonly IDifferenceHistory _history;
    private readonly DomainName _zone;
    private readonly List<DifferenceRow> _rows = [];
    private readonly uint _fromSerial;

    private DifferenceChain(IDifferenceHistory history, DomainName zone, uint fromSerial)
    {
        _history = history;
        _zone = zone;
        _fromSerial = fromSerial;
    }

    /// <summary>The differences from one content to another as one; null when the history does not join them.</summary>
    /// <exception cref="IOException">The journal cannot be read.</exception>
    public static DifferenceSequence? Between(IDifferenceHistory history, ZoneContent content, ContentHash from)
    {
        Dictionary<ContentHash, DifferenceRow> byTarget = [];
        foreach (DifferenceRow row in history.Find(content.Apex).Where(IsStep)) byTarget.TryAdd(row.To, row);
        var rows = new List<DifferenceRow>();
        long bytes = 0;
        for (ContentHash reached = content.Hash; reached != from;)
        {
            if (!byTarget.Remove(reached, out DifferenceRow row) || (bytes += row.Bytes) > content.ByteCount) return null;
            rows.Insert(0, row);
            reached = row.From;
        }

        if (rows.Count == 0) return null;
        var chain = new DifferenceChain(history, content.Apex, rows[0].FromSerial);
        chain._rows.AddRange(rows);
        return chain.Joined();
    }

    /// <summary>
    /// Finds the chain; null when the history does not know the serial, when two contents had it, or when the differences are larger than
    /// the zone itself.
    /// </summary>
    /// <exception cref="IOException">The journal cannot be read.</exception>
    public static DifferenceChain? Find(IDifferenceHistory history, ZoneContent content, uint fromSerial)
    {
        var chain = new DifferenceChain(history, content.Apex, fromSerial);
        Dictionary<ContentHash, DifferenceRow> byTarget = [];
        IReadOnlyList<DifferenceRow> all = history.Find(content.Apex);
        foreach (DifferenceRow row in all.Where(IsStep)) byTarget.TryAdd(row.To, row);
        ContentHash reached = content.Hash;
        long bytes = 0;
        while (byTarget.Remove(reached, out DifferenceRow row))
        {
            bytes += row.Bytes;
            if (bytes > content.ByteCount) return null;
            chain._rows.Add(row);
            if (chain.StartsWithin(row))
            {
                if (HadAnother(all, row, fromSerial)) return null;
                chain._rows.Reverse();
                return chain;
            }

            // Further back there are only older serials.
            if (!SerialNumber.IsNewer(row.FromSerial, fromSerial)) return null;
            reached = row.From;
        }

        return null;
    }

    /// <summary>The whole chain in memory; null when its rows do not follow each other.</summary>
    /// <exception cref="IOException">A row has gone since the chain was found, is damaged, or cannot be read.</exception>
    public DifferenceSequence? Joined()
    {
        using var octets = new MemoryStream();
        foreach (ReadOnlyMemory<byte> part in Read()) octets.Write(part.Span);
        return DifferenceSequence.TryLoad(_zone, octets.ToArray(), out DifferenceSequence? joined) ? joined : null;
    }

    /// <summary>The records of the chain, one row in memory at a time.</summary>
    /// <exception cref="IOException">A row has gone since the chain was found, is damaged, or cannot be read.</exception>
    public IEnumerable<ReadOnlyMemory<byte>> Read()
    {
        for (int i = 0; i < _rows.Count; i++)
        {
            DifferenceSequence sequence = _history.Read(_zone, _rows[i])
                ?? throw new IOException($"The difference of {_zone} from serial {_rows[i].FromSerial} is no longer kept.");
            ReadOnlyMemory<byte> octets = sequence.Octets;
            if (i > 0 || sequence.TryFrom(_fromSerial, out octets)) yield return octets;
        }
    }

    private static bool IsStep(DifferenceRow row) => row.FromSerial != row.ToSerial;

    /// <summary>Whether the serial at which the row starts was that of another content too: the client may have that one.</summary>
    private static bool HadAnother(IReadOnlyList<DifferenceRow> all, DifferenceRow start, uint serial) => start.FromSerial == serial
        && all.Any(r => (r.FromSerial == serial && r.From != start.From) || (r.ToSerial == serial && r.To != start.From));

    /// <summary>Whether a step of the row starts at the client's serial: its first, or one that came in the same transfer.</summary>
    private bool StartsWithin(DifferenceRow row) => row.FromSerial == _fromSerial
        || (SerialNumber.IsNewer(_fromSerial, row.FromSerial) && SerialNumber.IsNewer(row.ToSerial, _fromSerial)
            && _history.Read(_zone, row) is { } sequence && sequence.TryFrom(_fromSerial, out _));
}
