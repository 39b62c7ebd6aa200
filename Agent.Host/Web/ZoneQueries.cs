using System.Collections.Immutable;
using Agent.Actors.Cluster;
using Agent.Actors.Kernel;
using Agent.Actors.Zones;
using Agent.Dns.Wire;

namespace Agent.Host.Web;

/// <summary>Asks all shards and puts their answers together; made for one question, then it stops.</summary>
internal sealed class ShardsQuery<TPart> : UntypedActor
{
    private static readonly object Patience = new();

    private readonly Question _question;
    private readonly List<TPart> _parts = [];
    private IActorRef? _asker;
    private int _expected = int.MaxValue;

    private ShardsQuery(Question question)
    {
        _question = question;
    }

    /// <summary>The recipe.</summary>
    public static Props Props(Question question) => Agent.Actors.Kernel.Props.Create(static q => new ShardsQuery<TPart>(q), question);

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Begin:
                _asker = Sender;
                _question.Region.Tell(new GetRegionState(), Self);
                Timers.StartSingleTimer(Patience, Patience, _question.Patience);
                break;
            case RegionState state:
                _expected = state.Reachable;
                _question.Region.Tell(new ToAllShards(_question.Message), Self);
                Check();
                break;
            case TPart part:
                _parts.Add(part);
                Check();
                break;
            case object timer when timer == Patience:
                Answer();
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void Check()
    {
        if (_parts.Count >= _expected) Answer();
    }

    private void Answer()
    {
        _asker?.Tell(new Answered([.. _parts], _parts.Count >= _expected), Self);
        Context.Stop(Self);
    }

    /// <summary>Starts it.</summary>
    public sealed record Begin;

    /// <summary>What is asked.</summary>
    public sealed record Question(IActorRef Region, object Message, TimeSpan Patience);

    /// <summary>What came back; incomplete when a shard kept silent.</summary>
    public sealed record Answered(ImmutableArray<TPart> Parts, bool Complete);
}

/// <summary>Zones in order of name.</summary>
/// <param name="Zones">Those that were heard of.</param>
/// <param name="IsWhole">Every shard has answered; false where one has no owner, or one that cannot be reached.</param>
public sealed record ZonePage(ImmutableArray<ZoneStatus> Zones, bool IsWhole);

/// <summary>Zones of all shards that answered.</summary>
/// <param name="ByState">How many are in which state.</param>
/// <param name="Behind">How many a target does not have as wanted, or is not known to.</param>
public sealed record ZoneSums(IReadOnlyDictionary<string, int> ByState, IReadOnlyDictionary<string, int> Behind);

/// <summary>Questions over all zones.</summary>
public sealed class ZoneQueries(ActorSystem system, IActorRef region)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(4);

    /// <summary>Zones of all shards in order of name.</summary>
    /// <remarks>A page has a few zones of each shard. Every shard is asked for its share of the page and some more, not for a page of its
    /// own; where one had still more of them than that, for the rest once again.</remarks>
    public async Task<ZonePage> ListAsync(ListZones query)
    {
        RegionState state = await region.Ask<RegionState>(new GetRegionState(), Patience);
        var page = ImmutableArray.CreateBuilder<ZoneStatus>();
        bool isWhole = true;
        for (ListZones rest = query; ;)
        {
            int missing = query.Limit - page.Count;
            int share = ShareOf(missing, state.Total);
            ImmutableArray<ZoneList> lists = await AskAsync<ZoneList>(rest with { Limit = share });
            isWhole &= lists.Length >= state.Total;
            // Behind the end of a list that was cut, nobody knows yet what else its shard has.
            DomainName? known = lists.Where(list => list.Zones.Length >= share).Select(list => list.Zones[^1].Name).Min();
            page.AddRange(lists.SelectMany(list => list.Zones)
                .Where(zone => known is null || zone.Name.CompareTo(known) <= 0).OrderBy(zone => zone.Name).Take(missing));
            if (known is null || page.Count >= query.Limit) return new ZonePage(page.ToImmutable(), isWhole);
            rest = rest with { After = known };
        }
    }

    /// <summary>Names are spread by a hash: hardly a shard has more of a page than its share and three standard deviations.</summary>
    internal static int ShareOf(int zones, int shards)
    {
        double share = zones / (double)Math.Max(shards, 1);
        return Math.Min(zones, (int)Math.Ceiling(share + (3 * Math.Sqrt(share)) + 3));
    }

    /// <summary>Zones by shard.</summary>
    public async Task<IReadOnlyDictionary<int, int>> CountByShardAsync()
    {
        ImmutableArray<ZoneCounts> counts = await AskAsync<ZoneCounts>(new CountZones());
        return counts.GroupBy(c => c.Shard).ToDictionary(g => g.Key, g => g.First().ByState.Values.Sum());
    }

    /// <summary>Zones by state, and by target that is behind.</summary>
    public async Task<ZoneSums> CountAsync()
    {
        ImmutableArray<ZoneCounts> counts = await AskAsync<ZoneCounts>(new CountZones());
        return new ZoneSums(Sum(counts.SelectMany(c => c.ByState)), Sum(counts.SelectMany(c => c.Behind)));
    }

    private static Dictionary<string, int> Sum(IEnumerable<KeyValuePair<string, int>> counts) => counts
        .GroupBy(p => p.Key, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Sum(p => p.Value), StringComparer.Ordinal);

    private async Task<ImmutableArray<TPart>> AskAsync<TPart>(object message)
    {
        IActorRef query = system.ActorOf(ShardsQuery<TPart>.Props(new ShardsQuery<TPart>.Question(region, message, Patience)));
        ShardsQuery<TPart>.Answered answered = await query.Ask<ShardsQuery<TPart>.Answered>(new ShardsQuery<TPart>.Begin(), Patience * 2);
        return answered.Parts;
    }
}
