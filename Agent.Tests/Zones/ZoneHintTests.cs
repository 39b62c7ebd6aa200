using System.Net;
using Agent.Actors.Zones;

namespace Agent.Tests.Zones;

/// <summary>The serial that a NOTIFY carries, on its way to the pass.</summary>
public sealed class ZoneHintTests
{
    private static readonly IPAddress Notifier = IPAddress.Parse("192.0.2.1");

    private readonly ZoneMachineDriver _zone = new();

    public ZoneHintTests()
    {
        _zone.Create();
        _zone.Bring(1);
        _zone.Commit();
    }

    [Fact]
    public void It_goes_with_its_notifier_and_with_one_pass_only()
    {
        Notify(Notifier, 5);
        Assert.Equal((Notifier, 5u), (_zone.Pass!.Notifier, _zone.Pass.SerialHint));
        _zone.Notify();
        _zone.FailPass();
        Assert.Null(_zone.Pass!.SerialHint);
    }

    [Fact]
    public void Of_two_notifiers_the_last_counts_with_what_it_said()
    {
        Notify(Notifier, 5);
        Notify(Notifier, 6);
        Notify(IPAddress.Parse("192.0.2.2"), null);
        _zone.FailPass();
        Assert.Equal((IPAddress.Parse("192.0.2.2"), (uint?)null), (_zone.Pass!.Notifier, _zone.Pass.SerialHint));
    }

    [Fact]
    public void An_operator_who_wants_the_masters_asked_has_them_asked()
    {
        Notify(Notifier, 5);
        Notify(Notifier, 6);
        _zone.Refresh();
        _zone.FailPass();
        Assert.Null(_zone.Pass!.SerialHint);
    }

    [Theory]
    [InlineData(60, null)]
    [InlineData(null, 5u)]
    public void A_master_that_bounds_the_life_of_the_content_is_asked_for_it(int? expireSeconds, uint? hint)
    {
        _zone.Notify();
        _zone.Feed(new PassBrought(_zone.Pass!.Pass, SampleZones.Content("example.com.", 2), "192.0.2.1:5354")
        {
            Expire = expireSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
        });
        _zone.Commit();
        Notify(Notifier, 5);
        Assert.Equal(hint, _zone.Pass!.SerialHint);
    }

    private void Notify(IPAddress notifier, uint? serial) => _zone.Notify(notifier, serial);
}
