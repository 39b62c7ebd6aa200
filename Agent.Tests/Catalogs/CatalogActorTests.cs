using System.Collections.Immutable;
using Agent.Actors.Catalogs;
using Agent.Actors.Journal;
using Agent.Actors.Kernel;
using Agent.Actors.Reasons;
using Agent.Actors.Zones;
using Agent.Dns.Catalogs;
using Agent.Dns.Wire;
using Agent.Dns.Zones;
using Agent.Tests.TestKit;
using Agent.Tests.Zones;

namespace Agent.Tests.Catalogs;

/// <summary>A catalog's actor over zones and a journal that the test plays.</summary>
public sealed class CatalogActorTests : TestKitBase
{
    private const int Many = 10_000;
    private static readonly DomainName Name = DomainName.Parse("catalog.example.");
    private static readonly DomainName Heir = DomainName.Parse("heir.example.");
    private static readonly Reason Elsewhere = new(ReasonCode.OwnedElsewhere, "for a test");

    private readonly SortedDictionary<DomainName, ZoneOwner> _rows = [];
    private readonly HashSet<DomainName> _others = [];
    private readonly PlayedReader _reader = new();
    private readonly CatalogPolicyHolder _policies = new(
        ImmutableDictionary<DomainName, CatalogPolicy>.Empty.Add(Name, new CatalogPolicy(Name)));
    private readonly TestProbe _region;
    private readonly TestProbe _journal;
    private int _answers = int.MaxValue;
    private int _asked;
    private int _underWay;
    private int _mostUnderWay;

    public CatalogActorTests()
    {
        _region = CreateTestProbe("region");
        _region.SetAutoPilot(Play);
        _journal = CreateTestProbe("journal");
        _journal.SetAutoPilot((probe, message) =>
        {
            if (message is not AskOwned asked) return;
            var owned = _rows.Where(r => r.Key != Name && r.Value.Catalog == asked.Catalog);
            probe.Reply(new OwnedRead(asked.Catalog, [.. owned.Select(r => new OwnedZone(r.Key, r.Value))]));
        });
    }

    [Fact]
    public void A_successor_goes_on_where_the_owner_died()
    {
        _reader.Members = [.. Enumerable.Range(0, Many).Select(i => Zone($"z{i}"))];
        _answers = Many / 2;
        IActorRef first = Start(1);
        Advance(TimeSpan.FromSeconds(30));
        Assert.Equal("applying", Status(first).State);
        Assert.Equal(Many / 2, _rows.Count);
        Sys.Stop(first);
        Advance(TimeSpan.FromSeconds(1));

        (_answers, _asked, _underWay) = (int.MaxValue, 0, 0);
        IActorRef second = Start(1);
        Advance(TimeSpan.FromSeconds(30));
        Assert.Equal(("ok", Many, 0), (Status(second).State, Status(second).Members, Status(second).Adding));
        Assert.Equal(Many / 2, _asked);
        Assert.InRange(_mostUnderWay, 1, 64);
    }

    [Fact]
    public void An_answer_that_never_comes_holds_up_one_round()
    {
        _reader.Members = [Zone("a"), Zone("b")];
        _answers = 1;
        IActorRef actor = Start(1);
        Advance(TimeSpan.FromMinutes(1));
        Assert.Single(_rows);
        _answers = int.MaxValue;
        Advance(TimeSpan.FromMinutes(3));
        Assert.Equal(("ok", 2), (Status(actor).State, Status(actor).Members));
    }

    [Fact]
    public void Zones_that_are_not_free_are_told_and_tried_again()
    {
        _reader.Members = [Zone("a"), Zone("b")];
        _others.Add(Zone("b"));
        IActorRef actor = Start(1);
        Advance(TimeSpan.FromSeconds(1));
        CatalogStatus status = Status(actor);
        Assert.Equal(("conflict", 1, 1), (status.State, status.Members, status.Conflicts));
        Assert.Equal(Zone("b"), Assert.Single(status.Conflicting).Zone);
        _others.Clear();
        Advance(TimeSpan.FromMinutes(5));
        Assert.Equal(("ok", 2), (Status(actor).State, Status(actor).Members));
    }

    [Fact]
    public void A_member_that_its_next_catalog_has_taken_is_no_conflict()
    {
        _policies.Current = _policies.Current.Add(Heir, new CatalogPolicy(Heir));
        (_reader.Members, _reader.NextOwner) = ([Zone("a"), Zone("b")], Heir);
        _rows[Zone("b")] = new ZoneOwner(Heir, "l");
        _others.Add(Zone("b"));
        IActorRef actor = Start(1);
        Advance(TimeSpan.FromSeconds(1));
        CatalogStatus status = Status(actor);
        Assert.Equal(("ok", 1, 0, 0), (status.State, status.Members, status.Adding, status.Conflicts));

        // The heir drops it, and the catalog still has it.
        _rows.Remove(Zone("b"));
        _others.Clear();
        Advance(TimeSpan.FromMinutes(6));
        Assert.Equal(("ok", 2), (Status(actor).State, Status(actor).Members));
    }

    [Fact]
    public void A_broken_catalog_removes_nothing_and_the_next_one_counts()
    {
        _reader.Members = [Zone("a"), Zone("b")];
        IActorRef actor = Start(1);
        Advance(TimeSpan.FromSeconds(1));
        _reader.Problem = "for a test";
        actor.Tell(Row(2));
        Advance(TimeSpan.FromHours(1));
        Assert.Equal(("broken", 2), (Status(actor).State, _rows.Count));
        (_reader.Problem, _reader.Members) = (null, [Zone("b")]);
        actor.Tell(Row(3));
        Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(("ok", Zone("b")), (Status(actor).State, Assert.Single(_rows).Key));
    }

    [Fact]
    public void An_expired_catalog_and_one_that_is_gone_remove_nothing()
    {
        _reader.Members = [Zone("a")];
        IActorRef actor = Start(1);
        Advance(TimeSpan.FromSeconds(1));
        actor.Tell(new CatalogRow(Row(1).Row! with { Reason = new Reason(ReasonCode.Expired, "for a test") }));
        Advance(TimeSpan.FromHours(1));
        actor.Tell(new CatalogRow(null));
        Advance(TimeSpan.FromHours(1));
        Assert.Contains(Zone("a"), _rows.Keys);
    }

    [Theory]
    [InlineData(ReasonCode.GuardApex)]
    [InlineData(ReasonCode.ZoneNotAtMaster)]
    [InlineData(ReasonCode.Expired)]
    public void What_stands_against_the_catalogs_own_zone_stands_against_the_catalog(string code)
    {
        _reader.Members = [Zone("a"), Zone("b")];
        _others.Add(Zone("b"));
        IActorRef actor = Start(1);
        Advance(TimeSpan.FromSeconds(1));
        var trouble = new Reason(code, "for a test");

        actor.Tell(new CatalogRow(Row(1).Row! with { Reason = trouble }));
        Assert.Equal(("failing", trouble, 1), (Status(actor).State, Status(actor).Reason, Status(actor).Conflicts));

        actor.Tell(Row(1));
        Assert.Equal("conflict", Status(actor).State);
    }

    [Fact]
    public void A_failure_after_a_long_rest_is_tried_again_soon()
    {
        _reader.Members = [Zone("a")];
        IActorRef actor = Start(1);
        Advance(TimeSpan.FromHours(1));
        _reader.IsAway = true;
        for (int i = 0; i < 600 && Status(actor).State == "ok"; i++) Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("failing", Status(actor).State);
        _reader.IsAway = false;
        Advance(TimeSpan.FromSeconds(11));
        Assert.Equal("ok", Status(actor).State);
    }

    [Fact]
    public void Changed_settings_count_at_once()
    {
        for (int i = 0; i < 20; i++) _rows[Zone($"z{i}")] = new ZoneOwner(Name, "l");
        IActorRef actor = Start(1);
        Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("waiting", Status(actor).State);
        _policies.Current = _policies.Current.SetItem(Name, new CatalogPolicy(Name) { RemovalPercent = 100 });
        Sys.EventStream.Publish(new CatalogPoliciesChanged());
        Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(("ok", 0), (Status(actor).State, _rows.Count));
    }

    [Fact]
    public void An_approval_is_for_one_content_and_stands_in_the_row()
    {
        for (int i = 0; i < 20; i++) _rows[Zone($"z{i}")] = new ZoneOwner(Name, "l");
        IActorRef actor = Start(1);
        Advance(TimeSpan.FromSeconds(1));
        CatalogStatus status = Status(actor);
        Assert.Equal(("waiting", 20, 20), (status.State, status.Removing, _rows.Count));
        var origin = new RequestOrigin("test", null, "trace");
        Assert.Equal(ReasonCode.CandidateChanged, Ask<ZoneReply>(actor, new ApproveCatalog(Name, 2, origin)).Reason?.Code);
        Assert.Equal(ZoneOutcome.Done, Ask<ZoneReply>(actor, new ApproveCatalog(Name, 1, origin)).Outcome);
        actor.Tell(Row(1, _rows[Name].Label));
        _rows.Remove(Name);
        Advance(TimeSpan.FromSeconds(1));
        Assert.Empty(_rows);
        Assert.Equal("ok", Status(actor).State);
        Assert.Equal(ReasonCode.NothingWaits, Ask<ZoneReply>(actor, new ApproveCatalog(Name, 1, origin)).Reason?.Code);
    }

    [Fact]
    public void What_was_to_be_removed_by_another_content_cannot_be_approved()
    {
        for (int i = 0; i < 20; i++) _rows[Zone($"z{i}")] = new ZoneOwner(Name, "l");
        IActorRef actor = Start(1);
        Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(("waiting", 20), (Status(actor).State, Status(actor).Removing));

        // The next content is there, and nobody has seen what it takes away.
        _reader.IsAway = true;
        actor.Tell(Row(2));
        Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(("failing", 0), (Status(actor).State, Status(actor).Removing));
        var approval = new ApproveCatalog(Name, 2, new RequestOrigin("test", null, "trace"));
        Assert.Equal(ReasonCode.NothingWaits, Ask<ZoneReply>(actor, approval).Reason?.Code);
        Assert.Equal(20, _rows.Count);
    }

    private IActorRef Start(uint serial)
    {
        var settings = new CatalogSettings(_policies, _journal.Ref, _reader);
        IActorRef actor = ActorOf(CatalogActor.Props(settings, Name, _region.Ref));
        actor.Tell(Row(serial));
        return actor;
    }

    private static CatalogRow Row(uint serial, string approved = "") => new(new ZoneRow
    {
        Name = Name,
        Wish = ZoneWish.Present,
        Generation = serial,
        ChangedAt = default,
        Content = SampleZones.Content("catalog.example.", serial),
        Owner = new ZoneOwner(Name, approved),
    });

    private CatalogStatus Status(IActorRef actor) => Ask<CatalogStatus>(actor, new GetCatalog(Name));

    private void Play(TestProbe region, object message)
    {
        if (message is not ZoneMessage zone) return;
        _asked++;
        _mostUnderWay = Math.Max(_mostUnderWay, ++_underWay);
        if (_answers-- <= 0) return;
        ZoneReply reply = new(zone.Zone, ZoneOutcome.Done);
        if (_others.Contains(zone.Zone)) reply = new ZoneReply(zone.Zone, ZoneOutcome.Failed, Elsewhere);
        else if (message is ClaimZone claim) _rows[claim.Zone] = claim.Owner;
        else _rows.Remove(zone.Zone);
        _underWay--;
        region.Reply(reply);
    }

    private static DomainName Zone(string name) => DomainName.Parse($"{name}.example.");

    private sealed class PlayedReader : ICatalogReader
    {
        public ImmutableArray<DomainName> Members { get; set; } = [];

        public DomainName? NextOwner { get; set; }

        public string? Problem { get; set; }

        public bool IsAway { get; set; }

        public void Read(ZoneContent content, int membersMaximum, ReplyTo replyTo)
        {
            if (IsAway)
            {
                replyTo.Tell(new CatalogNotRead(content.Hash, "for a test"));
                return;
            }

            Catalog? catalog = Problem is null ? new Catalog(Name, 2, [.. Members.Select(MemberOf)]) : null;
            replyTo.Tell(new CatalogRead(content.Hash, new CatalogReading(catalog, Problem)));
        }

        private CatalogMember MemberOf(DomainName zone) => new(zone, "l", [], NextOwner);
    }
}
