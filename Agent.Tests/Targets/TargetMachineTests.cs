using Agent.Actors.Backends;
using Agent.Actors.Journal;
using Agent.Actors.Kernel;
using Agent.Actors.Reasons;
using Agent.Dns.Wire;
using Agent.Dns.Zones;
using Agent.Tests.Zones;

namespace Agent.Tests.Targets;

/// <summary>How one server is brought level, answer by answer.</summary>
public sealed class TargetMachineTests
{
    private static readonly DomainName Zone = DomainName.Parse("example.com.");
    private static readonly Reason Why = new(ReasonCode.TargetAway, "for a test");

    private readonly TargetMachine _machine = new("ns1", new BackendTraits("test", 2, TimeSpan.FromSeconds(1)), new KernelRandom(1));
    private readonly List<TargetEffect> _effects = [];
    private readonly IActorRef _owner = new Nobody();
    private TimeSpan _now;

    private KernelInstant Now => new(_now, DateTimeOffset.UnixEpoch + _now);

    [Fact]
    public void A_change_is_applied_then_looked_at_then_reported()
    {
        Want(7);
        ApplyZone apply = Order<ApplyZone>();
        Finish(apply.Id, OrderOutcome.Done);
        Assert.Empty(Reports());
        See(Order<ObserveZone>().Id, Observation.Present, 7);
        TargetProgress progress = Assert.Single(Reports());
        Assert.Equal((TargetZoneState.Verified, 7u), (progress.State, progress.Serial));
        Assert.Equal(0, _machine.Behind);
    }

    [Fact]
    public void A_server_that_started_anew_between_two_probes_counts_as_returned()
    {
        string?[] runs = ["first", "first", null, "second", "second"];
        List<TargetHealthChanged> told = [];
        foreach (string? run in runs)
        {
            _machine.Probe(Now, _effects);
            long id = Order<ProbeServer>().Id;
            _effects.Clear();
            _machine.Finished(new OrderFinished(id, OrderOutcome.Done, null, run), Now, _effects);
            told.AddRange(_effects.OfType<ReportHealth>().Select(h => h.Change));
            _effects.Clear();
        }

        TargetHealthChanged change = Assert.Single(told);
        Assert.True(change is { Healthy: true, Returned: true });
    }

    [Fact]
    public void What_is_level_already_is_not_touched()
    {
        Want(7, observeFirst: true);
        See(Order<ObserveZone>().Id, Observation.Present, 7);
        Assert.Equal(TargetZoneState.Verified, Assert.Single(Reports()).State);
        Assert.Empty(Orders());
    }

    [Fact]
    public void After_an_order_that_is_not_wanted_any_more_a_look_proves_nothing()
    {
        WantAbsent();
        long removal = Order<RemoveZone>().Id;
        _machine.Want(
            new WantZone(Zone, 2, SampleZones.Content("example.com.", 7), ObserveFirst: true), _owner, Now, _effects);
        Finish(removal, OrderOutcome.Done);
        Finish(Order<ApplyZone>().Id, OrderOutcome.Done);
        See(Order<ObserveZone>().Id, Observation.Present, 7);
        Assert.Equal(TargetZoneState.Verified, Assert.Single(Reports()).State);
    }

    [Fact]
    public void A_zone_that_is_not_served_is_removed_all_the_same_for_its_files()
    {
        WantAbsent();
        Finish(Order<RemoveZone>().Id, OrderOutcome.Done);
        See(Order<ObserveZone>().Id, Observation.Absent, 0);
        Assert.Equal((TargetZoneState.Verified, null), (Assert.Single(Reports()).State, Reports()[0].Serial));
        Assert.Empty(Orders());
    }

    [Fact]
    public void Not_knowing_is_never_taken_for_absent()
    {
        WantAbsent();
        Finish(Order<RemoveZone>().Id, OrderOutcome.Done);
        See(Order<ObserveZone>().Id, Observation.CannotTell, 0);
        Assert.Empty(Reports());
        Advance(TimeSpan.FromSeconds(2));
        See(Order<ObserveZone>().Id, Observation.CannotTell, 0);
        Assert.Equal(TargetZoneState.Away, Assert.Single(Reports()).State);
        Assert.NotNull(Order<ProbeServer>());
    }

    [Fact]
    public void A_server_that_takes_a_change_and_does_not_serve_it_is_told_and_pushed_again()
    {
        Want(7);
        Finish(Order<ApplyZone>().Id, OrderOutcome.Done);
        See(Order<ObserveZone>().Id, Observation.Present, 6);
        Assert.Empty(Reports());
        Advance(TimeSpan.FromSeconds(2));
        See(Order<ObserveZone>().Id, Observation.Present, 6);
        TargetProgress stale = Assert.Single(Reports());
        Assert.Equal((TargetZoneState.Pending, ReasonCode.VerifyStale, 6u), (stale.State, stale.Reason!.Code, stale.Serial));
        Advance(TimeSpan.FromSeconds(5));
        Finish(Order<ApplyZone>().Id, OrderOutcome.Done);
        See(Order<ObserveZone>().Id, Observation.Present, 7);
        Assert.Equal(TargetZoneState.Verified, Reports()[^1].State);
    }

    [Fact]
    public void A_refusal_is_reported_and_tried_again_later_each_time()
    {
        Want(7);
        var delays = new List<TimeSpan>();
        for (int round = 0; round < 3; round++)
        {
            Finish(Order<ApplyZone>().Id, OrderOutcome.Refused);
            Assert.Equal(TargetZoneState.Refused, Reports()[^1].State);
            Assert.Empty(Orders());
            delays.Add(_machine.NextDue!.Value - _now);
            Advance(_machine.NextDue!.Value - _now);
        }

        Assert.True(delays[1] > delays[0] && delays[2] > delays[1], string.Join(" ", delays));
    }

    [Fact]
    public void A_newer_wish_replaces_the_one_under_way()
    {
        Want(7, generation: 1);
        ApplyZone first = Order<ApplyZone>();
        Want(8, generation: 2);
        Assert.Same(first, Assert.Single(Orders()));
        Finish(first.Id, OrderOutcome.Done);
        ApplyZone second = Order<ApplyZone>();
        Assert.Equal(8u, second.Content.Serial);
        Finish(second.Id, OrderOutcome.Done);
        See(Order<ObserveZone>().Id, Observation.Present, 8);
        Assert.All(_effects.OfType<ReportProgress>(), r => Assert.Equal(2, r.Report.Generation));
    }

    [Fact]
    public void A_deletion_replaces_a_change_under_way()
    {
        Want(7, generation: 1);
        ApplyZone first = Order<ApplyZone>();
        WantAbsent(generation: 2);
        Finish(first.Id, OrderOutcome.Done);
        Finish(Order<RemoveZone>().Id, OrderOutcome.Done);
        See(Order<ObserveZone>().Id, Observation.Absent, 0);
        Assert.Equal((TargetZoneState.Verified, null), (Reports()[^1].State, Reports()[^1].Serial));
    }

    [Fact]
    public void No_more_orders_than_the_driver_bears()
    {
        foreach (string name in Enumerable.Range(0, 5).Select(i => $"z{i}.example."))
        {
            _machine.Want(new WantZone(DomainName.Parse(name), 1, SampleZones.Content(name, 1), false), _owner, Now, _effects);
        }

        Assert.Equal(2, Orders().Count);
        Finish(Orders()[0].Id, OrderOutcome.Refused);
        Assert.Equal(3, _effects.OfType<IssueOrder>().Count());
    }

    [Fact]
    public void While_the_server_is_away_nothing_is_tried_and_its_return_starts_everything_at_once()
    {
        Want(7);
        Finish(Order<ApplyZone>().Id, OrderOutcome.Away);
        Assert.Equal(TargetZoneState.Away, Assert.Single(Reports()).State);
        Finish(Order<ProbeServer>().Id, OrderOutcome.Away);
        Assert.False(_machine.Healthy);
        Advance(TimeSpan.FromMinutes(1));
        Assert.Empty(Orders());
        _machine.Probe(Now, _effects);
        Finish(Order<ProbeServer>().Id, OrderOutcome.Done);
        TargetHealthChanged change = _effects.OfType<ReportHealth>().Last().Change;
        Assert.True(change is { Healthy: true, Returned: true });
        See(Order<ObserveZone>().Id, Observation.Absent, 0);
        Assert.IsType<ApplyZone>(Orders()[0]);
    }

    /// <summary>Another server answers behind the socket, or one that is too old.</summary>
    [Fact]
    public void A_server_that_refuses_the_probe_is_away_and_says_why()
    {
        _machine.Probe(Now, _effects);
        Finish(Order<ProbeServer>().Id, OrderOutcome.Refused);
        Assert.False(_machine.Healthy);
        Assert.NotNull(_machine.AwayReason);
        Want(7);
        Assert.Empty(Orders());
        _machine.Probe(Now, _effects);
        Finish(Order<ProbeServer>().Id, OrderOutcome.Done);
        Assert.Null(_machine.AwayReason);
        Assert.NotEmpty(Orders());
    }

    [Fact]
    public void A_newer_wish_for_a_zone_in_work_hears_that_the_server_is_away()
    {
        Want(7);
        Finish(Order<ApplyZone>().Id, OrderOutcome.Away);
        Finish(Order<ProbeServer>().Id, OrderOutcome.Away);
        _effects.Clear();
        Want(8, generation: 2);
        TargetReport report = Assert.Single(_effects.OfType<ReportProgress>()).Report;
        Assert.Equal((2L, TargetZoneState.Away), (report.Generation, report.Progress.State));
    }

    [Fact]
    public void A_removal_that_waited_for_the_server_is_ordered_on_its_return()
    {
        WantAbsent();
        Finish(Order<RemoveZone>().Id, OrderOutcome.Away);
        Finish(Order<ProbeServer>().Id, OrderOutcome.Away);
        _machine.Probe(Now, _effects);
        Finish(Order<ProbeServer>().Id, OrderOutcome.Done);
        Assert.IsType<RemoveZone>(Orders()[0]);
    }

    [Fact]
    public void One_order_that_did_not_get_through_does_not_make_a_server_away()
    {
        Want(7);
        Finish(Order<ApplyZone>().Id, OrderOutcome.Away);
        Finish(Order<ProbeServer>().Id, OrderOutcome.Done);
        Assert.True(_machine.Healthy);
        Assert.Empty(_effects.OfType<ReportHealth>());
        Advance(TimeSpan.FromSeconds(2));
        Assert.IsType<ApplyZone>(Orders()[0]);
    }

    private readonly HashSet<long> _taken = [];

    [Fact]
    public void Only_what_is_known_to_differ_is_owed_and_its_time_counts_from_then()
    {
        Want(7, observeFirst: true);
        Advance(TimeSpan.FromSeconds(5));
        Assert.Equal((0, null), (_machine.OwedFor(TimeSpan.Zero, _now), _machine.OwedSince));
        See(Order<ObserveZone>().Id, Observation.Present, 6);
        TimeSpan found = _now;
        Finish(Order<ApplyZone>().Id, OrderOutcome.Done);
        Advance(TimeSpan.FromSeconds(3));
        Assert.Equal((1, found), (_machine.OwedFor(TimeSpan.Zero, _now), _machine.OwedSince));
        Assert.Equal((1, 0), (_machine.OwedFor(TimeSpan.FromSeconds(3), _now), _machine.OwedFor(TimeSpan.FromSeconds(4), _now)));

        // A newer change does not make the older one younger.
        Want(8, generation: 2);
        Assert.Equal(found, _machine.OwedSince);
        See(Order<ObserveZone>().Id, Observation.Present, 7);
        Finish(Order<ApplyZone>().Id, OrderOutcome.Done);
        See(Order<ObserveZone>().Id, Observation.Present, 8);
        Assert.Equal((0, null), (_machine.OwedFor(TimeSpan.Zero, _now), _machine.OwedSince));
    }

    [Fact]
    public void What_a_server_refuses_is_owed_and_grows_no_older()
    {
        Want(7);
        Finish(Order<ApplyZone>().Id, OrderOutcome.Refused);
        Advance(TimeSpan.FromMinutes(1));
        Assert.Equal((1, null), (_machine.OwedFor(TimeSpan.FromHours(1), _now), _machine.OwedSince));
        Finish(Order<ApplyZone>().Id, OrderOutcome.Done);
        Assert.Equal(_now, _machine.OwedSince);
        See(Order<ObserveZone>().Id, Observation.Present, 7);
        Assert.Equal((0, null), (_machine.OwedFor(TimeSpan.Zero, _now), _machine.OwedSince));
    }

    private void Want(uint serial, long generation = 1, bool observeFirst = false)
    {
        ZoneContent content = SampleZones.Content("example.com.", serial);
        _machine.Want(new WantZone(Zone, generation, content, observeFirst), _owner, Now, _effects);
    }

    private void WantAbsent(long generation = 1) => _machine.Want(new WantZone(Zone, generation, null, true), _owner, Now, _effects);

    private void Finish(long id, OrderOutcome outcome)
    {
        _taken.Add(id);
        _machine.Finished(new OrderFinished(id, outcome, outcome == OrderOutcome.Done ? null : Why), Now, _effects);
    }

    private void See(long id, Observation observation, uint serial)
    {
        _taken.Add(id);
        _machine.Observed(new ZoneObserved(id, observation, serial, observation == Observation.CannotTell ? Why : null), Now, _effects);
    }

    private void Advance(TimeSpan duration)
    {
        _now += duration;
        _machine.Tick(Now, _effects);
    }

    /// <summary>Orders given and not ended yet.</summary>
    private List<BackendOrder> Orders() => [.. _effects.OfType<IssueOrder>().Select(i => i.Order).Where(o => !_taken.Contains(o.Id))];

    private T Order<T>()
        where T : BackendOrder => Assert.Single(Orders().OfType<T>());

    private List<TargetProgress> Reports() => [.. _effects.OfType<ReportProgress>().Select(r => r.Report.Progress)];

    private sealed class Nobody : IActorRef
    {
        public string Path => "/nobody";

        public void Tell(object message, IActorRef? sender = null)
        {
        }
    }
}
