using Agent.Actors.Backends;
using Agent.Actors.Kernel;
using Agent.Actors.Reasons;
using Agent.Dns.Wire;
using Agent.Tests.TestKit;
using Agent.Tests.Zones;

namespace Agent.Tests.Targets;

/// <summary>Many zones, many changes, and servers that stop to answer.</summary>
public sealed class TargetScaleTests : TestKitBase
{
    private static readonly TimeSpan ProbeInterval = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan ProbeDeadline = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan CommandDeadline = TimeSpan.FromSeconds(60);

    private readonly TestProbe _owner;

    public TargetScaleTests() => _owner = CreateTestProbe("owner");

    [Fact]
    public void A_change_does_not_wait_behind_looks_and_looks_have_their_turn_all_the_same()
    {
        SlowServer server = new() { Traits = new BackendTraits("test", 1, TimeSpan.FromSeconds(1)) };
        IActorRef target = Start("ns1", server);
        foreach (int i in Enumerable.Range(0, 100)) Want(target, $"look{i}.example.", 1, isLook: true);
        foreach (int i in Enumerable.Range(0, 12)) Want(target, $"change{i}.example.", 2);
        Advance(TimeSpan.FromMinutes(1));

        int[] changes = Places(server, order => order is ApplyZone { Zone: var zone } && IsChange(zone));
        Assert.Equal(12, changes.Length);
        // One look was under way; behind each four changes, or looks at changes just made, comes one look at most.
        Assert.InRange(changes[^1], 12, 2 + (12 * 2 * 5 / 4));
        int[] looks = Places(server, order => order is ObserveZone { Zone: var zone } && !IsChange(zone));
        Assert.InRange(looks.Count(at => at < changes[^1]), 2, 5);
        Assert.Equal(100, server.Orders.OfType<ObserveZone>().Where(o => !IsChange(o.Zone)).Select(o => o.Zone).Distinct().Count());

        static bool IsChange(DomainName zone) => zone.ToString().StartsWith("change", StringComparison.Ordinal);
    }

    [Fact]
    public void As_many_orders_go_out_in_one_turn_as_the_driver_takes_so_that_it_can_put_them_together()
    {
        SlowServer server = new() { Traits = new BackendTraits("test", 50, TimeSpan.FromSeconds(1)) { OrdersTogether = 50 } };
        IActorRef target = Start("ns1", server);
        foreach (int i in Enumerable.Range(0, 120)) Want(target, $"z{i}.example.", 1);
        Advance(TimeSpan.FromMinutes(1));

        // The server answers a millisecond after each order: all of a round are there before the first answer is.
        int[] rounds = [.. server.Orders.Zip(server.At).Where(x => x.First is ApplyZone).GroupBy(x => x.Second).Select(g => g.Count())];
        Assert.Equal([50, 50, 20], rounds);
        Assert.Equal(0, Status(target).Behind);
    }

    [Fact]
    public void A_server_that_hangs_is_asked_one_thing_at_a_time_and_the_others_go_on_as_if_it_were_not_there()
    {
        SlowServer hung = new() { Traits = Bind, Hangs = true };
        SlowServer well = new() { Traits = Bind };
        (IActorRef hangs, IActorRef goes) = (Start("ns1", hung), Start("ns2", well));
        for (uint serial = 1; serial <= 200; serial++)
        {
            foreach (int i in Enumerable.Range(0, 40))
            {
                Want(hangs, $"z{i}.example.", serial);
                Want(goes, $"z{i}.example.", serial);
            }

            // Not a step of time later than without the other: an order takes a millisecond, and a look another.
            Advance(TimeSpan.FromMilliseconds(20));
            Assert.Equal((0, 0), (Status(goes).Behind, Status(goes).UnderWay));
            Advance(TimeSpan.FromSeconds(1));
            Assert.InRange(Status(hangs).Behind, 40, 40);
        }

        Assert.Equal(200 * 40, well.Orders.OfType<ApplyZone>().Count());
        Assert.False(Status(hangs).Healthy);
        // What was under way when nobody knew yet, and never more.
        Assert.InRange(hung.Orders.Count(o => o is not ProbeServer), 1, Bind.MaxConcurrentOrders);
        Assert.Equal(1, hung.MostProbes);
        Assert.InRange(hung.Orders.OfType<ProbeServer>().Count(), 10, 21);
    }

    [Fact]
    public void A_server_back_after_hours_gets_the_newest_content_of_each_zone_and_nothing_of_what_was_between()
    {
        const int Zones = 40;
        SlowServer server = new() { Traits = Bind };
        IActorRef target = Start("ns1", server);
        WantAll(serial: 1);
        Advance(TimeSpan.FromSeconds(1));
        server.Hangs = true;
        for (uint serial = 2; serial <= 101; serial++)
        {
            WantAll(serial);
            Advance(TimeSpan.FromMinutes(3));
            Assert.Equal((Zones, 0), (Status(target).Behind, Status(target).UnderWay));
        }

        int before = server.Orders.Count;
        server.Hangs = false;
        Advance(TimeSpan.FromMinutes(1));

        BackendOrder[] after = [.. server.Orders.Skip(before).Where(o => o is not ProbeServer)];
        Assert.Equal(Zones, after.OfType<ApplyZone>().Count());
        Assert.Empty(after.OfType<RemoveZone>());
        Assert.InRange(after.OfType<ObserveZone>().Count(), Zones, 2 * Zones);
        Assert.All(after.OfType<ApplyZone>(), apply => Assert.Equal(101u, apply.Content.Serial));
        Assert.Equal(0, Status(target).Behind);

        void WantAll(uint serial)
        {
            foreach (int i in Enumerable.Range(0, Zones)) Want(target, $"z{i}.example.", serial);
        }
    }

    private static BackendTraits Bind { get; } = new("test", 32, TimeSpan.FromSeconds(10));

    private static int[] Places(SlowServer server, Func<BackendOrder, bool> isMeant) =>
        [.. server.Orders.Index().Where(x => isMeant(x.Item)).Select(x => x.Index)];

    private IActorRef Start(string name, SlowServer server)
    {
        server.Later = (delay, action) => Sim.Schedule(delay, action);
        server.Now = () => Sim.Now;
        return ActorOf(BackendActor.Props(new BackendActorSettings(name, server, ProbeInterval)), name);
    }

    private void Want(IActorRef target, string zone, uint serial, bool isLook = false) => _owner.Send(
        target, new WantZone(DomainName.Parse(zone), serial, SampleZones.Content(zone, serial), isLook));

    private TargetStatus Status(IActorRef target)
    {
        TestProbe asker = CreateTestProbe();
        asker.Send(target, new GetTargetStatus());
        return asker.ExpectMsg<TargetStatus>();
    }

    /// <summary>Takes a millisecond for everything; while it hangs, nothing is answered before the deadline of the command.</summary>
    private sealed class SlowServer : IZoneBackend
    {
        private readonly Dictionary<DomainName, uint> _served = [];
        private int _probes;

        public required BackendTraits Traits { get; init; }

        public Action<TimeSpan, Action> Later { get; set; } = null!;

        public Func<TimeSpan> Now { get; set; } = null!;

        public bool Hangs { get; set; }

        public List<BackendOrder> Orders { get; } = [];

        public List<TimeSpan> At { get; } = [];

        public int MostProbes { get; private set; }

        public void Apply(ApplyZone order, ReplyTo replyTo) => Finish(order, replyTo, () => _served[order.Zone] = order.Content.Serial);

        public void Remove(RemoveZone order, ReplyTo replyTo) => Finish(order, replyTo, () => _served.Remove(order.Zone));

        public void Probe(ProbeServer order, ReplyTo replyTo)
        {
            MostProbes = Math.Max(MostProbes, ++_probes);
            Finish(order, replyTo, () => { });
        }

        public void Observe(ObserveZone order, ReplyTo replyTo)
        {
            Note(order);
            if (Hangs) Later(CommandDeadline, () => replyTo.Tell(new ZoneObserved(order.Id, Observation.CannotTell, 0, Silent)));
            else Later(TimeSpan.FromMilliseconds(1), () => replyTo.Tell(See(order)));
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;

        private static Reason Silent { get; } = new(ReasonCode.TargetAway, "no answer in time");

        private ZoneObserved See(ObserveZone order) => _served.TryGetValue(order.Zone, out uint serial)
            ? new ZoneObserved(order.Id, Observation.Present, serial, null)
            : new ZoneObserved(order.Id, Observation.Absent, 0, null);

        private void Finish(BackendOrder order, ReplyTo replyTo, Action effect)
        {
            Note(order);
            bool hangs = Hangs;
            TimeSpan deadline = order is ProbeServer ? ProbeDeadline : CommandDeadline;
            Later(hangs ? deadline : TimeSpan.FromMilliseconds(1), () =>
            {
                if (order is ProbeServer) _probes--;
                if (!hangs) effect();
                replyTo.Tell(new OrderFinished(order.Id, hangs ? OrderOutcome.Away : OrderOutcome.Done, hangs ? Silent : null));
            });
        }

        private void Note(BackendOrder order)
        {
            Orders.Add(order);
            At.Add(Now());
        }
    }
}
