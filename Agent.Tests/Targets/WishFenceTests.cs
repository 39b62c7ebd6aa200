using Agent.Actors.Backends;
using Agent.Dns.Wire;

namespace Agent.Tests.Targets;

/// <summary>Which wishes a target still takes.</summary>
public sealed class WishFenceTests
{
    private static readonly DomainName Zone = DomainName.Parse("example.com.");
    private readonly WishFence _fence = new(recentMax: 10);

    [Fact]
    public void An_owner_that_another_has_followed_is_not_heard_any_more()
    {
        Assert.True(_fence.Admit(1, 5));
        Assert.True(_fence.Admit(1, 9));
        Assert.False(_fence.Admit(1, 5));
        Assert.True(_fence.Admit(1, 9));
        Assert.True(_fence.Admit(2, 5));
    }

    [Fact]
    public void An_owner_that_is_known_shuts_out_those_before_it_although_nothing_of_it_was_heard()
    {
        _fence.Expect(1, 9);
        Assert.False(_fence.Admit(1, 5));
        Assert.True(_fence.Admit(1, 9));
        _fence.Expect(1, 4);
        Assert.True(_fence.Admit(1, 9));
        Assert.True(_fence.Admit(1, 11));
    }

    [Fact]
    public void An_agent_that_stands_alone_is_always_heard()
    {
        _fence.Close(1, 0);
        Assert.True(_fence.Admit(1, 0));
    }

    [Fact]
    public void What_was_told_before_is_not_taken_behind_what_was_told_later_but_once_more_it_is()
    {
        Assert.True(_fence.Admit(1, 5, Zone, 8));
        Assert.False(_fence.Admit(1, 5, Zone, 7));
        Assert.True(_fence.Admit(1, 5, Zone, 8));
        Assert.True(_fence.Admit(1, 6, Zone, 3));
        Assert.False(_fence.Admit(1, 5, Zone, 9));
    }

    [Fact]
    public void An_epoch_that_is_over_is_not_heard_though_nobody_has_followed()
    {
        Assert.True(_fence.Admit(1, 5));
        _fence.Close(1, 5);
        Assert.False(_fence.Admit(1, 5));
        Assert.True(_fence.Admit(1, 7));
        _fence.Close(1, 5);
        Assert.True(_fence.Admit(1, 7));
    }

    [Fact]
    public void The_memory_is_bounded_and_forgets_the_oldest_first()
    {
        for (int i = 0; i < 100; i++)
        {
            Assert.True(_fence.Admit(1, 5, DomainName.Parse($"z{i}.example."), i));
            Assert.True(_fence.Admit(1, 5, Zone, 100 + i));
        }

        Assert.Equal(10, _fence.Remembered);
        Assert.False(_fence.Admit(1, 5, Zone, 150));
        Assert.False(_fence.Admit(1, 5, DomainName.Parse("z99.example."), 98));
    }
}
