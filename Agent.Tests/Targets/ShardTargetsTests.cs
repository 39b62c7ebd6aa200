using System.Collections.Immutable;
using Agent.Actors.Backends;
using Agent.Actors.Cluster;
using Agent.Actors.Journal;
using Agent.Actors.Kernel;
using Agent.Actors.Reasons;
using Agent.Actors.Transfers;
using Agent.Actors.Zones;
using Agent.Dns.Wire;
using Agent.Tests.Simulation;
using Agent.Tests.TestKit;

namespace Agent.Tests.Targets;

/// <summary>A shard of real zones whose targets come and go.</summary>
public sealed class ShardTargetsTests : TestKitBase
{
    private static readonly RequestOrigin Origin = new("192.0.2.9", null, "trace");
    private static readonly DomainName Awake = DomainName.Parse("awake.example.");
    private static readonly DomainName Asleep = DomainName.Parse("asleep.example.");

    private readonly SortedDictionary<string, Server> _servers = new(StringComparer.Ordinal);
    private readonly TestProbe _directory;
    private readonly TestProbe _client;
    private readonly SimMasters _masters;
    private readonly SimJournal _journal;
    private readonly ZoneShardSettings _settings;
    private IActorRef _shard;
    private readonly ZonePolicyHolder _policy = new(new ZonePolicy { PassivateAfter = TimeSpan.FromSeconds(5) });
    private ImmutableHashSet<string> _beganEmpty = [];
    private bool _areSilent;
    private long _version;

    public ShardTargetsTests()
    {
        _directory = CreateTestProbe("directory");
        _client = CreateTestProbe("client");
        _masters = new SimMasters(Sim);
        _journal = new SimJournal(Sim, 1);
        IActorRef masters = ActorOf(MasterDirectoryActor.Props(new MasterDirectorySettings(
            _masters, new MasterRoster([new Master("m1", "192.0.2.1", 5354, null)]))));
        IActorRef budget = ActorOf(TransferBudgetActor.Props(new TransferBudget(8, 4)));
        var limits = new TransferLimits(TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(10), TimeSpan.FromMinutes(2), 1000, 0, 0);
        var zones = new ZoneActorSettings(
            ImmutableSortedDictionary<string, IActorRef>.Empty,
            ActorOf(JournalActor.Props(_journal, 1)),
            new TransferSettings(_masters, masters, budget, limits, TimeSpan.FromSeconds(3), TimeSpan.FromMilliseconds(150)),
            _policy)
        {
            TargetDirectory = _directory.Ref,
        };
        _settings = new ZoneShardSettings(zones, 1, ChecksPerSecond: 100, MaxEarly: 100);
        _shard = ActorOf(ZoneShardActor.Props(_settings));
        _masters.Zones[Awake] = 1;
        _masters.Zones[Asleep] = 1;
        _directory.ExpectMsg<GetTargetSet>();
    }

    [Fact]
    public void Nothing_is_loaded_before_the_targets_are_known()
    {
        Start(afterCrash: false);
        _client.Send(_shard, new CreateZone(Awake, Origin));
        Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(0, _client.Waiting);
        Publish("ns1");
        Assert.Equal(ZoneOutcome.Done, _client.ExpectMsg<ZoneReply>().Outcome);
        Assert.Equal((0, 5L), (_servers["ns1"].Wishes[^1].Shard, _servers["ns1"].Wishes[^1].Epoch));
    }

    [Fact]
    public void Nobody_waits_for_a_journal_that_is_away_before_the_zones_are_read()
    {
        Publish("ns1");
        _journal.IsFull = true;
        Start(afterCrash: false);
        _client.Send(_shard, new CreateZone(Awake, Origin));
        Assert.Equal(ReasonCode.JournalAway, _client.ExpectMsg<ZoneReply>(TimeSpan.FromSeconds(2)).Reason?.Code);
        _journal.IsFull = false;
        Advance(TimeSpan.FromSeconds(2));
        Create(Awake);
    }

    [Fact]
    public void Who_waits_for_zones_that_are_never_read_is_answered_at_the_deadline()
    {
        Start(afterCrash: false);
        _client.Send(_shard, new CreateZone(Awake, Origin));
        Advance(TimeSpan.FromSeconds(24));
        Assert.Equal(0, _client.Waiting);
        _client.Send(_shard, new CreateZone(Asleep, Origin));
        Assert.Equal(Awake, _client.ExpectMsg<ZoneReply>(TimeSpan.FromSeconds(3)).Zone);
        Publish("ns1");
        Assert.Equal((Asleep, ZoneOutcome.Done), _client.ExpectMsg<ZoneReply>() switch { var reply => (reply.Zone, reply.Outcome) });
    }

    [Fact]
    public void A_new_target_is_told_of_zones_awake_and_asleep_and_one_that_is_gone_leaves_their_state()
    {
        TwoZones();
        Publish("ns1", "ns2");
        Advance(TimeSpan.FromSeconds(1));
        Assert.Equal([Asleep, Awake], _servers["ns2"].Wishes.Select(w => w.Zone).Distinct().Order());
        Assert.All([Awake, Asleep], zone => Assert.Equal(["ns1", "ns2"], Targets(zone)));
        Publish("ns2");
        Assert.All([Awake, Asleep], zone => Assert.Equal(["ns2"], Targets(zone)));
        _servers["ns1"].Report(_shard, _servers["ns1"].Wishes[^1]);
        Assert.All([Awake, Asleep], zone => Assert.Equal(["ns2"], Targets(zone)));
    }

    [Fact]
    public void A_target_that_is_to_be_reached_otherwise_is_told_everything_once_more()
    {
        TwoZones();
        _servers.Remove("ns1");
        Publish("ns1");
        Advance(TimeSpan.FromSeconds(1));
        Assert.Equal([Asleep, Awake], _servers["ns1"].Wishes.Select(w => w.Zone).Order());
        Assert.All(_servers["ns1"].Wishes, w => Assert.True(w.ObserveFirst));
    }

    [Fact]
    public void A_look_tells_one_target_of_one_zone_awake_or_asleep()
    {
        TwoZones();
        Publish("ns1", "ns2");
        Advance(TimeSpan.FromSeconds(1));
        foreach (Server server in _servers.Values) server.Wishes.Clear();
        foreach (DomainName zone in (DomainName[])[Awake, Asleep])
        {
            _client.Send(_shard, new LookAtTarget(zone, "ns2"));
            Assert.Equal(ZoneOutcome.Done, _client.ExpectMsg<ZoneReply>().Outcome);
        }

        DomainName unknown = DomainName.Parse("unknown.example.");
        _client.Send(_shard, new LookAtTarget(unknown, "ns2"));
        Assert.Equal(ZoneOutcome.Unknown, _client.ExpectMsg<ZoneReply>().Outcome);
        Advance(TimeSpan.FromSeconds(1));
        Assert.DoesNotContain(_servers["ns2"].Wishes, wish => wish.Zone == unknown);

        // What a node ordered late, behind the deletion.
        _client.Send(_shard, new LookAtTarget(unknown, "ns2") { MayBeLeftover = true });
        Assert.Equal(ZoneOutcome.Done, _client.ExpectMsg<ZoneReply>().Outcome);
        Advance(TimeSpan.FromSeconds(1));
        WantZone leftover = Assert.Single(_servers["ns2"].Wishes, wish => wish.Zone == unknown);
        Assert.Null(leftover.Content);
        _servers["ns2"].Wishes.Remove(leftover);

        _client.Send(_shard, new LookAtTarget(Awake, "ns3"));
        Assert.Equal(ZoneOutcome.Unknown, _client.ExpectMsg<ZoneReply>().Outcome);
        Advance(TimeSpan.FromSeconds(1));
        Assert.Empty(_servers["ns1"].Wishes);
        Assert.Equal([Asleep, Awake], _servers["ns2"].Wishes.Select(w => w.Zone).Order());
        Assert.All(_servers["ns2"].Wishes, w => Assert.True(w.ObserveFirst));
    }

    [Fact]
    public void A_zone_that_moves_awake_or_asleep_is_brought_to_the_one_and_taken_from_the_other()
    {
        TwoZones();
        Publish("ns1", "ns2");
        Advance(TimeSpan.FromSeconds(1));
        foreach (Server server in _servers.Values) server.Wishes.Clear();
        PlaceAll("ns2");
        Assert.Equal([Asleep, Awake], _servers["ns1"].Wishes.Where(w => w.Content is null).Select(w => w.Zone).Order());
        Assert.All(_servers["ns2"].Wishes, w => Assert.True(w.ObserveFirst && w.Content is not null));
        Assert.All([Awake, Asleep], zone => Assert.Equal(["ns2"], Targets(zone)));

        _servers["ns1"].Wishes.Clear();
        PlaceAll("ns1", "ns2");

        // Late, of the wish before: it says nothing of the present one.
        _servers["ns1"].Report(_shard, new WantZone(Asleep, 1, null, ObserveFirst: true));
        Assert.Equal([Asleep, Awake], _servers["ns1"].Wishes.Where(w => w.Content is not null).Select(w => w.Zone).Order());
        Assert.All([Awake, Asleep], zone => Assert.Equal(["ns1", "ns2"], Targets(zone)));
    }

    [Fact]
    public void A_zone_that_fell_asleep_while_its_new_server_was_away_leaves_the_former_when_it_is_served()
    {
        Start(afterCrash: false);
        Publish("ns1");
        Create(Asleep);
        _areSilent = true;
        PlaceAll("ns1");
        Publish("ns1", "ns2");
        PlaceAll("ns2");
        WantZone wish = _servers["ns2"].Wishes[^1];
        _shard.Tell(new TargetReport(Asleep, wish.Generation, new TargetProgress(
            "ns2", TargetZoneState.Away, null, null, new Reason(ReasonCode.TargetAway, "for a test"))));
        Advance(TimeSpan.FromSeconds(10));
        _shard.Tell(new LookAtTarget(Asleep, "ns1"));
        RunReady();
        Assert.All(_servers["ns1"].Wishes, w => Assert.NotNull(w.Content));
        _servers["ns2"].Report(_shard, wish);
        RunReady();
        Assert.Null(_servers["ns1"].Wishes[^1].Content);
        Assert.Equal(["ns2"], Targets(Asleep));
    }

    [Fact]
    public void A_shard_that_begins_anew_tells_each_target_of_its_own_zones()
    {
        PlaceAll("ns1");
        Start(afterCrash: false);
        Publish("ns1", "ns2");
        Create(Awake);
        Assert.Empty(_servers["ns2"].Wishes);
        Assert.Equal(["ns1"], Targets(Awake));
        _client.Send(_shard, new CountProven(1, ["ns1", "ns2"]));
        Assert.Equal((1, 1), _client.ExpectMsg<ProvenZones>() is var all ? (all.Zones, all.Proven) : default);
    }

    [Fact]
    public void Zones_that_a_target_away_is_owed_are_counted_awake_and_asleep()
    {
        TwoZones();
        _areSilent = true;
        Publish("ns1", "ns2");
        Advance(TimeSpan.FromSeconds(1));
        Assert.Equal([("ns2", 2)], Behind());
        foreach (WantZone wish in _servers["ns2"].Wishes.Where(w => w.Zone.Equals(Asleep)).ToArray()) _servers["ns2"].Report(_shard, wish);
        RunReady();
        Assert.Equal([("ns2", 1)], Behind());
        foreach (WantZone wish in _servers["ns2"].Wishes.Where(w => w.Zone.Equals(Awake)).ToArray()) _servers["ns2"].Report(_shard, wish);
        RunReady();
        Assert.Empty(Behind());
    }

    [Fact]
    public void A_set_that_is_older_than_the_one_known_does_not_count()
    {
        TwoZones();
        _shard.Tell(new TargetSetChanged(new TargetSet(0, ImmutableSortedDictionary<string, IActorRef>.Empty)));
        Assert.Equal(["ns1"], Targets(Asleep));
    }

    [Theory]
    [InlineData(false, 2)]
    [InlineData(true, 4)]
    public void After_a_crash_of_the_former_owner_everything_is_looked_at_once_more(bool afterCrash, int expected)
    {
        Start(afterCrash);
        Publish("ns1");
        Create(Awake);
        Create(Asleep);
        Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(expected, _servers["ns1"].Wishes.Count);
    }

    [Fact]
    public void Zones_that_were_in_order_are_looked_at_when_the_node_has_taken_its_other_shards_too()
    {
        Anew("ns1");
        Advance(TimeSpan.FromSeconds(20));
        Assert.Empty(_servers["ns1"].Wishes);
        for (int time = 0; time < 2; time++)
        {
            _shard.Tell(new AllShardsTaken());
            Advance(TimeSpan.FromSeconds(20));
            Assert.Equal([Asleep, Awake], _servers["ns1"].Wishes.Select(w => w.Zone).Order());
            Assert.All(_servers["ns1"].Wishes, w => Assert.True(w.ObserveFirst && w.Content is not null));
            Assert.All([Awake, Asleep], zone => Assert.Equal(["ns1"], Targets(zone)));
        }
    }

    [Fact]
    public void They_are_looked_at_in_the_end_although_another_shard_is_never_taken()
    {
        Anew("ns1");
        Advance(TimeSpan.FromSeconds(29));
        Assert.Empty(_servers["ns1"].Wishes);
        Advance(TimeSpan.FromSeconds(2));
        Assert.Equal([Asleep, Awake], _servers["ns1"].Wishes.Select(w => w.Zone).Order());
    }

    [Fact]
    public void A_zone_for_which_somebody_asks_is_looked_at_before_that()
    {
        Anew("ns1");
        Create(Asleep);
        Assert.Equal([Asleep], _servers["ns1"].Wishes.Select(w => w.Zone).Distinct());
        int looks = _servers["ns1"].Wishes.Count;
        _shard.Tell(new AllShardsTaken());
        RunReady();
        Assert.Equal([Awake], _servers["ns1"].Wishes.Skip(looks).Select(w => w.Zone));
    }

    [Fact]
    public void A_zone_that_was_not_in_order_everywhere_is_looked_at_at_once()
    {
        Anew("ns1", "ns2");
        Advance(TimeSpan.FromSeconds(1));
        Assert.All(_servers.Values, server => Assert.Equal([Asleep, Awake], server.Wishes.Select(w => w.Zone).Order()));
    }

    [Fact]
    public void Zones_of_a_target_that_began_empty_are_told_at_once()
    {
        _beganEmpty = ["ns1"];
        Anew("ns1");
        Advance(TimeSpan.FromSeconds(1));
        Assert.Equal([Asleep, Awake], _servers["ns1"].Wishes.Select(w => w.Zone).Order());
    }

    /// <summary>The next owner of a shard with two zones, which asks no masters by itself.</summary>
    private void Anew(params string[] targets)
    {
        TwoZones();
        Advance(TimeSpan.FromSeconds(10));
        Sys.Stop(_shard);
        foreach (Server server in _servers.Values) server.Wishes.Clear();
        _shard = ActorOf(ZoneShardActor.Props(_settings with { ChecksPerSecond = 0.001 }));
        _shard.Tell(new ShardStart(0, 6));
        RunReady();
        Publish(targets);
    }

    /// <summary>One has fallen asleep, one has just changed.</summary>
    private void TwoZones()
    {
        Start(afterCrash: false);
        Publish("ns1");
        Create(Asleep);
        Advance(TimeSpan.FromSeconds(10));
        Create(Awake);
    }

    private void Start(bool afterCrash) => _shard.Tell(new ShardStart(0, 5) { AfterCrash = afterCrash });

    private void Create(DomainName zone)
    {
        _client.Send(_shard, new CreateZone(zone, Origin));
        Assert.Equal(ZoneOutcome.Done, _client.ExpectMsg<ZoneReply>().Outcome);
    }

    private void PlaceAll(params string[] targets)
    {
        _policy.Current = _policy.Current with { Placement = Only(targets) };
        _shard.Tell(new ZonePolicyExchanged());
        Advance(TimeSpan.FromSeconds(1));
    }

    private static ZonePatternMap<TargetSelection> Only(params string[] targets) =>
        new([(new ZonePattern(DomainName.Parse("example."), IsBelow: true), new TargetSelection(targets))]);

    private IEnumerable<(string Target, int Zones)> Behind()
    {
        _client.Send(_shard, new CountZones());
        return _client.ExpectMsg<ZoneCounts>().Behind.Select(entry => (entry.Key, entry.Value));
    }

    private IEnumerable<string> Targets(DomainName zone)
    {
        _client.Send(_shard, new GetZone(zone));
        ZoneStatus status = _client.ExpectMsg<ZoneStatus>();
        Assert.Equal("ok", status.State);
        return status.Targets.Select(t => t.Target);
    }

    private void Publish(params string[] names)
    {
        foreach (string name in names.Where(name => !_servers.ContainsKey(name)))
        {
            var server = new Server(name) { IsSilent = _areSilent };
            server.Ref = ActorOf(Props.Create(static s => new ServerActor(s), server));
            _servers.Add(name, server);
        }

        Sys.EventStream.Publish(new TargetSetChanged(new TargetSet(
            ++_version, names.ToImmutableSortedDictionary(name => name, name => _servers[name].Ref, StringComparer.Ordinal))
        {
            BeganEmpty = _beganEmpty,
        }));
        RunReady();
    }

    private sealed class Server(string name)
    {
        public string Name { get; } = name;

        /// <summary>Says nothing of what it was told.</summary>
        public bool IsSilent { get; init; }

        public IActorRef Ref { get; set; } = null!;

        public List<WantZone> Wishes { get; } = [];

        public void Report(IActorRef owner, WantZone wish) => owner.Tell(
            new TargetReport(wish.Zone, wish.Generation, new TargetProgress(
                Name, TargetZoneState.Verified, wish.Content?.Serial, null, null)),
            Ref);
    }

    /// <summary>Proves at once what it is told.</summary>
    private sealed class ServerActor(Server server) : UntypedActor
    {
        protected internal override void OnReceive(object message)
        {
            switch (message)
            {
                case GetTargetStatus:
                    Sender.Tell(new TargetStatus(server.Name, "test", true, null, Clock.UtcNow, 0, 0), Self);
                    break;
                case WantZone wish:
                    server.Wishes.Add(wish);
                    if (!server.IsSilent) server.Report(Sender, wish);
                    break;
            }
        }
    }
}
