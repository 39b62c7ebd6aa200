using Agent.Actors.Backends;
using Agent.Actors.Journal;
using Agent.Actors.Kernel;
using Agent.Actors.Kernel.Simulation;
using Agent.Dns.Wire;
using Agent.Tests.Zones;

namespace Agent.Tests.Simulation.Cluster;

/// <summary>Each checker is silent while its promise holds and says so when it is broken.</summary>
public sealed class CheckerTests
{
    private static readonly DomainName Zone = DomainName.Parse("example.com.");

    private readonly SimScheduler _sim = new(1);
    private readonly SimNode _node;
    private readonly JournalState _journal;

    public CheckerTests()
    {
        _node = _sim.CreateNode("n1");
        _journal = new JournalState(_sim);
    }

    [Fact]
    public void Two_writers_under_one_epoch_are_found()
    {
        OneWriterChecker checker = new(_journal);
        Write(10, 1, "n1");
        Write(10, 2, "n1");
        Write(11, 3, "n2");
        checker.AfterStep();
        Write(11, 4, "n1");
        Assert.ThrowsAny<Exception>(checker.AfterStep);
    }

    [Fact]
    public void A_write_under_an_older_epoch_is_found()
    {
        EpochChecker checker = new(_journal);
        Write(10, 1, "n1");
        Write(11, 2, "n2");
        checker.AfterStep();
        _journal.Write(new SimWrite(0, 10, Row(3)), ("n1", 1));
        Assert.ThrowsAny<Exception>(checker.AfterStep);
    }

    [Fact]
    public void A_gap_between_generations_and_another_content_of_the_same_are_found()
    {
        GenerationChecker checker = new(_journal);
        Write(10, 1, "n1");
        Write(10, 2, "n1");
        Write(10, 2, "n1");
        _journal.Write(new SimWrite(0, 10, new ForgetZone(Zone, null)), ("n1", 1));
        Write(10, 1, "n1");
        checker.AfterStep();
        _journal.Write(new SimWrite(0, 10, Row(1, serial: 7)), ("n1", 1));
        Assert.ThrowsAny<Exception>(checker.AfterStep);
        Write(10, 3, "n1");
        Assert.ThrowsAny<Exception>(checker.AfterStep);
    }

    [Fact]
    public void A_request_without_an_answer_and_one_with_two_are_found()
    {
        AnswerChecker checker = new(_sim);
        IActorRef actor = _node.CreateSystem().ActorOf(Props.Create(static () => new Answerer()));
        checker.Ask(_node, actor, 1);
        _sim.RunFor(TimeSpan.FromSeconds(1));
        checker.AtEnd();
        checker.Ask(_node, actor, 0);
        _sim.RunFor(TimeSpan.FromSeconds(1));
        Assert.Equal(1, checker.Open);
        Assert.ThrowsAny<Exception>(checker.AtEnd);
        _node.Crash();
        checker.AtEnd();
        _node.Restart();
        checker.AtEnd();
        checker.Ask(_node, _node.CreateSystem().ActorOf(Props.Create(static () => new Answerer())), 2);
        _sim.RunFor(TimeSpan.FromSeconds(1));
        Assert.ThrowsAny<Exception>(checker.AfterStep);
    }

    [Fact]
    public void A_serial_that_goes_back_is_found_unless_the_zone_was_gone()
    {
        SimServer server = new(_sim);
        SerialChecker checker = new("ns1", server);
        SerialChecker lenient = new("ns1", server, effect => effect.OrderedAt < effect.At);
        Apply(server, 4_294_967_290);
        Apply(server, 5);
        server.RestartEmpty();
        Apply(server, 3);
        server.Take(null, new RemoveZone(1, Zone), _ => { }, _sim.Now);
        _sim.RunFor(TimeSpan.FromSeconds(1));
        Apply(server, 2);
        checker.AfterStep();
        Apply(server, 1);
        Assert.ThrowsAny<Exception>(checker.AfterStep);
        lenient.AfterStep();
        Assert.Equal(1, lenient.Excused);
    }

    [Fact]
    public void A_buffer_that_grows_too_large_is_found_by_the_run()
    {
        ClusterCheckers checkers = new(_sim);
        long? size = null;
        checkers.Add(new BoundChecker("the buffer", () => size, 10));
        _sim.Schedule(TimeSpan.FromSeconds(1), () => size = 10);
        _sim.RunFor(TimeSpan.FromSeconds(2));
        checkers.AtEnd();
        _sim.Schedule(TimeSpan.FromSeconds(1), () => size = 11);
        SimulationException failure = Assert.Throws<SimulationException>(() => _sim.RunFor(TimeSpan.FromSeconds(2)));
        Assert.Contains("the buffer stays within 10", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Several_nodes_order_at_one_server_and_an_order_outlives_its_node()
    {
        FaultLog log = new(_sim);
        SimServer server = new(_sim);
        SimNode second = _sim.CreateNode("n2");
        SimServerEnd one = new(_sim, log, _node, server);
        SimServerEnd two = new(_sim, log, second, server);
        ReplyBox box = new(_sim);
        one.Apply(new ApplyZone(1, Zone, SampleZones.Content("example.com.", 5)), box.ReplyTo);
        two.Apply(new ApplyZone(1, Zone, SampleZones.Content("example.com.", 6)), box.ReplyTo);
        Assert.Equal(OrderOutcome.Done, box.Expect<OrderFinished>().Outcome);
        Assert.Equal(OrderOutcome.Done, box.Expect<OrderFinished>().Outcome);
        _sim.RunFor(TimeSpan.FromSeconds(1));
        Assert.Equal(["n1", "n2"], server.Effects.Select(e => e.By!.Value.Node).Order(StringComparer.Ordinal));
        one.LateChance = 1;
        one.Apply(new ApplyZone(2, Zone, SampleZones.Content("example.com.", 7)), box.ReplyTo);
        Assert.Equal(OrderOutcome.Away, box.Expect<OrderFinished>().Outcome);
        _node.Crash();
        _sim.RunFor(TimeSpan.FromSeconds(10));
        Assert.Equal(7U, server.Served[Zone]);
        Assert.True(server.Effects[^1].At - server.Effects[^1].OrderedAt >= TimeSpan.FromSeconds(5));
        two.IsCut = true;
        two.Observe(new ObserveZone(3, Zone), box.ReplyTo);
        Assert.Equal(Observation.CannotTell, box.Expect<ZoneObserved>().Observation);
    }

    private static PutZone Row(long generation, uint? serial = null) => new(new ZoneRow
    {
        Name = Zone,
        Wish = ZoneWish.Present,
        Generation = generation,
        Content = SampleZones.Content("example.com.", serial ?? (uint)generation),
        ChangedAt = SimClockOptions.Epoch,
    });

    private void Write(long epoch, long generation, string node)
    {
        _journal.Take(0, epoch);
        _journal.Write(new SimWrite(0, epoch, Row(generation)), (node, 1));
    }

    private void Apply(SimServer server, uint serial)
    {
        server.Take(null, new ApplyZone(1, Zone, SampleZones.Content("example.com.", serial)), _ => { }, _sim.Now);
        _sim.RunFor(TimeSpan.FromSeconds(1));
    }

    /// <summary>Answers as often as it is told.</summary>
    private sealed class Answerer : UntypedActor
    {
        protected internal override void OnReceive(object message)
        {
            for (int i = 0; i < (int)message; i++) Sender.Tell("answer", Self);
        }
    }
}
