using System.Collections.Immutable;
using Agent.Actors.Backends;
using Agent.Actors.Journal;
using Agent.Actors.Kernel;
using Agent.Actors.Reasons;
using Agent.Actors.Sweeps;
using Agent.Actors.Zones;
using Agent.Dns.Wire;
using Agent.Tests.Simulation;
using Agent.Tests.TestKit;
using Agent.Tests.Zones;

namespace Agent.Tests.Sweeps;

/// <summary>The sweep of servers, over targets, zones and a journal that the test plays.</summary>
public sealed class ServerSweepTests : TestKitBase
{
    private readonly SortedDictionary<DomainName, ZoneRow> _rows = [];
    private readonly Dictionary<string, PlayedServer> _servers = new(StringComparer.Ordinal);
    private readonly List<LookAtTarget> _looks = [];
    private readonly TestProbe _region;
    private readonly TestProbe _journal;
    private readonly TestProbe _directory;
    private bool _isJournalAway;
    private long _version;
    private int _namesMaximum = 1000;

    public ServerSweepTests()
    {
        _directory = CreateTestProbe("directory");
        _region = CreateTestProbe("region");
        _region.SetAutoPilot((probe, message) =>
        {
            if (message is not LookAtTarget look) return;
            _looks.Add(look);
            probe.Reply(new ZoneReply(look.Zone, ZoneOutcome.Done));
        });
        _journal = CreateTestProbe("journal");
        _journal.SetAutoPilot((probe, message) =>
        {
            object? answer = message switch
            {
                AskWanted or AskZoneRow when _isJournalAway => new WantedReadFailed(new Reason(ReasonCode.JournalAway, "for a test")),
                AskWanted x => JournalOwners.Wanted(_rows.Values, x.After, x.Limit),
                AskZoneRow x => new ZoneRead(x.Zone, _rows.GetValueOrDefault(x.Zone)),
                _ => null,
            };
            if (answer is not null) probe.Reply(answer);
        });
    }

    [Fact]
    public void What_a_server_lost_is_looked_at_and_what_nobody_created_is_told()
    {
        PlayedServer server = Serve("ns1", ZoneListing.Whole, "kept.", "strange.", "going.", "gone.");
        Want("kept.", "lost.");
        _rows[Zone("going.")] = Row("going.") with { Wish = ZoneWish.Absent };
        server.Served.Remove(Zone("gone."));
        IActorRef sweep = Start();
        Advance(TimeSpan.FromSeconds(40));
        Assert.Equal([new LookAtTarget(Zone("lost."), "ns1")], _looks);
        ServerFindings found = Found(sweep);
        Assert.Equal(("swept", 4, 1, 0), (found.State, found.Named, found.Missing, found.FurtherForeign));
        Assert.Equal(Zone("strange."), Assert.Single(found.Foreign).Zone);

        DateTimeOffset since = found.Foreign[0].Since;
        Advance(TimeSpan.FromHours(7));
        Assert.Equal(since, Assert.Single(Found(sweep).Foreign).Since);
        Assert.Equal(2, server.Lists);
        sweep.Tell(new ZoneAdopted(Zone("strange.")));
        Assert.Empty(Found(sweep).Foreign);
    }

    [Fact]
    public void Where_zones_are_not_named_each_is_looked_at_and_not_faster_than_allowed()
    {
        Serve("ns1", ZoneListing.None);
        Want([.. Enumerable.Range(0, 1700).Select(i => $"z{i:D5}.")]);
        IActorRef sweep = Start();
        Advance(TimeSpan.FromSeconds(31));
        Assert.InRange(_looks.Count, 1, 300);
        Advance(TimeSpan.FromSeconds(2));
        Assert.InRange(_looks.Count, 200, 700);
        Advance(TimeSpan.FromSeconds(20));
        Assert.Equal(_rows.Keys, _looks.Select(l => l.Zone).Order());
        Assert.Equal(("swept", null, 0), (Found(sweep).State, Found(sweep).Named, Found(sweep).Missing));
    }

    [Fact]
    public void A_server_that_names_only_what_was_brought_there_is_looked_at_whole()
    {
        Serve("ns1", ZoneListing.Own, "kept.", "left.");
        Want("kept.", "lost.");
        IActorRef sweep = Start();
        Advance(TimeSpan.FromSeconds(40));
        Assert.Equal([Zone("kept."), Zone("lost.")], _looks.Select(l => l.Zone).Order());
        Assert.Equal(Zone("left."), Assert.Single(Found(sweep).Foreign).Zone);
    }

    [Fact]
    public void Servers_that_are_away_or_held_elsewhere_are_left_and_a_return_is_not_waited_for_until_the_next_turn()
    {
        PlayedServer away = Serve("ns1", ZoneListing.Whole);
        Serve("ns2", null);
        away.IsHealthy = false;
        Want("lost.");
        IActorRef sweep = Start();
        Advance(TimeSpan.FromMinutes(5));
        Assert.Equal(["away", "elsewhere"], Ask<SweepFindings>(sweep, new GetSweep()).Servers.Select(s => s.State));
        Assert.Empty(_looks);

        away.IsHealthy = true;
        Sys.EventStream.Publish(new TargetHealthChanged("ns1", Healthy: true, Returned: true, Reason: null));
        Advance(TimeSpan.FromSeconds(40));
        Assert.Equal([new LookAtTarget(Zone("lost."), "ns1")], _looks);
    }

    [Fact]
    public void A_list_that_fails_and_a_journal_that_is_away_say_nothing_of_any_zone()
    {
        PlayedServer server = Serve("ns1", ZoneListing.Whole, "kept.", "strange.");
        Want("kept.", "lost.");
        server.Failure = new Reason(ReasonCode.TargetAway, "for a test");
        IActorRef sweep = Start();
        Advance(TimeSpan.FromSeconds(40));
        Assert.Equal(("failed", ReasonCode.TargetAway), (Found(sweep).State, Found(sweep).Reason?.Code));
        server.Failure = null;
        _isJournalAway = true;
        Advance(TimeSpan.FromMinutes(11));
        Assert.Equal(("failed", ReasonCode.JournalAway), (Found(sweep).State, Found(sweep).Reason?.Code));
        Assert.Empty(_looks);
        Assert.Empty(Found(sweep).Foreign);
        _isJournalAway = false;
        Advance(TimeSpan.FromMinutes(11));
        Assert.Equal(("swept", null, 1), (Found(sweep).State, Found(sweep).Reason, Found(sweep).Foreign.Length));
    }

    [Fact]
    public void A_driver_that_never_answers_holds_nobody_up()
    {
        Serve("ns1", ZoneListing.Whole).IsSilent = true;
        Serve("ns2", ZoneListing.Whole, "strange.");
        IActorRef sweep = Start();
        Advance(TimeSpan.FromMinutes(4));
        Assert.Equal(["failed", "swept"], Ask<SweepFindings>(sweep, new GetSweep()).Servers.Select(s => s.State));
    }

    [Fact]
    public void Of_very_many_strange_zones_the_first_are_told_and_the_others_counted()
    {
        _namesMaximum = 3;
        Serve("ns1", ZoneListing.Whole, "a.", "b.", "c.", "d.", "e.");
        IActorRef sweep = Start();
        Advance(TimeSpan.FromSeconds(40));
        Assert.Equal([Zone("a."), Zone("b."), Zone("c.")], Found(sweep).Foreign.Select(f => f.Zone));
        Assert.Equal(2, Found(sweep).FurtherForeign);
    }

    [Fact]
    public void A_target_that_goes_in_the_middle_is_forgotten()
    {
        Serve("ns1", ZoneListing.Whole).IsSilent = true;
        IActorRef sweep = Start();
        Advance(TimeSpan.FromSeconds(31));
        _servers.Clear();
        Serve("ns2", ZoneListing.Whole, "strange.");
        sweep.Tell(Targets());
        Advance(TimeSpan.FromSeconds(40));
        Assert.Equal(("ns2", "swept"), (Found(sweep).Target, Found(sweep).State));
    }

    private IActorRef Start()
    {
        var settings = new SweepSettings(_directory.Ref, _region.Ref, _journal.Ref) { NamesMaximum = _namesMaximum };
        IActorRef sweep = ActorOf(ServerSweepActor.Props(settings));
        _directory.ExpectMsg<GetTargetSet>();
        _directory.Reply(Targets());
        return sweep;
    }

    private TargetSetChanged Targets() => new(new TargetSet(
        ++_version, _servers.ToImmutableSortedDictionary(s => s.Key, s => s.Value.Probe.Ref, StringComparer.Ordinal)));

    private ServerFindings Found(IActorRef sweep) => Assert.Single(Ask<SweepFindings>(sweep, new GetSweep()).Servers);

    private PlayedServer Serve(string name, ZoneListing? listing, params string[] zones)
    {
        var server = new PlayedServer(name, listing, CreateTestProbe(name), [.. zones.Select(Zone)]);
        _servers.Add(name, server);
        return server;
    }

    private void Want(params string[] zones)
    {
        foreach (string zone in zones) _rows[Zone(zone)] = Row(zone);
    }

    private static ZoneRow Row(string zone) => new()
    {
        Name = Zone(zone),
        Wish = ZoneWish.Present,
        Generation = 1,
        ChangedAt = default,
        Content = SampleZones.Content(zone, 1),
    };

    private static DomainName Zone(string name) => DomainName.Parse(name);

    /// <summary>A target's actor. What it names, and what it serves when it is asked about it, may differ.</summary>
    private sealed class PlayedServer
    {
        private readonly ImmutableArray<DomainName> _named;

        public PlayedServer(string name, ZoneListing? listing, TestProbe probe, ImmutableArray<DomainName> named)
        {
            _named = named;
            Served = [.. named];
            Probe = probe;
            probe.SetAutoPilot((_, message) =>
            {
                object? answer = message switch
                {
                    GetTargetStatus => new TargetStatus(name, "played", IsHealthy, null, default, 0, 0) { Listing = listing },
                    AskServer { Question: ListServed list } when !IsSilent => Named(list),
                    AskServer { Question: ObserveZone look } => new ZoneObserved(
                        look.Id, Served.Contains(look.Zone) ? Observation.Present : Observation.Absent, 1, null),
                    _ => null,
                };
                if (answer is not null) probe.Reply(answer);
            });
        }

        public TestProbe Probe { get; }

        public HashSet<DomainName> Served { get; }

        public bool IsHealthy { get; set; } = true;

        public bool IsSilent { get; set; }

        public Reason? Failure { get; set; }

        public int Lists { get; private set; }

        private ServedListed Named(ListServed list)
        {
            Lists++;
            return new ServedListed(list.Id, Failure is null ? _named : [], Failure);
        }
    }
}
