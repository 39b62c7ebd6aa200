using System.Collections.Immutable;
using Agent.Actors.Journal;
using Agent.Dns.Wire;
using Agent.Host.Journal;
using Agent.Host.Journal.Sqlite;
using Agent.Bench.Peers;
using Microsoft.Extensions.Logging.Abstractions;

namespace Agent.Tests.Journal;

/// <summary>A journal in a folder of its own, which can be closed and opened again.</summary>
public sealed class JournalFixture : IDisposable
{
    private const int Shards = 64;

    private readonly TemporaryFolder _folder = new("journal");
    private DataDirectory? _directory;
    private SqliteJournal? _journal;
    private long _batch;

    public JournalFixture(JournalOptions? options = null)
    {
        Options = options ?? new JournalOptions();
    }

    public JournalOptions Options { get; set; }

    public ReplyProbe Probe { get; } = new();

    public string FolderPath => _folder.FullPath;

    public string DatabasePath => _folder.Combine("journal.db");

    public string ContentsPath => _folder.Combine("contents");

    public DataDirectory Directory => _directory ??= DataDirectory.Open(_folder.FullPath);

    public SqliteJournal Journal => _journal ??=
        SqliteJournal.Open(Directory, Options, TimeProvider.System, NullLogger<SqliteJournal>.Instance);

    /// <summary>The files that hold contents now.</summary>
    public string[] ContentFiles => [.. System.IO.Directory.GetFiles(ContentsPath).Select(path => Path.GetFileName(path)!).Order()];

    public void Close()
    {
        _journal?.Dispose();
        _directory?.Dispose();
        _journal = null;
        _directory = null;
    }

    public void Reopen()
    {
        Close();
        _ = Journal;
    }

    public void Commit(params ImmutableArray<JournalEntry> entries)
    {
        Journal.Commit(new JournalBatch(++_batch, entries), Probe.ReplyTo);
        Assert.Equal(_batch, Probe.Expect<JournalCommitted>().Id);
    }

    public JournalFailed CommitFails(params ImmutableArray<JournalEntry> entries)
    {
        Journal.Commit(new JournalBatch(++_batch, entries), Probe.ReplyTo);
        JournalFailed failed = Probe.Expect<JournalFailed>();
        Assert.Equal(_batch, failed.Id);
        return failed;
    }

    /// <summary>All rows, by the shards in which they lie.</summary>
    public ImmutableArray<ZoneRow> Load(int shards = Shards)
    {
        var rows = ImmutableArray.CreateBuilder<ZoneRow>();
        for (int shard = 0; shard < shards; shard++)
        {
            Journal.LoadShard(shard, shards, Probe.ReplyTo);
            ShardLoaded loaded = Probe.Expect<ShardLoaded>();
            Assert.Equal(shard, loaded.Shard);
            Assert.All(loaded.Rows, row => Assert.Equal((ulong)shard, row.Name.StableHash % (ulong)shards));
            rows.AddRange(loaded.Rows);
        }
        return rows.ToImmutable();
    }

    public ZoneRow LoadOne(string name) => Assert.Single(Load(), row => row.Name.Equals(DomainName.Parse(name)));

    public ImmutableArray<ZoneEvent> History(string? name, int limit = 1000)
    {
        Journal.ReadHistory(name is null ? null : DomainName.Parse(name), limit, Probe.ReplyTo);
        HistoryRead read = Probe.Expect<HistoryRead>();
        Assert.Null(read.Failure);
        return read.Events;
    }

    public void Dispose()
    {
        Close();
        _folder.Dispose();
    }
}
