using Agent.Actors.Backends;
using Agent.Actors.Kernel;
using Agent.Actors.Reasons;
using Agent.Dns.Wire;
using Agent.Tests.Zones;

namespace Agent.Tests.Targets;

/// <summary>A server that holds something else than before is given another try.</summary>
public sealed class TargetLimitsTests
{
    private static readonly ZoneLimits Hundred = new() { Sets = [new SetLimit(Type: null, 100)] };
    private static readonly ZoneLimits Declared = new() { FileNameOctets = 255 };

    private readonly TargetMachine _machine = new(
        "ns1", new BackendTraits("test", 2, TimeSpan.FromSeconds(1)) { Limits = Declared }, new KernelRandom(1));

    private readonly List<TargetEffect> _effects = [];

    private static KernelInstant Now => new(TimeSpan.Zero, DateTimeOffset.UnixEpoch);

    [Fact]
    public void What_the_driver_declares_holds_until_a_probe_knows_more()
    {
        Assert.Equal(Declared, _machine.Limits);
        Probe(limits: null);
        Assert.Equal(Declared, _machine.Limits);
        Probe(Hundred);
        Assert.Equal(Hundred, _machine.Limits);
        Probe(limits: null);
        Assert.Equal(Hundred, _machine.Limits);
    }

    [Fact]
    public void A_refused_zone_is_tried_again_as_soon_as_the_server_holds_something_else()
    {
        Probe(Hundred);
        Refuse();
        _effects.Clear();

        Probe(Hundred with { TypesPerName = null });
        Assert.Empty(_effects);
        Probe(ZoneLimits.None);

        TargetHealthChanged change = Assert.Single(_effects.OfType<ReportHealth>()).Change;
        Assert.True(change is { Healthy: true, Returned: true });
        Assert.IsType<ObserveZone>(Assert.Single(_effects.OfType<IssueOrder>()).Order);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_refused_zone_is_tried_again_when_the_server_runs_another_version(bool isToldByControl)
    {
        Run("NSD 4.6", isToldByControl);
        Refuse();
        _effects.Clear();

        Run("NSD 4.6", isToldByControl);
        Run(null, isToldByControl);
        Assert.DoesNotContain(_effects, e => e is ReportHealth or IssueOrder { Order: not ProbeServer });
        Run("NSD 4.7", isToldByControl);

        TargetHealthChanged change = Assert.Single(_effects.OfType<ReportHealth>()).Change;
        Assert.True(change is { Healthy: true, Returned: true });
        Assert.Single(_effects.OfType<IssueOrder>(), e => e.Order is ObserveZone);
    }

    private void Run(string? version, bool isToldByControl)
    {
        if (!isToldByControl && version is not null) _machine.Runs(version, Now, _effects);
        if (!isToldByControl) return;
        _machine.Probe(Now, _effects);
        long id = _effects.OfType<IssueOrder>().Last(e => e.Order is ProbeServer).Order.Id;
        OrderFinished answer = new(id, OrderOutcome.Done, Reason: null) { Control = new ControlledServer(version) };
        _machine.Finished(answer, Now, _effects);
    }

    private void Refuse()
    {
        DomainName zone = DomainName.Parse("example.com.");
        _machine.Want(new WantZone(zone, 1, SampleZones.Content("example.com.", 7), ObserveFirst: false), new Nobody(), Now, _effects);
        long id = _effects.OfType<IssueOrder>().Last().Order.Id;
        var reason = new Reason(ReasonCode.TargetCannotHold, "for a test");
        _machine.Finished(new OrderFinished(id, OrderOutcome.Refused, reason), Now, _effects);
    }

    private void Probe(ZoneLimits? limits)
    {
        List<TargetEffect> asked = [];
        _machine.Probe(Now, asked);
        long id = asked.OfType<IssueOrder>().Single(i => i.Order is ProbeServer).Order.Id;
        _machine.Finished(new OrderFinished(id, OrderOutcome.Done, null, "one run") { Limits = limits }, Now, _effects);
    }

    private sealed class Nobody : IActorRef
    {
        public string Path => "/nobody";

        public void Tell(object message, IActorRef? sender = null)
        {
        }
    }
}
