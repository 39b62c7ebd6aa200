using System.Collections.Immutable;
using System.Net;
using Agent.Actors.Backends;
using Agent.Actors.Kernel;
using Agent.Actors.Transfers;
using Agent.Actors.Zones;
using Agent.Dns.Wire;
using Agent.Tests.TestKit;

namespace Agent.Tests.Simulation;

/// <summary>A master answers every question and cannot give some of its zones: MiniDNS hangs up where it cannot write a record.</summary>
public sealed class WithheldZonesTests
{
    private const int Zones = 12;

    private static readonly DomainName Healthy = DomainName.Parse("healthy.example.");
    private static readonly RequestOrigin Origin = new("192.0.2.9", null, "trace");
    private static readonly DomainName[] Names = [.. Enumerable.Range(0, Zones).Select(i => DomainName.Parse($"zone{i}.example."))];

    private readonly ActorTestKit _kit = new(1);
    private readonly SimServer _server;
    private readonly OneNode _node;
    private readonly TestProbe _returns;

    public WithheldZonesTests()
    {
        _server = new SimServer(_kit.Sim);
        _returns = _kit.CreateTestProbe("returns");
        _kit.Sys.EventStream.Subscribe(_returns.Ref, typeof(MasterReturned));
        IActorRef target = _kit.ActorOf(BackendActor.Props(new BackendActorSettings("ns1", _server, TimeSpan.FromSeconds(10))));
        ImmutableSortedDictionary<string, IActorRef> targets = ImmutableSortedDictionary<string, IActorRef>.Empty.Add("ns1", target);
        _node = OneNode.Start(_kit, new SimJournal(_kit.Sim, 1), targets, new TransferBudget(8, 4), new ZonePolicy(), heldMax: 100);
        foreach (DomainName name in Names.Append(Healthy))
        {
            _node.Masters.Zones[name] = 1;
            _node.Region.Tell(new CreateZone(name, Origin), _kit.Sys.DeadLetters);
        }

        _kit.Advance(TimeSpan.FromSeconds(20));
    }

    [Theory]
    [InlineData(TransferFailure.HungUp)]
    [InlineData(TransferFailure.Unreachable)]
    public void They_are_asked_for_ever_more_rarely_and_the_master_stays_up_for_the_others(TransferFailure how)
    {
        Withhold(how);
        _kit.Advance(TimeSpan.FromMinutes(1));
        Assert.InRange(_node.Masters.AskedInVain, Zones, 8 * Zones);
        _node.Masters.AskedInVain = 0;
        Change(Healthy);
        _kit.Advance(TimeSpan.FromMinutes(10));
        Assert.InRange(_node.Masters.AskedInVain, 1, 5 * Zones);
        Assert.Equal(2u, _server.Served[Healthy]);
        Assert.Empty(_returns.TakeAll());
    }

    [Fact]
    public void That_a_master_is_back_is_nothing_new_for_what_it_could_not_give()
    {
        Withhold(TransferFailure.HungUp);
        _kit.Advance(TimeSpan.FromMinutes(1));
        _node.Masters.AskedInVain = 0;
        for (int i = 0; i < 50; i++)
        {
            _kit.Sys.EventStream.Publish(new MasterReturned(new IPEndPoint(IPAddress.Parse("192.0.2.1"), 5354)));
            _kit.Advance(TimeSpan.FromMilliseconds(100));
        }

        Assert.InRange(_node.Masters.AskedInVain, 0, Zones);
    }

    private void Withhold(TransferFailure how)
    {
        foreach (DomainName name in Names)
        {
            _node.Masters.Withheld[name] = how;
            Change(name);
        }
    }

    private void Change(DomainName name)
    {
        _node.Masters.Zones[name] = 2;
        _node.Region.Tell(new NotifyZone(name, Origin, null, null), _kit.Sys.DeadLetters);
    }
}
