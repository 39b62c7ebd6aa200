using System.Collections.Immutable;
using Agent.Actors.Journal;
using Agent.Bench.Peers;
using Agent.Dns.Wire;
using Agent.Host.Journal;

namespace Agent.Tests.Journal;

/// <summary>A journal with a data folder of its own, which can be closed and opened again.</summary>
public abstract class JournalFixture : IDisposable
{
    private readonly TemporaryFolder _folder = new("journal");
    private DataDirectory? _directory;
    private INodeJournal? _journal;
    private long _batch;
    private int _shards = 64;

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

    /// <summary>Entries with the claims that they need: under the epoch of this run, if it is not said otherwise.</summary>
    public JournalBatch Batch(long id, ImmutableArray<JournalEntry> entries, long? epoch = null) => new(
        id,
        entries,
        [.. entries.Select(e => ShardOf(e.Zone)).Distinct().Select(shard => new ShardEpoch(shard, epoch ?? EpochOf(shard)))]);

    public int ShardOf(DomainName zone) => (int)(zone.StableHash % (ulong)_shards);

    public void Commit(params ImmutableArray<JournalEntry> entries)
    {
        Journal.Commit(Batch(++_batch, entries), Probe.ReplyTo);
        Assert.Equal(_batch, Probe.Expect<JournalCommitted>().Id);
    }

    public JournalFailed CommitFails(params ImmutableArray<JournalEntry> entries)
    {
        Journal.Commit(Batch(++_batch, entries), Probe.ReplyTo);
        JournalFailed failed = Probe.Expect<JournalFailed>();
        Assert.Equal(_batch, failed.Id);
        return failed;
    }

    /// <summary>All rows, by the shards in which they lie.</summary>
    public ImmutableArray<ZoneRow> Load(int shards = 64)
    {
        _shards = shards;
        var rows = ImmutableArray.CreateBuilder<ZoneRow>();
        for (int shard = 0; shard < shards; shard++)
        {
            Journal.TakeShard(shard, shards, Journal.Epoch, Probe.ReplyTo);
            ShardLoaded loaded = Probe.Expect<ShardLoaded>();
            Assert.Equal(shard, loaded.Shard);
            Assert.All(loaded.Rows, row => Assert.Equal((ulong)shard, row.Name.StableHash % (ulong)shards));
            rows.AddRange(loaded.Rows);
        }
        return rows.ToImmutable();
    }

    public ZoneRow LoadOne(string name) => Assert.Single(Load(), row => row.Name.Equals(DomainName.Parse(name)));

    /// <summary>The row of a zone, whoever has its shard; null when there is none.</summary>
    public ZoneRow? Read(string name)
    {
        Journal.ReadZone(DomainName.Parse(name), Probe.ReplyTo);
        return Probe.Expect<ZoneRead>().Row;
    }

    public ImmutableArray<OwnedZone> Owned(string catalog)
    {
        Journal.ReadOwned(DomainName.Parse(catalog), Probe.ReplyTo);
        return Probe.Expect<OwnedRead>().Zones;
    }

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

    /// <summary>The epoch under which a shard is held.</summary>
    protected virtual long EpochOf(int shard) => Journal.Epoch;

    protected abstract INodeJournal Open(DataDirectory directory);
}
