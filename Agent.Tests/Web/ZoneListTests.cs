using System.Collections.Immutable;
using Agent.Actors.Cluster;
using Agent.Actors.Kernel;
using Agent.Actors.Zones;
using Agent.Dns.Wire;
using Agent.Host.Web;

namespace Agent.Tests.Web;

/// <summary>Pages of a list over all shards: every zone once, in order, however the zones are spread.</summary>
public sealed class ZoneListTests
{
    private const int Shards = 16;
    private static readonly DomainName[] Names = [.. Enumerable.Range(0, 500).Select(zone => DomainName.Parse($"zone{zone}.example."))];

    [Theory]
    [InlineData(1, "hash")]
    [InlineData(7, "hash")]
    [InlineData(100, "hash")]
    [InlineData(1000, "hash")]
    [InlineData(100, "one")]
    [InlineData(100, "order")]
    public async Task Pages_hold_every_zone_once_and_in_order(int limit, string spread)
    {
        DomainName[] ordered = [.. Names.Order()];
        ILookup<int, DomainName> shards = Names.ToLookup(name => spread switch
        {
            "one" => 3,
            "order" => Array.IndexOf(ordered, name) * Shards / ordered.Length,
            _ => ShardRegionActor.ShardOf(name.StableHash, Shards),
        });
        ActorSystem system = ActorSystem.Create("list");
        ZoneQueries queries = Queries(system, shards, answering: Shards);
        List<DomainName> listed = [];
        for (DomainName? after = null; ;)
        {
            (ImmutableArray<ZoneStatus> page, bool isWhole) = await queries.ListAsync(new ListZones("", null, after, limit));
            Assert.True(isWhole);
            listed.AddRange(page.Select(zone => zone.Name));
            if (page.Length < limit) break;
            after = page[^1].Name;
        }

        Assert.Equal(ordered, listed);
        await system.Terminate();
    }

    [Theory]
    [InlineData(Shards, true)]
    [InlineData(Shards - 1, false)]
    public async Task A_page_says_whether_every_shard_was_heard(int answering, bool isWhole)
    {
        ActorSystem system = ActorSystem.Create("list");
        ILookup<int, DomainName> shards = Names.ToLookup(name => ShardRegionActor.ShardOf(name.StableHash, Shards));
        ZonePage page = await Queries(system, shards, answering).ListAsync(new ListZones("", null, null, Names.Length + 1));
        Assert.Equal((isWhole, isWhole), (page.IsWhole, page.Zones.Length == Names.Length));
        await system.Terminate();
    }

    [Fact]
    public void A_shard_is_asked_for_a_little_more_than_its_share()
    {
        Assert.Equal(31, ZoneQueries.ShareOf(1000, 64));
        Assert.Equal(10, ZoneQueries.ShareOf(10, 1));
        Assert.Equal(1, ZoneQueries.ShareOf(1, 64));
    }

    [Fact]
    public void Names_stay_in_order_while_they_come_and_go()
    {
        OrderedNames names = new(Names.Take(300));
        foreach (DomainName name in Names.Skip(300)) names.Add(name);
        foreach (DomainName name in Names.Take(100)) names.Remove(name);
        names.Add(Names[200]);
        names.Remove(Names[0]);
        DomainName[] left = [.. Names.Skip(100).Order()];

        Assert.Equal(left, names.Behind(null));
        Assert.Equal(left.Skip(42), names.Behind(left[41]));
        Assert.Equal(left.Where(name => name.CompareTo(Names[0]) > 0), names.Behind(Names[0]));
    }

    private static ZoneQueries Queries(ActorSystem system, ILookup<int, DomainName> shards, int answering) =>
        new(system, system.ActorOf(Props.Create(static a => new AllShards(a.shards, a.answering), (shards, answering))));

    private sealed class AllShards(ILookup<int, DomainName> shards, int answering) : UntypedActor
    {
        protected internal override void OnReceive(object message)
        {
            switch (message)
            {
                case GetRegionState:
                    Sender.Tell(new RegionState(Shards, answering, answering, 0), Self);
                    break;
                case ToAllShards { Message: ListZones list }:
                    for (int shard = 0; shard < answering; shard++) Sender.Tell(new ZoneList(shard, Page(shard, list)), Self);
                    break;
                default:
                    Unhandled(message);
                    break;
            }
        }

        private ImmutableArray<ZoneStatus> Page(int shard, ListZones list) =>
        [
            .. new OrderedNames(shards[shard]).Behind(list.After).Take(list.Limit)
                .Select(name => ZoneStatusView.Of(name, null, ZonePhase.Unknown, transferring: false)),
        ];
    }
}
