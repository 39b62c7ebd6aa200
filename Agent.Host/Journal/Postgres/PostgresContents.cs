using Agent.Actors.Journal;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Host.Journal.Postgres;

/// <summary>
/// Makes the contents of a batch ready before its transaction, which must not wait for it: compressed for a row, or as a body of parts, of
/// which this node has a file as well. What this run has written it need not send again. Used by one thread.
/// </summary>
internal sealed class PostgresContents(ContentStore files, PostgresContentReader reader, int largestStored)
{
    private const int KnownMax = 65_536;

    // Two thousand small zones: longer than targets take to read what was written for them.
    private const long RecentOctets = 1 << 20;

    private readonly HashSet<ContentHash> _known = [];
    private readonly RecentContents _recent = new(RecentOctets, reader.AllContents);

    /// <summary>The contents that the database does not hold yet. A deletion whose content is lost goes on without it.</summary>
    /// <exception cref="ContentNotKeptException">A content cannot be read or stored; the other entries are not concerned.</exception>
    public List<PreparedContent> Prepare(PostgresBatch batch, PostgresStore store)
    {
        ZoneRow[] rows = [.. batch.RowsWithContent.Where(row => !_known.Contains(row.Content!.Hash))];
        (DomainName Zone, ZoneContent Content)[] candidates = [.. batch.Rows
            .Where(row => row.Candidate?.Content is { } content && !_known.Contains(content.Hash))
            .Select(row => (row.Name, row.Candidate!.Content!))];
        // Fresh content of a transfer is in memory and not in the database; of a handle the database is asked.
        ContentHash[] asked = [.. rows.Select(row => row.Content!).Concat(candidates.Select(c => c.Content))
            .Where(content => !IsInMemory(content)).Select(content => content.Hash)];
        Dictionary<ContentHash, bool> held = asked.Length > 0 ? store.FindContents(asked) : [];
        var fresh = new List<PreparedContent>();
        foreach ((DomainName zone, ZoneContent content) in candidates)
        {
            if (!held.GetValueOrDefault(content.Hash)) fresh.Add(Prepare(zone, content, store));
        }

        foreach (ZoneRow row in rows)
        {
            ZoneContent content = row.Content!;
            if (held.GetValueOrDefault(content.Hash)) continue;
            try
            {
                fresh.Add(Prepare(row.Name, content, store));
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
    public void Settle(
        PostgresBatch batch, List<PreparedContent> fresh, List<(ContentHash Hash, bool IsLarge)> dropped, PostgresStore store)
    {
        foreach (ZoneRow row in batch.RowsWithContent)
        {
            row.Content!.Origin = null;
            if (row.Content is FreshZoneContent content) _recent.Add(content);
        }

        foreach (ZoneRow row in batch.Rows)
        {
            if (row.Candidate?.Content is FreshZoneContent content) _recent.Add(content);
        }

        if (_known.Count > KnownMax) _known.Clear();
        foreach (PreparedContent content in fresh) _known.Add(content.Facts.Hash);
        Drop(dropped, store);
    }

    /// <summary>Removes what rows do not refer to any more. What resists goes by age.</summary>
    public void Drop(List<(ContentHash Hash, bool IsLarge)> dropped, PostgresStore store)
    {
        foreach ((ContentHash hash, bool isLarge) in dropped)
        {
            _known.Remove(hash);
            if (isLarge) files.TryRemove(hash);
        }

        ContentHash[] large = [.. dropped.Where(content => content.IsLarge).Select(content => content.Hash)];
        if (large.Length == 0) return;
        try
        {
            PostgresBodies.Drop(store.Connection, large);
        }
        catch (Exception exception) when (PostgresErrors.IsOutside(exception))
        {
            // The batch is durable, whatever becomes of this; a session that broke is found out by the next request.
        }
    }

    /// <summary>Clears away what lies here or there without a reference. On a shared journal other nodes drop contents too.</summary>
    /// <returns>Bodies and files removed.</returns>
    public (int Bodies, int Files) Sweep(PostgresStore store, bool isStart)
    {
        int bodies = PostgresBodies.DropOrphans(store.Connection);
        HashSet<ContentHash> referenced = store.ReadFileContents();
        return (bodies, files.RemoveUnreferenced(referenced.Contains, isStart));
    }

    /// <summary>Brings into the database what older programs have left in files of this node only.</summary>
    /// <returns>The number of contents.</returns>
    public int BringIn(PostgresStore store)
    {
        int brought = 0;
        foreach (ZoneFacts facts in store.ReadLegacyContents())
        {
            if (files.FindWhole(facts) is null) continue;
            using FileStream file = files.Read(facts.Hash);
            PostgresBodies.Write(
                store.Connection, facts, octets => file.ReadAtLeast(octets.Span, octets.Length, throwOnEndOfStream: false));
            store.NoteBody(facts.Hash);
            brought++;
        }

        return brought;
    }

    /// <summary>Nothing is known of the database any more, for the connection was lost.</summary>
    public void Forget() => _known.Clear();

    /// <summary>Contents that no row came to refer to: on a full disk they would hold the room that is needed.</summary>
    public void Withdraw(List<PreparedContent> fresh, PostgresStore store)
    {
        ContentHash[] written = [.. fresh.Where(c => c.Data is null).Select(c => c.Facts.Hash)];
        if (written.Length == 0) return;
        Dictionary<ContentHash, bool> held = store.FindContents(written);
        ContentHash[] left = [.. written.Where(hash => !held.ContainsKey(hash))];
        foreach (ContentHash hash in left) files.TryRemove(hash);
        if (left.Length > 0) PostgresBodies.Drop(store.Connection, left);
    }

    private static bool IsInMemory(ZoneContent content) => content is MemoryZoneContent or FreshZoneContent { Octets: not null };

    private PreparedContent Prepare(DomainName zone, ZoneContent content, PostgresStore store)
    {
        byte[]? data = OrNotKept(zone, () => ContentCodec.TryCompress(content, largestStored));
        if (data is null)
        {
            OrNotKept(zone, () => files.Keep(content));
            using FileStream file = OrNotKept(zone, () => files.Read(content.Hash));
            try
            {
                PostgresBodies.Write(
                    store.Connection,
                    content.Facts,
                    octets => OrNotKept(zone, () => file.ReadAtLeast(octets.Span, octets.Length, throwOnEndOfStream: false)));
            }
            catch (InvalidDataException exception)
            {
                files.TryRemove(content.Hash);
                throw new ContentNotKeptException(zone, exception);
            }
        }

        return new PreparedContent(content.Facts, data);
    }

    private static void OrNotKept(DomainName zone, Action work) => OrNotKept(zone, () => { work(); return true; });

    /// <summary>Failures of this node's files are those of one zone.</summary>
    private static T OrNotKept<T>(DomainName zone, Func<T> work)
    {
        try
        {
            return work();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ContentNotKeptException(zone, exception);
        }
    }
}
