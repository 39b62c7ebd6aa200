using Agent.Actors.Journal;
using Agent.Dns.Wire;
using Agent.Host.Configuration;

namespace Agent.Tests.Configuration;

/// <summary>Master sets in the configuration.</summary>
public sealed class MasterSetOptionsTests
{
    private static readonly DomainName Zone = DomainName.Parse("zone.example.");

    [Fact]
    public void Zones_of_a_set_come_from_its_masters_and_its_name_is_known_to_zones()
    {
        AgentOptions options = ConfigurationText.Options("""
            agent.masters = ["192.0.2.1"]
            agent.master-sets { green { senders = ["192.0.2.3"] }, blue { masters = ["192.0.2.9"] } }
            """);
        Assert.Equal(["blue", "green"], options.MasterSets.Select(s => s.Name));
        Assert.Equal(["blue", "green"], options.Zones.MasterSets.Order());
        Assert.Equal("192.0.2.9", Assert.Single(options.Roster.Of(Zone, ZoneOwner.MasterSets, "blue")).Host);
        Assert.Equal("192.0.2.1", Assert.Single(options.Roster.Of(Zone, ZoneOwner.MasterSets, "green")).Host);
        Assert.Equal("192.0.2.1", Assert.Single(options.Roster.Of(Zone, null, "")).Host);
        Assert.Contains(options.Roster.All, m => m.Host == "192.0.2.9");
    }

    [Theory]
    [InlineData("blue { }", "needs senders")]
    [InlineData("blue { senders = [\"any\"] }", "any")]
    [InlineData("blue { senders = [\"192.0.2.1\"] }, green { senders = [\"192.0.2.1\"] }", "both")]
    [InlineData("blue { senders = [\"key:absent\"] }", "absent")]
    [InlineData("blue { sender = [\"192.0.2.1\"] }", "senders")]
    public void A_set_that_nobody_or_everybody_speaks_for_is_an_error(string sets, string word) =>
        Assert.Contains(
            word, ConfigurationText.Problems(ConfigurationText.Base + $"agent.master-sets {{ {sets} }}"), StringComparison.Ordinal);

    [Fact]
    public void A_reload_takes_them_up()
    {
        AgentConfiguration before = ConfigurationText.Load(ConfigurationText.Base);
        AgentConfiguration now = ConfigurationText.Load(ConfigurationText.Base + "agent.master-sets.blue.senders = [\"192.0.2.1\"]");
        ConfigurationChange change = ConfigurationChange.Compare(before, now);
        Assert.Empty(change.NeedingRestart);
        Assert.Equal("blue", Assert.Single(change.Applied.MasterSets).Name);
        Assert.Contains("blue", change.Applied.Zones.MasterSets);
    }
}
