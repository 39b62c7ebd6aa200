using Agent.Actors.Backends;
using Agent.Dns.Wire;

namespace Agent.Tests.Targets;

/// <summary>
/// A server that takes every change at once and comes to them one after the other, as named does with the zones that it is to load.
/// </summary>
public sealed class TargetBacklogTests
{
    private const int Crowd = 600;
    private const int ComeAtOnce = 5;
    private const int WithServerMax = 64;
    private const int FewOrders = 5;

    // What comes until the first are late (50 ms), and the looks at them have their turn.
    private const int UntilItShows = 200;
    private const string Beside = "beside.example.";

    // Longer than a zone counts, so that it is not the end of the patience that lets others pass.
    private ScriptedTarget _target = new(new TargetRules(), patience: TimeSpan.FromSeconds(10));
    private readonly List<DomainName> _taken = [];
    private readonly HashSet<DomainName> _served = [];
    private readonly Queue<DomainName> _backlog = new();
    private readonly List<int> _groups = [];
    private TimeSpan _forEach = TimeSpan.FromMilliseconds(3);
    private int _wanted;
    private int _looks;
    private int _longest;

    [Fact]
    public void It_gets_no_more_than_it_works_off_soon_and_each_change_once()
    {
        OneAfterTheOther();
        while (_wanted < Crowd) Step();
        Assert.InRange(_longest, WithServerMax, UntilItShows);
        while (_backlog.Count > WithServerMax) Step();
        _longest = 0;
        _groups.Clear();
        WorkOff();
        Assert.InRange(_longest, 16, WithServerMax);
        // The next come together.
        Assert.All(_groups.SkipLast(1), group => Assert.InRange(group, WithServerMax / 4, WithServerMax));
        Assert.Equal(Crowd, _taken.Count);
        Assert.Equal(Crowd, _taken.Distinct().Count());
        Assert.Equal(0, _target.Machine.Behind);
    }

    /// <summary>What it has takes it two seconds, and it goes on all the while: none of that is forgotten.</summary>
    [Fact]
    public void The_same_of_one_that_works_more_slowly()
    {
        _forEach = TimeSpan.FromMilliseconds(30);
        OneAfterTheOther();
        WorkOff();
        Assert.InRange(_longest, WithServerMax / 2, WithServerMax);
        Assert.Equal(Crowd, _served.Count);
    }

    /// <summary>All changes wait already, before the looks at the first of them, and the driver does a few things in a step.</summary>
    [Fact]
    public void Looks_that_wait_behind_changes_do_not_hide_it()
    {
        OneAfterTheOther();
        Want(Crowd);
        for (int step = 0; step < 60 || _backlog.Count > WithServerMax; step++) StepOfFewOrders();
        Assert.InRange(_longest, WithServerMax, UntilItShows);
        _longest = 0;
        while (_target.Machine.Behind > WithServerMax) StepOfFewOrders();
        Assert.InRange(_longest, 16, WithServerMax);
    }

    /// <summary>Few of what it has are late then, and it has a backlog nevertheless.</summary>
    [Fact]
    public void The_same_of_one_that_works_faster_than_the_looks_come()
    {
        _forEach = TimeSpan.FromMilliseconds(1);
        OneAfterTheOther();
        Want(Crowd);
        for (int step = 0; step < 60 || _backlog.Count > WithServerMax; step++) StepOfFewOrders();
        _longest = 0;
        while (_target.Machine.Behind > WithServerMax) StepOfFewOrders();
        Assert.InRange(_longest, 16, WithServerMax);
    }

    [Fact]
    public void Each_zone_is_looked_at_a_few_times_however_long_the_server_needs()
    {
        OneAfterTheOther();
        WorkOff();
        Assert.InRange(_looks, Crowd, 5 * Crowd);
    }

    [Fact]
    public void A_zone_beside_the_crowd_waits_for_what_the_server_has_and_not_for_the_crowd()
    {
        OneAfterTheOther();
        while (_wanted < Crowd) Step();
        _target.Want(1, zone: Beside);
        int before = _served.Count;
        while (!_served.Contains(DomainName.Parse(Beside))) Step();
        Assert.InRange(_served.Count - before, 1, WithServerMax + 4);
        Assert.InRange(_target.Machine.Behind, Crowd / 2, Crowd);
    }

    [Fact]
    public void Zones_that_it_never_comes_to_hold_up_the_others_for_a_second_only()
    {
        OneAfterTheOther();
        _taken.Clear();
        while (_wanted < Crowd) Step(isServing: false);
        int held = _taken.Count;
        Assert.InRange(held, WithServerMax, UntilItShows);
        _target.Advance(TimeSpan.FromSeconds(0.6));
        TakeAndLook(isServing: false);
        Assert.Equal(held, _taken.Count);
        _target.Advance(TimeSpan.FromSeconds(0.4));
        while (_target.Orders().Count > 0) TakeAndLook(isServing: false);
        Assert.InRange(_taken.Count, held + WithServerMax - 16, Crowd);
    }

    /// <summary>It has no queue in which a change waits for others.</summary>
    [Fact]
    public void A_server_that_is_slow_with_a_few_and_no_slower_with_many_gets_all_at_once()
    {
        for (int step = 0; _wanted < Crowd || _target.Machine.Behind > 0; step++)
        {
            Want(ComeAtOnce);
            while (_target.Orders().Count > 0) TakeAndLook(isServing: true);
            _longest = Math.Max(_longest, _backlog.Count);
            if (step >= 100 && _backlog.Count > 0) foreach (int _ in Enumerable.Range(0, ComeAtOnce)) _served.Add(_backlog.Dequeue());
            _target.Advance(_forEach);
        }

        Assert.InRange(_longest, 100 * ComeAtOnce, Crowd);
        Assert.Equal(Crowd, _taken.Count);
    }

    /// <summary>A catalog's consumers take whatever has come together, however much that is.</summary>
    [Fact]
    public void A_server_that_does_not_come_to_changes_in_turn_gets_all_at_once()
    {
        _target = new ScriptedTarget(new TargetRules(), patience: TimeSpan.FromSeconds(10), comesInTurn: false);
        OneAfterTheOther();
        WorkOff();
        Assert.InRange(_longest, 4 * WithServerMax, Crowd);
    }

    /// <summary>It was served before the first comparison already; the second says nothing of how long the server needs.</summary>
    [Fact]
    public void A_zone_whose_records_are_compared_twice_does_not_put_off_the_looks_at_a_crowd()
    {
        ScriptedTarget target = new(new TargetRules { Verify = ContentProof.Digest });
        target.Want(1, zone: Beside);
        target.Finish(target.Order<ApplyZone>(), OrderOutcome.Done);
        target.See(target.Order<ObserveZone>(), 1);
        target.Compare(target.Order<CheckContent>(), ContentVerdict.Differs);
        target.RestIsOver();
        target.See(target.Order<ObserveZone>(), 1);
        target.Compare(target.Order<CheckContent>(), ContentVerdict.Same);

        for (int i = 0; i < LookPace.CrowdMin; i++) target.Want(1, zone: Name(i));
        while (target.Orders().OfType<ApplyZone>().FirstOrDefault() is { } apply) target.Finish(apply, OrderOutcome.Done);
        Assert.All(target.Orders(), order => Assert.IsType<ObserveZone>(order));
        Assert.NotEmpty(target.Orders());
    }

    private static string Name(int number) => $"z{number}.example.";

    /// <summary>Before a crowd comes, it has shown how long it needs for one.</summary>
    private void OneAfterTheOther()
    {
        for (int i = 0; i < 8; i++)
        {
            Step(coming: 1);
            while (_target.Machine.Behind > 0) Step(coming: 0);
        }
    }

    private void WorkOff()
    {
        do Step();
        while (_target.Machine.Behind > 0);
    }

    /// <summary>
    /// Some zones more change; the server takes all that it is given, answers all questions and comes to one change.
    /// </summary>
    private void Step(int coming = ComeAtOnce, bool isServing = true)
    {
        Want(coming);
        int before = _taken.Count;
        while (_target.Orders().Count > 0) TakeAndLook(isServing);
        if (_taken.Count > before) _groups.Add(_taken.Count - before);
        _longest = Math.Max(_longest, _backlog.Count);
        if (isServing && _backlog.TryDequeue(out DomainName? zone)) _served.Add(zone);
        _target.Advance(_forEach);
    }

    private void StepOfFewOrders()
    {
        for (int i = 0; i < FewOrders && _target.Orders().Count > 0; i++) TakeAndLook(isServing: true, _target.Orders()[0]);
        _longest = Math.Max(_longest, _backlog.Count);
        if (_backlog.TryDequeue(out DomainName? zone)) _served.Add(zone);
        _target.Advance(_forEach);
    }

    private void Want(int zones)
    {
        for (int i = 0; i < zones && _wanted < Crowd; i++) _target.Want(1, zone: Name(_wanted++));
    }

    private void TakeAndLook(bool isServing)
    {
        foreach (BackendOrder order in _target.Orders()) TakeAndLook(isServing, order);
    }

    private void TakeAndLook(bool isServing, BackendOrder order)
    {
        if (order is ApplyZone apply)
        {
            _taken.Add(apply.Zone);
            _backlog.Enqueue(apply.Zone);
            _target.Finish(apply, OrderOutcome.Done);
        }
        else if (order is ObserveZone look)
        {
            _looks++;
            _target.See(look, isServing && _served.Contains(look.Zone) ? 1 : null);
        }
    }
}
