using Agent.Bench.Chaos;

namespace Agent.Tests.Chaos;

/// <summary>The other eyes of a round: logs, serials, and the times when a node was out of order.</summary>
public sealed class JudgeTests
{
    [Theory]
    [InlineData("time=x level=error area=PostgresJournal message=\"journal-away: it went\" exception=\"System.IO.IOException: broken\"", false)]
    [InlineData("time=x level=error area=PostgresJournal message=\"journal-away: \" exception=\"System.NullReferenceException: \"", true)]
    [InlineData("time=x level=error area=LeaseKeeperActor event=node-expelled message=\"n1 is not a member any more\"", false)]
    [InlineData("time=x level=error area=ActorSystem message=\"/zones failed in OnReceive, and goes on\"", true)]
    [InlineData("time=x level=critical area=Service event=fatal message=\"/journal found its own state impossible\"", true)]
    [InlineData("Unhandled exception. System.InvalidOperationException: no", true)]
    [InlineData("time=x level=warning area=Etcd message=\"etcd is away\"", false)]
    public void Errors_of_the_program_are_told_from_errors_of_the_world(string line, bool isMistake) =>
        Assert.Equal(isMistake ? [line] : [], AgentLog.Mistakes($"time=x level=info\n{line}\n"));

    [Fact]
    public void A_serial_that_goes_back_is_remembered_for_its_target_and_zone()
    {
        SerialProbe probe = new();
        probe.Note("n1", "a.example.", 7);
        probe.Note("n2", "a.example.", 6);
        probe.Note("n1", "b.example.", 1);
        probe.Note("n1", "a.example.", 7);
        Assert.Empty(probe.StepsBack);
        probe.Note("n1", "a.example.", 6);
        Assert.Equal(["a.example. at n1 went back from 7 to 6"], probe.StepsBack);
    }

    [Fact]
    public void Only_what_was_asked_of_a_node_while_it_was_out_of_order_is_excused()
    {
        BrokenTimes broken = new();
        broken.Begin("n1", TimeSpan.FromSeconds(10));
        Assert.True(broken.Touches("n1", TimeSpan.FromSeconds(9), TimeSpan.FromSeconds(11)));
        broken.End("n1", TimeSpan.FromSeconds(12));
        Assert.True(broken.Touches("n1", TimeSpan.FromSeconds(11), TimeSpan.FromSeconds(30)));
        Assert.False(broken.Touches("n1", TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(9)));
        Assert.False(broken.Touches("n1", TimeSpan.FromSeconds(16), TimeSpan.FromSeconds(17)));
        Assert.False(broken.Touches("n2", TimeSpan.FromSeconds(9), TimeSpan.FromSeconds(11)));
    }
}
