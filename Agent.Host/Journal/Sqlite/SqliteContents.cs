using Agent.Dns.Wire;
using Agent.Dns.Zones;
using Microsoft.Data.Sqlite;

namespace Agent.Host.Journal.Sqlite;

/// <summary>The contents that zones and kept deletions refer to; a row lives as long as a reference does.</summary>
internal sealed class SqliteContents : IDisposable
{
    private readonly ContentStore _files;
    private readonly SqliteContentReader _reader;
    private readonly int _largestStored;
    private readonly RecentContents _recent;
    private readonly HashSet<ContentHash> _released = [];
    private readonly List<ContentHash> _droppedFiles = [];
    private readonly SqliteStatement _exists;
    private readonly SqliteStatement _insert;
    private readonly SqliteStatement _drop;

    public SqliteContents(
        SqliteConnection connection, ContentStore files, SqliteContentReader reader, RecentContents recent, int largestStored)
    {
        _recent = recent;
        _files = files;
        _reader = reader;
        _largestStored = largestStored;
        _exists = new SqliteStatement(connection, "SELECT data IS NULL FROM contents WHERE hash = ?1", 1);
        _insert = new SqliteStatement(
            connection,
            "INSERT INTO contents VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) ON CONFLICT DO UPDATE SET data = ?11",
            11);
        _drop = new SqliteStatement(
            connection,
            """
            DELETE FROM contents WHERE hash = ?1
                AND NOT EXISTS (SELECT 1 FROM zones WHERE content = ?1)
                AND NOT EXISTS (SELECT 1 FROM zones WHERE candidate = ?1)
                AND NOT EXISTS (SELECT 1 FROM kept WHERE content = ?1)
            RETURNING data IS NULL
            """,
            1);
    }

    /// <summary>The columns that <see cref="ReadContent"/> needs, of the table alias c.</summary>
    public static string Columns =>
        "c.hash, c.apex, c.serial, c.soa_refresh, c.soa_retry, c.soa_expire, c.soa_minimum, c.soa_ttl, c.records, c.bytes, c.data IS NULL";

    /// <summary>Whether a row refers to the content; its file may be lost all the same.</summary>
    public bool IsReferenced(ContentHash hash) => _exists.Scalar(SqliteValues.Of(hash)) is not null;

    /// <summary>Whether the content is stored whole and need not be written again.</summary>
    public bool IsStored(ZoneFacts facts) => _exists.Scalar(SqliteValues.Of(facts.Hash)) switch
    {
        null => false,
        0L => true,
        _ => _files.Find(facts) is not null,
    };

    /// <summary>Compresses the content or makes its file durable, before a row refers to it.</summary>
    public PreparedContent Prepare(ZoneContent content)
    {
        byte[]? data = ContentCodec.TryCompress(content, _largestStored);
        if (data is null)
            _files.Keep(content);
        return new PreparedContent(content.Facts, data);
    }

    public void Insert(PreparedContent content)
    {
        ZoneFacts facts = content.Facts;
        _insert.Execute(
            SqliteValues.Of(facts.Hash),
            facts.Apex.Wire.ToArray(),
            (long)facts.Serial,
            (long)facts.Soa.RefreshSeconds,
            (long)facts.Soa.RetrySeconds,
            (long)facts.Soa.ExpireSeconds,
            (long)facts.Soa.MinimumSeconds,
            (long)facts.SoaTtlSeconds,
            facts.RecordCount,
            facts.ByteCount,
            content.Data);
    }

    /// <summary>A content that became durable need not stay in memory for long.</summary>
    public void Keep(ZoneContent content)
    {
        content.Origin = null;
        if (content is FreshZoneContent fresh)
            _recent.Add(fresh);
    }

    /// <summary>Forgets what an abandoned transaction noted.</summary>
    public void Begin()
    {
        _released.Clear();
        _droppedFiles.Clear();
    }

    /// <summary>Notes that a reference went; whether it was the last is seen at the end of the transaction.</summary>
    public void Release(ContentHash hash) => _released.Add(hash);

    /// <summary>Deletes the rows that lost their last reference in this transaction.</summary>
    public void DropReleased()
    {
        foreach (ContentHash hash in _released)
        {
            if (_drop.Scalar(SqliteValues.Of(hash)) is 1L)
                _droppedFiles.Add(hash);
        }
    }

    /// <summary>After the commit: removes the files of the rows dropped. One that resists is swept at the next start.</summary>
    public void RemoveDroppedFiles()
    {
        foreach (ContentHash hash in _droppedFiles)
            _files.TryRemove(hash);
        Begin();
    }

    /// <summary>
    /// Makes a handle from the columns; null when there is no content, or when its file is lost or damaged, so that it is fetched anew.
    /// </summary>
    /// <param name="name">The zone's name, which most contents share.</param>
    public ZoneContent? ReadContent(SqliteDataReader reader, int column, DomainName name)
    {
        if (reader.IsDBNull(column))
            return null;
        DomainName apex = reader.ReadName(column + 1);
        var facts = new ZoneFacts(
            apex.Wire.SequenceEqual(name.Wire) ? name : apex,
            reader.ReadNumber(column + 2),
            new SoaTimers(
                reader.ReadNumber(column + 3), reader.ReadNumber(column + 4), reader.ReadNumber(column + 5), reader.ReadNumber(column + 6)),
            reader.ReadNumber(column + 7),
            reader.GetInt64(column + 8),
            reader.GetInt64(column + 9),
            reader.ReadHash(column));
        return reader.GetInt64(column + 10) == 0 ? _reader.Contents.Content(facts) : _files.FindWhole(facts);
    }

    public void Dispose()
    {
        _exists.Dispose();
        _insert.Dispose();
        _drop.Dispose();
    }
}
