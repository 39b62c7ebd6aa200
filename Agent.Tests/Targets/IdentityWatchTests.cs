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

    [Fact]
    public void An_answer_that_was_lost_makes_no_second_server()
    {
        Assert.False(Hear(A, new ServerName("a", null), new ServerName(null, "NSD 4")));
        Assert.False(Hear(A));
        Assert.Equal(A, _watch.Present);
        Assert.Null(_watch.Reason);
    }

    [Fact]
    public void Another_identifier_in_an_answer_is_a_split_when_the_first_comes_back()
    {
        ServerName named = A with { Nsid = "1" };
        Assert.False(_watch.Heard("2"));
        Hear(named);
        Assert.False(_watch.Heard("1"));
        Assert.False(_watch.Heard("2"));
        Assert.True(_watch.IsInDoubt);
        Assert.True(_watch.Heard("1"));
        Assert.Equal(ReasonCode.IdentitySplit, _watch.Reason!.Code);
        for (int i = 0; i < 100; i++) _watch.Heard("1");
        Assert.NotNull(_watch.Reason);
    }

    [Fact]
    public void Another_identifier_is_a_split_when_the_next_round_has_the_first_and_none_when_it_is_new_there_too()
    {
        Hear(A with { Nsid = "1" });
        _watch.Heard("2");
        Assert.False(Hear(A with { Nsid = "2" }));
        Assert.False(_watch.Heard("2"));
        _watch.Heard("3");
        Assert.True(Hear(A with { Nsid = "2" }));
    }

    [Theory]
    [InlineData("a", null, "NSD 4", false)]
    [InlineData("b", null, "NSD 4", true)]
    [InlineData(null, "x", "NSD 4", true)]
    [InlineData(null, null, "NSD 4.1", true)]
    [InlineData(null, null, "NSD 5", true)]
    [InlineData(null, null, null, false)]
    public void What_the_control_channel_says_counts_when_it_does_not_fit_twice(
        string? identity, string? nsid, string? version, bool isSplit)
    {
        ControlledServer said = new("NSD 4") { Identity = identity, Nsid = nsid, VersionByDns = version, VersionMark = "NSD " };
        _watch.Heard(said);
        Assert.False(Hear(A with { Nsid = "y" }));
        _watch.Heard(said);
        Assert.Equal(isSplit, Hear(A with { Nsid = "y" }));
        Assert.Equal(isSplit ? ReasonCode.IdentitySplit : null, _watch.Reason?.Code);
    }

    [Fact]
    public void A_version_of_the_operators_own_words_is_not_compared()
    {
        for (int i = 0; i < 3; i++)
        {
            _watch.Heard(new ControlledServer("NSD 4") { VersionByDns = "NSD 4", VersionMark = "NSD " });
            Assert.False(Hear(new ServerName("a", "name server")));
        }
    }

    [Fact]
    public void An_upgrade_between_a_probe_and_a_round_is_no_split()
    {
        Hear(A);
        ControlledServer next = new("NSD 5") { VersionByDns = "NSD 5", VersionMark = "NSD " };
        _watch.Heard(new ControlledServer("NSD 4") { VersionByDns = "NSD 4", VersionMark = "NSD " });
        Assert.False(Hear(A with { Version = "NSD 5" }));
        _watch.Heard(next);
        for (int i = 0; i < 5; i++) Assert.False(Hear(A with { Version = "NSD 5" }));
        _watch.ControlIsAway();
        for (int i = 0; i < 3; i++) Assert.False(Hear(A with { Version = "NSD 6" }));
    }

    [Fact]
    public void A_proof_of_the_driver_counts_the_second_time_and_is_over_after_a_while()
    {
        ControlledServer proof = new("NSD 4") { Contradiction = "counts less" };
        Assert.False(_watch.Heard(proof));
        Assert.True(_watch.IsInDoubt);
        Assert.True(_watch.Heard(proof));
        Assert.Contains("counts less", _watch.Reason!.Text, StringComparison.Ordinal);
        for (int i = 0; i < 3; i++) Assert.False(_watch.Heard(new ControlledServer("NSD 4")));
        Assert.True(_watch.Heard(new ControlledServer("NSD 4")));
        Assert.Null(_watch.Reason);
    }

    private bool Hear(params ServerName[] answers) => _watch.Heard(new ServerNamed([.. answers]));
}
