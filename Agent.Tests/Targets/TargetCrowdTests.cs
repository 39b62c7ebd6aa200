using Agent.Actors.Backends;
using Agent.Dns.Wire;

namespace Agent.Tests.Targets;

/// <summary>One zone beside a crowd whose changes all wait for the same server.</summary>
public sealed class TargetCrowdTests
{
    private const int Crowd = 100;
    private const int AtOnce = 4;
    private const string Beside = "beside.example.";

    private readonly ScriptedTarget _target = new(new TargetRules());
    private readonly List<string> _applied = [];
    private readonly HashSet<long> _noted = [];

    private uint LastServed => _applied.Count(zone => zone == Beside) > 1 ? 2u : 1u;

    [Fact]
    public void A_zone_beside_a_crowd_is_changed_soon_and_the_crowd_keeps_its_order()
    {
        WantCrowd();
        _target.Want(1, zone: Beside);
        FinishAll();
        Assert.InRange(_applied.IndexOf(Beside), AtOnce, AtOnce + 1);

        // Every other one is the newest until no more wait than the server takes at once, and each of them was changed.
        string[] oldest = [.. _applied.Where((zone, at) => zone != Beside && (at < AtOnce || at % 2 == 0)).Take(Crowd / 2)];
        Assert.Equal(Enumerable.Range(0, Crowd / 2).Select(Name), oldest);
        Assert.Equal(Crowd + 1, _applied.Distinct().Count());
        Assert.Equal(0, _target.Machine.Behind);
    }

    [Fact]
    public void A_zone_that_changes_again_while_its_proof_waits_behind_the_crowd_is_changed_soon_too()
    {
        WantCrowd();
        _target.Want(1, zone: Beside);
        while (!_applied.Contains(Beside)) FinishNext();
        FinishOrder(_target.Orders().OfType<ApplyZone>().Single(order => order.Zone == DomainName.Parse(Beside)));
        Assert.DoesNotContain(_target.Orders(), order => order is ObserveZone);

        int before = _applied.Count;
        _target.Want(2, generation: 2, zone: Beside);
        FinishAll();
        Assert.InRange(_applied.LastIndexOf(Beside), before, before + AtOnce + 2);
        Assert.Equal(0, _target.Machine.Behind);
    }

    [Fact]
    public void A_few_changes_go_in_the_order_of_their_coming()
    {
        foreach (int i in Enumerable.Range(0, AtOnce * 2)) _target.Want(1, zone: Name(i));
        FinishAll();
        Assert.Equal(Enumerable.Range(0, AtOnce * 2).Select(Name), _applied);
    }

    private static string Name(int number) => $"z{number}.example.";

    private void WantCrowd()
    {
        foreach (int i in Enumerable.Range(0, Crowd)) _target.Want(1, zone: Name(i));
    }

    private void FinishAll()
    {
        while (_target.Orders().Count > 0) FinishNext();
        Note();
    }

    private void FinishNext()
    {
        Note();
        FinishOrder(_target.Orders()[0]);
        Note();
    }

    private void FinishOrder(BackendOrder order)
    {
        if (order is ApplyZone) _target.Finish(order, OrderOutcome.Done);
        else if (order is ObserveZone look) _target.See(look, look.Zone == DomainName.Parse(Beside) ? LastServed : 1);
    }

    /// <summary>Notes the changes that were ordered since the last note.</summary>
    private void Note()
    {
        foreach (ApplyZone order in _target.Orders().OfType<ApplyZone>().Where(order => _noted.Add(order.Id)))
            _applied.Add(order.Zone.ToString());
    }
}
