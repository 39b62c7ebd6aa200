using System.Net;
using Agent.Actors.Kernel;
using Agent.Actors.Reasons;
using Agent.Actors.Transfers;
using Agent.Dns.Wire;
using Agent.Tests.TestKit;

namespace Agent.Tests.Passes;

/// <summary>The directory of masters, over a client that the test plays.</summary>
public sealed class MasterDirectoryTests : TestKitBase
{
    private static readonly Master Common = new("m1", "192.0.2.1", 5354, null);
    private static readonly Master Other = new("m2", "192.0.2.2", 5354, null);
    private static readonly Reason Dead = new(ReasonCode.NoMaster, "for a test");

    private readonly PlayedClient _client = new();

    [Fact]
    public void A_pass_that_waits_for_addresses_gets_those_of_masters_that_came_with_a_reload()
    {
        IActorRef directory = ActorOf(MasterDirectoryActor.Props(new MasterDirectorySettings(
            _client, new MasterRoster([new Master("old", "old.example", 53, null)]))));
        TestProbe pass = CreateTestProbe("pass");
        pass.Send(directory, Get(1));
        RunReady();
        (ResolveMaster old, ReplyTo oldReply) = Assert.Single(_client.Lookups);
        directory.Tell(new ReplaceMasters(new MasterRoster([new Master("new", "new.example", 53, null)])));
        RunReady();
        oldReply.Tell(new MasterResolved(old.Id, old.Master, [new IPEndPoint(IPAddress.Loopback, 53)], null));
        pass.ExpectNoMsg();
        (ResolveMaster found, ReplyTo reply) = _client.Lookups[^1];
        Assert.Equal("new", found.Master.Name);
        reply.Tell(new MasterResolved(found.Id, found.Master, [new IPEndPoint(IPAddress.IPv6Loopback, 53)], null));
        Assert.Equal("new", Assert.Single(pass.ExpectMsg<MasterPlan>().Addresses).Master.Name);
    }

    [Fact]
    public void A_master_that_a_reload_left_out_is_told_of_no_more()
    {
        TestProbe stream = CreateTestProbe("stream");
        Sys.EventStream.Subscribe(stream.Ref, typeof(MasterStates));
        IActorRef directory = Directory(new MasterRoster([Common, Other]), new PaceLimits(ChecksPerSecond: 10, QuestionsPerSecond: 100));
        TestProbe pass = CreateTestProbe("pass");
        pass.Send(directory, Get(1));
        pass.ExpectMsg<MasterPlan>();
        Assert.Equal(["m1", "m2"], stream.TakeAll().OfType<MasterStates>().Last().Masters.Select(m => m.Name));
        directory.Tell(new ReplaceMasters(new MasterRoster([Other])));
        RunReady();
        Assert.Equal(["m2"], stream.TakeAll().OfType<MasterStates>().Last().Masters.Select(m => m.Name));
    }

    [Fact]
    public void Regular_checks_are_spread_and_an_urgent_pass_goes_before_them()
    {
        IActorRef directory = Directory(new MasterRoster([Common]), new PaceLimits(ChecksPerSecond: 10, QuestionsPerSecond: 100));
        TestProbe[] checks = [.. Enumerable.Range(0, 31).Select(i => CreateTestProbe($"check{i}"))];
        for (int i = 0; i < checks.Length; i++) checks[i].Send(directory, Get(i));
        RunReady();
        Assert.Equal(1, checks.Count(c => c.TakeAll().Count > 0));
        TestProbe urgent = CreateTestProbe("urgent");
        urgent.Send(directory, Get(99, urgent: true));
        urgent.ExpectMsg<MasterPlan>(TimeSpan.FromMilliseconds(1));

        // Whoever asks again while it waits keeps its turn.
        for (int i = 0; i < checks.Length; i++) checks[i].Send(directory, Get(i));
        RunReady();
        Sim.RunFor(TimeSpan.FromSeconds(1.05));
        Assert.Equal(10, checks.Skip(1).Take(10).Count(c => c.TakeAll().Count > 0));
        Sim.RunFor(TimeSpan.FromSeconds(2));
        Assert.Equal(20, checks.Skip(11).Count(c => c.TakeAll().Count > 0));
    }

    [Fact]
    public void A_pass_that_ended_while_it_waited_takes_nobodys_turn()
    {
        IActorRef directory = Directory(new MasterRoster([Common]), new PaceLimits(ChecksPerSecond: 1, QuestionsPerSecond: 100));
        TestProbe first = CreateTestProbe("first"), gone = CreateTestProbe("gone"), last = CreateTestProbe("last");
        foreach (TestProbe probe in (TestProbe[])[first, gone, last]) probe.Send(directory, Get(1));
        first.ExpectMsg<MasterPlan>();
        Sys.Stop(gone.Ref);
        RunReady();
        Assert.NotNull(last.ExpectMsg<MasterPlan>(TimeSpan.FromSeconds(1.1)));
    }

    [Fact]
    public void Zones_have_masters_of_their_own_and_do_not_wait_for_those_of_others()
    {
        var roster = new MasterRoster([Common], [new ZoneMasters(Pattern("*.own.example."), [Other])]);
        IActorRef directory = Directory(roster, new PaceLimits(ChecksPerSecond: 1, QuestionsPerSecond: 100));
        TestProbe common = CreateTestProbe("common"), waiting = CreateTestProbe("waiting"), own = CreateTestProbe("own");
        common.Send(directory, Get(1));
        waiting.Send(directory, Get(2));
        Assert.Equal(Common, Assert.Single(common.ExpectMsg<MasterPlan>().Addresses).Master);
        own.Send(directory, Get(3, "a.own.example."));
        Assert.Equal(Other, Assert.Single(own.ExpectMsg<MasterPlan>(TimeSpan.FromMilliseconds(10)).Addresses).Master);
        waiting.ExpectNoMsg(TimeSpan.FromMilliseconds(100));
    }

    [Fact]
    public void A_dead_master_is_tried_beside_the_passes_and_its_return_is_told()
    {
        IActorRef directory = Directory(new MasterRoster([Common, Other]), new PaceLimits(100, 100));
        TestProbe stream = CreateTestProbe("stream"), pass = CreateTestProbe("pass");
        Sys.EventStream.Subscribe(stream.Ref, typeof(MasterReturned));
        for (int i = 0; i < MasterBoard.FailuresUntilDead; i++)
            directory.Tell(new MasterHeard(Route(Common), Dead) { Zone = DomainName.Parse("z.example.") });
        pass.Send(directory, Get(1));
        Assert.Equal(Other, Assert.Single(pass.ExpectMsg<MasterPlan>().Addresses).Master);
        Sim.RunFor(TimeSpan.FromSeconds(3));
        (AskSoa trial, ReplyTo reply) = Assert.Single(_client.Questions);
        Assert.Equal(Common, trial.Address.Master);
        stream.ExpectNoMsg(TimeSpan.FromMilliseconds(100));
        reply.Tell(new SoaAnswered(trial.Id, trial.Address, SoaOutcome.Absent, 0, null));
        Assert.Equal(EndPoint(Common), stream.ExpectMsg<MasterReturned>().EndPoint);
        pass.Send(directory, Get(2));
        Assert.Equal(2, pass.ExpectMsg<MasterPlan>().Addresses.Length);
        Sim.RunFor(TimeSpan.FromMinutes(1));
        Assert.Single(_client.Questions);
    }

    [Fact]
    public void Answers_to_the_questions_of_passes_open_and_close_the_circuit()
    {
        IActorRef directory = Directory(new MasterRoster([Common, Other]), new PaceLimits(100, 100));
        TestProbe pass = CreateTestProbe("pass");
        for (int i = 0; i < MasterBoard.FailuresUntilDead; i++)
            directory.Tell(new SoaAnswered(i, new MasterAddress(Common, EndPoint(Common)), SoaOutcome.Unreachable, 0, Dead));
        pass.Send(directory, Get(1, urgent: true));
        Assert.Equal(Other, Assert.Single(pass.ExpectMsg<MasterPlan>().Addresses).Master);
        Sim.RunFor(TimeSpan.FromSeconds(3));
        (AskSoa trial, _) = Assert.Single(_client.Questions);
        Assert.Equal((Common, DomainName.Parse("z.own.example.")), (trial.Address.Master, trial.Zone));
        directory.Tell(new SoaAnswered(9, new MasterAddress(Common, EndPoint(Common)), SoaOutcome.Serial, 1, null));
        pass.Send(directory, Get(2, urgent: true));
        Assert.Equal(2, pass.ExpectMsg<MasterPlan>().Addresses.Length);
    }

    [Fact]
    public void An_urgent_pass_too_is_told_from_whom_transfers_failed_lately()
    {
        IActorRef directory = Directory(new MasterRoster([Common, Other]), new PaceLimits(100, 100));
        TestProbe pass = CreateTestProbe("pass");
        MasterRoute route = Route(Common);
        for (int i = 0; i < MasterBoard.ZonesUntilRest; i++)
            directory.Tell(new MasterHeard(route, null) { Zone = Zone(i), Fault = MasterFault.Broken, FaultReason = Dead });
        pass.Send(directory, Get(1, urgent: true));
        MasterPlan plan = pass.ExpectMsg<MasterPlan>();
        Assert.Equal((0, route), (plan.Rests.Length, Assert.Single(plan.Last)));
        pass.Send(directory, Get(2));
        Assert.Equal(route, Assert.Single(pass.ExpectMsg<MasterPlan>().Rests).Route);
    }

    [Fact]
    public void When_no_master_answers_most_checks_are_told_so_at_once()
    {
        IActorRef directory = Directory(new MasterRoster([Common]), new PaceLimits(1000, 1000));
        for (int i = 0; i < MasterBoard.FailuresUntilDead; i++) directory.Tell(new MasterHeard(Route(Common), Dead));
        TestProbe[] checks = [.. Enumerable.Range(0, 50).Select(i => CreateTestProbe($"check{i}"))];
        for (int i = 0; i < checks.Length; i++) checks[i].Send(directory, Get(i));
        RunReady();
        MasterPlan[] plans = [.. checks.Select(c => c.ExpectMsg<MasterPlan>())];
        Assert.Equal((int)PaceLimits.DeadPerSecond, plans.Count(p => p.Addresses.Length == 1));
        Assert.All(plans.Where(p => p.Addresses.IsEmpty), p => Assert.Equal(Dead, p.Reason));
        Assert.All(plans, p => Assert.False(p.HasNoMasters));
        TestProbe urgent = CreateTestProbe("urgent");
        urgent.Send(directory, Get(99, urgent: true));
        Assert.Single(urgent.ExpectMsg<MasterPlan>().Addresses);
    }

    [Fact]
    public void What_a_zone_hears_of_a_dead_master_names_no_other_zone()
    {
        IActorRef directory = Directory(new MasterRoster([Common]), new PaceLimits(1000, 1000));
        var ofAnyZone = new Reason(ReasonCode.NoMaster, "Master m1: no answer.");
        for (int i = 0; i < MasterBoard.FailuresUntilDead; i++)
        {
            directory.Tell(new SoaAnswered(i, new MasterAddress(Common, EndPoint(Common)), SoaOutcome.Unreachable, 0, Dead)
            {
                MasterReason = ofAnyZone,
            });
        }

        TestProbe[] checks = [.. Enumerable.Range(0, (int)PaceLimits.DeadPerSecond + 1).Select(i => CreateTestProbe($"check{i}"))];
        for (int i = 0; i < checks.Length; i++) checks[i].Send(directory, Get(i));
        RunReady();
        Assert.Equal(ofAnyZone, Assert.Single(checks.Select(c => c.ExpectMsg<MasterPlan>()), p => p.Addresses.IsEmpty).Reason);
    }

    [Fact]
    public void A_zone_without_masters_is_told_that_there_are_none()
    {
        IActorRef directory = Directory(new MasterRoster([]), new PaceLimits(1, 1));
        TestProbe pass = CreateTestProbe("pass");
        pass.Send(directory, Get(1));
        Assert.True(pass.ExpectMsg<MasterPlan>().HasNoMasters);
    }

    [Theory]
    [InlineData("a.example.", "exact")]
    [InlineData("A.EXAMPLE.", "exact")]
    [InlineData("b.example.", "below")]
    [InlineData("x.y.example.", "below")]
    [InlineData("z.deep.example.", "deeper")]
    [InlineData("example.", "common")]
    [InlineData("else.test.", "common")]
    public void The_pattern_that_fits_best_counts(string zone, string master)
    {
        static ZoneMasters Own(string pattern, string name) => new(Pattern(pattern), [new Master(name, "192.0.2.9", 53, null)]);
        var roster = new MasterRoster(
            [new Master("common", "192.0.2.8", 53, null)],
            [Own("*.example.", "below"), Own("a.example", "exact"), Own("*.deep.example", "deeper")]);
        Assert.Equal(master, Assert.Single(roster.Of(DomainName.Parse(zone))).Name);
    }

    private IActorRef Directory(MasterRoster roster, PaceLimits pace)
    {
        _client.ResolvesByItself = true;
        IActorRef directory = ActorOf(MasterDirectoryActor.Props(new MasterDirectorySettings(_client, roster) { Pace = pace }));
        TestProbe probe = CreateTestProbe("resolver");
        foreach (string zone in (string[])["z.example.", "z.own.example."])
        {
            probe.Send(directory, Get(0, zone, urgent: true));
            probe.ExpectMsg<MasterPlan>();
        }

        return directory;
    }

    private static ZonePattern Pattern(string text) =>
        ZonePattern.TryParse(text, out ZonePattern? pattern) ? pattern : throw new ArgumentException(text);

    private static GetMasters Get(long id, string zone = "z.example.", bool urgent = false) =>
        new(id, DomainName.Parse(zone), null, urgent);

    private static DomainName Zone(int i) => DomainName.Parse($"z{i}.example.");

    private static MasterRoute Route(Master master) => new(EndPoint(master), master.Tls);

    private static IPEndPoint EndPoint(Master master) => new(IPAddress.Parse(master.Host), master.Port);

    private sealed class PlayedClient : IMasterClient
    {
        public List<(ResolveMaster Request, ReplyTo ReplyTo)> Lookups { get; } = [];

        public List<(AskSoa Request, ReplyTo ReplyTo)> Questions { get; } = [];

        public bool ResolvesByItself { get; set; }

        public void Resolve(ResolveMaster request, ReplyTo replyTo)
        {
            Lookups.Add((request, replyTo));
            if (ResolvesByItself) replyTo.Tell(new MasterResolved(request.Id, request.Master, [EndPoint(request.Master)], null));
        }

        public void AskSoa(AskSoa request, ReplyTo replyTo) => Questions.Add((request, replyTo));

        public void Transfer(TransferZone request, ReplyTo replyTo) => throw new InvalidOperationException("not asked for here");

        public void Cancel(long id)
        {
        }
    }
}
