using Agent.Actors.Zones;
using Agent.Dns.Wire;
using Agent.Host.Configuration;

namespace Agent.Tests.Configuration;

/// <summary>Zones that belong to some of the targets.</summary>
public sealed class PlacementOptionsTests
{
    private const string Targets = """
        agent.masters = ["192.0.2.1"]
        agent.targets { ns1 { driver = fake }, ns2 { driver = fake }, inside { driver = fake } }

        """;

    [Theory]
    [InlineData("a.example", "inside")]
    [InlineData("A.Public.Example", "ns1,ns2")]
    [InlineData("other.test", "inside,ns1,ns2")]
    public void The_longest_pattern_says_where_a_zone_belongs(string zone, string targets)
    {
        AgentOptions options = ConfigurationText.Load(Targets + """
            agent.zones { "*.example" { targets = inside }, "*.public.example" { targets = [ns1, ns2] } }
            """).Options;
        DomainName name = DomainName.Parse(zone);
        Assert.Equal(targets.Split(','), options.Targets.Select(t => t.Name).Where(t => options.Zones.IsPlaced(name, t)).Order());
        Assert.Equal("192.0.2.1", Assert.Single(options.Roster.Of(name)).Host);
    }

    [Theory]
    [InlineData("[ns3]", "did you mean ns1?")]
    [InlineData("[]", "at least one")]
    [InlineData("[\"@node\"]", "no target named @node")]
    public void A_target_that_is_not_there_is_an_error(string targets, string word) => Assert.Contains(
        word, ConfigurationText.Problems(Targets + $"agent.zones.\"a.example\".targets = {targets}"), StringComparison.Ordinal);

    [Fact]
    public void One_of_another_node_is_named_with_the_node()
    {
        ZonePolicy zones = ConfigurationText.Load(Targets + "agent.zones.\"a.example\".targets = [\"ns1@a\", \"far@b\"]").Options.Zones;
        DomainName zone = DomainName.Parse("a.example");
        Assert.Equal(["far@b", "ns1@a"], ((string[])["ns1@a", "ns1@b", "far@b", "ns1"]).Where(t => zones.IsPlaced(zone, t)).Order());
    }

    [Fact]
    public void A_reload_takes_it_up_unless_the_targets_themselves_need_a_restart()
    {
        AgentConfiguration before = ConfigurationText.Load(Targets);
        const string Moved = "agent.zones.\"a.example\".targets = [inside]\n";
        ConfigurationChange change = ConfigurationChange.Compare(before, ConfigurationText.Load(Targets + Moved));
        Assert.Empty(change.NeedingRestart);
        Assert.False(change.Applied.Zones.IsPlaced(DomainName.Parse("a.example"), "ns1"));

        change = ConfigurationChange.Compare(
            before, ConfigurationText.Load(Targets + Moved + "agent.targets.ns9 { driver = fake }\n"));
        Assert.Contains(change.NeedingRestart, key => key.Path.EndsWith(".targets", StringComparison.Ordinal));
        Assert.True(change.Applied.Zones.IsPlaced(DomainName.Parse("a.example"), "ns1"));
    }
}
