using System.Collections.Immutable;
using Agent.Actors.Journal;
using Agent.Bench.Peers;
using Agent.Dns.Wire;
using Agent.Host.Journal;

namespace Agent.Tests.Journal;

/// <summary>A journal with a data folder of its own, which can be closed and opened again.</summary>
public abstract class JournalFixture : IDisposable
{
    private const int Shards = 64;

    private readonly TemporaryFolder _folder = new("journal");
    private DataDirectory? _directory;
    private INodeJournal? _journal;
    private long _batch;

    public JournalOptions Options { get; set; } = new();

    public ReplyProbe Probe { get; } = new();

    public string FolderPath => _folder.FullPath;

    public string ContentsPath => _folder.Combine("contents");

    public DataDirectory Directory => _directory ??= DataDirectory.Open(_folder.FullPath);

    public INodeJournal Journal => _journal ??= Open(Directory);

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
        GC.SuppressFinalize(this);
    }

    protected abstract INodeJournal Open(DataDirectory directory);
}
