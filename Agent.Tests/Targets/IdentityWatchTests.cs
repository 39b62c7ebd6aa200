using Agent.Actors.Backends;
using Agent.Actors.Reasons;

namespace Agent.Tests.Targets;

/// <summary>One server under an address, or several.</summary>
public sealed class IdentityWatchTests
{
    private static readonly ServerName A = new("a", "NSD 4");
    private static readonly ServerName B = new("b", "NSD 4");
    private static readonly ServerName Silent = new(null, null);

    private readonly IdentityWatch _watch = new();

    [Fact]
    public void One_that_always_says_the_same_is_one()
    {
        for (int i = 0; i < 10; i++) Assert.False(Hear(A, A, Silent));
        Assert.Equal(A, _watch.Present);
        Assert.Null(_watch.Reason);
    }

    [Fact]
    public void Two_in_one_round_are_two_until_one_has_been_alone_for_a_while()
    {
        Hear(A, A, A);
        Assert.True(Hear(A, B, A));
        Assert.Equal(ReasonCode.IdentitySplit, _watch.Reason!.Code);
        Assert.Contains("a (NSD 4) and b (NSD 4)", _watch.Reason.Text, StringComparison.Ordinal);
        Assert.False(Hear(B, A, A));
        for (int i = 0; i < 4; i++) Hear(A);
        Assert.NotNull(_watch.Reason);
        Assert.True(Hear(A));
        Assert.Null(_watch.Reason);
    }

    [Fact]
    public void One_that_is_exchanged_is_one_and_one_whose_predecessor_comes_back_is_two()
    {
        Hear(A);
        Assert.False(Hear(B));
        Assert.Null(_watch.Reason);
        Assert.True(Hear(A));
        Assert.NotNull(_watch.Reason);
    }

    [Fact]
    public void A_server_that_was_alone_for_long_may_be_exchanged_back()
    {
        Hear(A);
        for (int i = 0; i < 5; i++) Hear(B);
        Assert.False(Hear(A));
        Assert.Null(_watch.Reason);
    }

    [Fact]
    public void Who_says_nothing_is_nobody_else()
    {
        Hear(A);
        Assert.False(Hear(Silent, Silent));
        Assert.False(Hear());
        Assert.Equal(A, _watch.Present);
    }

    private bool Hear(params ServerName[] answers) => _watch.Heard(new ServerNamed([.. answers]));
}
