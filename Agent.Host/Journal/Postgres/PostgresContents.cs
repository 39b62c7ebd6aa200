using Agent.Actors.Journal;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Host.Journal.Postgres;

/// <summary>
/// Makes the contents of a batch ready before its transaction, which must not wait for it: compressed for a row, or as a durable file. What
/// this run has written it need not send again. Used by one thread.
/// </summary>
internal sealed class PostgresContents(ContentStore files, PostgresContentReader reader, int largestStored)
{
    private const int KnownMax = 65_536;

    // Two thousand small zones: longer than targets take to read what was written for them.
    private const long RecentOctets = 1 << 20;

    private readonly HashSet<ContentHash> _known = [];
    private readonly RecentContents _recent = new(RecentOctets);

    /// <summary>The contents that the database does not hold yet. A deletion whose content is lost goes on without it.</summary>
    /// <exception cref="ContentNotKeptException">A content cannot be read or stored; the other entries are not concerned.</exception>
    public List<PreparedContent> Prepare(PostgresBatch batch, PostgresStore store)
    {
        ZoneRow[] rows = [.. batch.RowsWithContent.Where(row => !_known.Contains(row.Content!.Hash))];
        // Fresh content of a transfer is in memory and not in the database; of a handle the database is asked.
        ContentHash[] asked = [.. rows.Where(row => !IsInMemory(row.Content!)).Select(row => row.Content!.Hash)];
        Dictionary<ContentHash, bool> held = asked.Length > 0 ? store.FindContents(asked) : [];
        var fresh = new List<PreparedContent>();
        foreach (ZoneRow row in rows)
        {
            ZoneContent content = row.Content!;
            if (held.TryGetValue(content.Hash, out bool isFile) && (!isFile || files.Find(content.Facts) is not null)) continue;
            try
            {
                fresh.Add(Prepare(row.Name, content));
            }
            catch (ContentNotKeptException) when (row.Wish == ZoneWish.Absent)
            {
                // A deletion needs no content: it only could not be undone.
                batch.DropContent(row.Name);
            }
        }

        return fresh;
    }

    /// <summary>After the commit: remembers what is held, and removes the files of what went.</summary>
    public void Settle(PostgresBatch batch, List<PreparedContent> fresh, List<(ContentHash Hash, bool IsFile)> dropped)
    {
        foreach (ZoneRow row in batch.RowsWithContent)
        {
            if (row.Content is FreshZoneContent content) _recent.Add(content, OpenKept);
        }

        if (_known.Count > KnownMax) _known.Clear();
        foreach (PreparedContent content in fresh.Where(c => c.Data is not null)) _known.Add(content.Facts.Hash);
        Drop(dropped);
    }

    public void Drop(List<(ContentHash Hash, bool IsFile)> dropped)
    {
        foreach ((ContentHash hash, bool isFile) in dropped)
        {
            _known.Remove(hash);
            if (isFile) files.TryRemove(hash);
        }
    }

    /// <summary>Nothing is known of the database any more, for the connection was lost.</summary>
    public void Forget() => _known.Clear();

    /// <summary>Files of contents that no row came to refer to: on a full disk they would hold the room that is needed.</summary>
    public void RemoveFiles(List<PreparedContent> fresh, PostgresStore store)
    {
        ContentHash[] written = [.. fresh.Where(c => c.Data is null).Select(c => c.Facts.Hash)];
        if (written.Length == 0) return;
        Dictionary<ContentHash, bool> held = store.FindContents(written);
        foreach (ContentHash hash in written.Where(hash => !held.ContainsKey(hash))) files.TryRemove(hash);
    }

    private static bool IsInMemory(ZoneContent content) => content is MemoryZoneContent or FreshZoneContent { Octets: not null };

    /// <summary>Reads a stored content; for any thread.</summary>
    private RecordStream OpenKept(ZoneFacts facts) => files.Find(facts) is { } file ? file.Open() : new RecordStream(reader.Read(facts));

    private PreparedContent Prepare(DomainName zone, ZoneContent content)
    {
        try
        {
            byte[]? data = ContentCodec.TryCompress(content, largestStored);
            if (data is null) files.Keep(content);
            return new PreparedContent(content.Facts, data);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ContentNotKeptException(zone, exception);
        }
    }
}
