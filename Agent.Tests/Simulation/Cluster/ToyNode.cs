using System.Collections.Immutable;
using System.Text;
using Agent.Actors.Cluster;
using Agent.Actors.Journal;
using Agent.Actors.Kernel;
using Agent.Actors.Kernel.Simulation;
using Agent.Dns.Wire;

namespace Agent.Tests.Simulation.Cluster;

/// <summary>One node of <see cref="ToyCluster"/>. It never asks itself whether its lease still stands.</summary>
internal sealed class ToyNode : UntypedActor
{
    /// <summary>One zone for each shard.</summary>
    private static readonly DomainName[] Zones = [.. Enumerable.Range(0, ToyCluster.Shards).Select(ZoneOf)];

    private readonly Parts _parts;
    private readonly ImmutableArray<byte> _self;
    private readonly SortedDictionary<long, int> _claims = [];
    private readonly HashSet<long> _releases = [];
    private readonly SortedDictionary<int, Owned> _owned = [];
    private readonly SortedSet<string> _owners = new(StringComparer.Ordinal);
    private readonly List<IActorRef> _asked = [];
    private ImmutableArray<NodePeer> _peers = [];
    private long _request;
    private long _lease;
    private long _reading;

    private ToyNode(Parts parts)
    {
        _parts = parts;
        _self = [.. Encoding.UTF8.GetBytes($"{parts.Node.Name} {parts.Node.Lives}")];
    }

    public static Props PropsOf(Parts parts) => Props.Create(static p => new ToyNode(p), parts);

    protected internal override void PreStart()
    {
        Timers.StartPeriodicTimer("tick", "tick", TimeSpan.FromSeconds(1));
        ReadAnew();
    }

    protected internal override void OnReceive(object message)
    {
        switch (message)
        {
            case "tick": Tick(); break;
            case string: _asked.Add(Sender); break;
            case Peers peers: _parts.Network.Connect(_peers = peers.All); break;
            case LeaseGranted granted: _lease = granted.Lease; break;
            case LeaseKept kept when kept.Lease == _lease && kept.TimeToLive == TimeSpan.Zero: LoseAll(); break;
            case StoreCommitted done when _claims.Remove(done.Request, out int shard):
                if (done.Succeeded) Take(shard, done.Revision);
                break;
            case StoreRead read:
                _reading = 0;
                _owners.Clear();
                foreach (StoreEntry entry in read.Entries) Note(entry.Key, entry);
                _parts.Store.Watch(1, "/owner/", read.Revision + 1, Context.ReplyTo());
                break;
            case StoreChanged changed:
                foreach (StoreChange change in changed.Changes) Note(change.Key, change.Entry);
                break;
            case Taken taken: Begin(taken); break;
            case Written written: Go(written); break;
            case WatchEnded: ReadAnew(); break;
            case StoreFailed failed:
                // What became of it? Whoever does not want to know lets the lease run out.
                if (_claims.Remove(failed.Request) || _releases.Remove(failed.Request)) LoseAll();
                if (failed.Request == _reading) ReadAnew();
                break;
        }
    }

    private void ReadAnew()
    {
        _reading = ++_request;
        _parts.Store.Read(_request, "/owner/", Context.ReplyTo());
    }

    private void Tick()
    {
        foreach (IActorRef asked in _asked) asked.Tell("answer", Self);
        _asked.Clear();
        foreach (NodePeer peer in _peers.Where(p => p.Node != _parts.Node.Name)) _parts.Network.Send(peer.Node, "hello");
        if (_lease == 0)
        {
            _parts.Store.Grant(++_request, ToyCluster.Lease, Context.ReplyTo());
            return;
        }

        _parts.Store.KeepAlive(++_request, _lease, Context.ReplyTo());
        for (int shard = 0; shard < ToyCluster.Shards; shard++)
        {
            if (_owned.TryGetValue(shard, out Owned? owned)) Write(owned);
            else if (!_owners.Contains(Key(shard)) && !_claims.ContainsValue(shard)) Claim(shard);
        }
    }

    private void Claim(int shard)
    {
        _claims.Add(++_request, shard);
        _parts.Store.Commit(
            _request,
            new StoreTransaction(
                [new StoreCompare(Key(shard), StoreField.CreateRevision, 0)], [new StoreWrite(Key(shard), _self, _lease)]),
            Context.ReplyTo());
    }

    private void Take(int shard, long epoch)
    {
        Owned owned = new(shard, epoch);
        _owned[shard] = owned;
        ReplyTo self = Context.ReplyTo();
        _parts.Journal.Take(
            shard,
            ToyCluster.Shards,
            epoch,
            rows => self.Tell(new Taken(owned, rows)),
            () => self.Tell(new Taken(owned, null)));
    }

    private void Begin(Taken taken)
    {
        if (taken.Rows is not { } rows)
        {
            Drop(taken.Owned);
            return;
        }

        taken.Owned.IsTaken = true;
        taken.Owned.Generation = rows.IsEmpty ? 0 : rows[0].Generation;
    }

    private void Write(Owned owned)
    {
        if (!owned.IsTaken || owned.IsWriting) return;
        owned.IsWriting = true;
        SimWrite write = new(owned.Shard, owned.Epoch, new PutZone(Row(owned.Shard, owned.Generation + 1)));
        ReplyTo self = Context.ReplyTo();
        _parts.Journal.Commit([write], () => { }, verdict => self.Tell(new Written(owned, verdict)));
    }

    private void Go(Written written)
    {
        written.Owned.IsWriting = false;
        if (written.Verdict.Written) written.Owned.Generation++;
        else if (!written.Verdict.Fenced.IsEmpty) Drop(written.Owned);
    }

    private void Drop(Owned owned)
    {
        if (_owned.GetValueOrDefault(owned.Shard) != owned) return;
        _owned.Remove(owned.Shard);
        StoreTransaction release = new(
            [new StoreCompare(Key(owned.Shard), StoreField.CreateRevision, owned.Epoch)], [new StoreWrite(Key(owned.Shard), null)]);
        _releases.Add(++_request);
        _parts.Store.Commit(_request, release, Context.ReplyTo());
    }

    private void LoseAll()
    {
        _lease = 0;
        _owned.Clear();
    }

    private void Note(string key, StoreEntry? entry)
    {
        if (entry is null) _owners.Remove(key);
        else _owners.Add(key);
    }

    private static string Key(int shard) => $"/owner/{shard}";

    private static DomainName ZoneOf(int shard) => Enumerable.Range(0, 1000).Select(i => DomainName.Parse($"zone{i}.example."))
        .First(z => ShardRegionActor.ShardOf(z.StableHash, ToyCluster.Shards) == shard);

    private static ZoneRow Row(int shard, long generation) => new()
    {
        Name = Zones[shard],
        Wish = ZoneWish.Present,
        Generation = generation,
        ChangedAt = SimClockOptions.Epoch,
    };

    /// <summary>What a node stands on.</summary>
    internal sealed record Parts(SimNode Node, SimStoreClient Store, SimJournalClient Journal, SimTransport Network);

    /// <summary>Who is there now.</summary>
    internal sealed record Peers(ImmutableArray<NodePeer> All);

    private sealed record Taken(Owned Owned, ImmutableArray<ZoneRow>? Rows);

    private sealed record Written(Owned Owned, CommitVerdict Verdict);

    private sealed class Owned(int shard, long epoch)
    {
        public int Shard => shard;

        public long Epoch => epoch;

        public long Generation { get; set; }

        public bool IsTaken { get; set; }

        public bool IsWriting { get; set; }
    }
}
