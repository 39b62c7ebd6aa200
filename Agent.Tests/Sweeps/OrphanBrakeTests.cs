using Agent.Actors.Journal;
using Agent.Actors.Reasons;
using Agent.Actors.Sweeps;
using Agent.Actors.Zones;
using Agent.Tests.TestKit;

namespace Agent.Tests.Sweeps;

/// <summary>When orphans may be removed, by how many zones are given up at once.</summary>
public sealed class OrphanBrakeTests : TestKitBase
{
    private readonly ZonePolicyHolder _policy = new(new ZonePolicy { OrphanAction = OrphanAction.Remove });
    private readonly TestProbe _journal;
    private object? _answer;

    public OrphanBrakeTests()
    {
        _journal = CreateTestProbe("journal");
        _journal.SetAutoPilot((probe, message) =>
        {
            if (message is CountGivenUp && _answer is not null) probe.Reply(_answer);
        });
    }

    [Theory]
    [InlineData(1000, 19, false)]
    [InlineData(1000, 100, false)]
    [InlineData(1000, 101, true)]
    [InlineData(19, 19, false)]
    [InlineData(20, 20, true)]
    [InlineData(0, 0, false)]
    public void Too_many_at_once_are_held(long wanted, long givenUp, bool isHeld)
    {
        _answer = new GivenUpRead(wanted, givenUp);
        Start();
        Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(isHeld ? ReasonCode.OrphansHeld : null, _policy.Current.OrphanHold?.Code);
    }

    [Fact]
    public void Nothing_is_removed_before_they_were_counted()
    {
        Start();
        Advance(TimeSpan.FromMinutes(10));
        Assert.NotNull(_policy.Current.OrphanHold);
        _answer = new WantedReadFailed(new Reason(ReasonCode.JournalAway, "for a test"));
        Advance(TimeSpan.FromMinutes(1));
        Assert.NotNull(_policy.Current.OrphanHold);
        _answer = new GivenUpRead(1000, 1);
        Advance(TimeSpan.FromMinutes(1));
        Assert.Null(_policy.Current.OrphanHold);
    }

    [Fact]
    public void It_is_held_until_they_are_fewer_and_a_reload_does_not_release_it()
    {
        _answer = new GivenUpRead(1000, 900);
        Start();
        Advance(TimeSpan.FromSeconds(1));
        Reason? hold = _policy.Current.OrphanHold;
        _policy.Current = new ZonePolicy { OrphanAction = OrphanAction.Remove };
        Assert.Same(hold, _policy.Current.OrphanHold);
        _answer = new WantedReadFailed(new Reason(ReasonCode.JournalAway, "for a test"));
        Advance(TimeSpan.FromMinutes(1));
        Assert.Same(hold, _policy.Current.OrphanHold);
        _answer = new GivenUpRead(1000, 90);
        Advance(TimeSpan.FromMinutes(1));
        Assert.Null(_policy.Current.OrphanHold);
    }

    private void Start() => ActorOf(OrphanBrakeActor.Props(new OrphanBrakeSettings(_journal.Ref, _policy, Percent: 10, Minimum: 20)));
}
