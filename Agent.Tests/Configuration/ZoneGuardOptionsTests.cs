using Agent.Actors.Guards;
using Agent.Actors.Zones;
using Agent.Dns.Wire;
using Agent.Host.Configuration;

namespace Agent.Tests.Configuration;

/// <summary>Zones with guards of their own.</summary>
public sealed class ZoneGuardOptionsTests
{
    private static readonly AgentOptions Options = ConfigurationText.Options("""
        agent.masters = ["192.0.2.1"]
        agent.guard { shrink-minimum-records = 7, zonemd = off }
        agent.zones {
          "*.example" { guard { shrink-percent = 100 } }
          "*.strict.example" { guard { shrink-percent = 5, older-serial = refuse }, masters = ["192.0.2.2"] }
          "plain.example" { masters = ["192.0.2.3"] }
          "bare.test" { }
        }
        """);

    [Theory]
    [InlineData("a.example", 100, OlderSerial.AfterExpiry, "192.0.2.1")]
    [InlineData("b.a.example", 100, OlderSerial.AfterExpiry, "192.0.2.1")]
    [InlineData("a.strict.example", 5, OlderSerial.Refuse, "192.0.2.2")]
    [InlineData("PLAIN.example", 100, OlderSerial.AfterExpiry, "192.0.2.3")]
    [InlineData("other.test", 50, OlderSerial.AfterExpiry, "192.0.2.1")]
    [InlineData("bare.test", 50, OlderSerial.AfterExpiry, null)]
    public void The_longest_pattern_counts_and_what_it_leaves_out_is_as_for_all(string zone, int percent, OlderSerial older, string? master)
    {
        DomainName name = DomainName.Parse(zone);
        ZonePolicy policy = Options.Zones.Of(name);
        Assert.Equal((percent, older), (policy.Guards.ShrinkPercent, policy.OlderSerial));
        Assert.Equal((7L, ZoneDigestRule.Off), (policy.Guards.ShrinkMinimumRecords, policy.Guards.Digest));
        Assert.Equal(master, Options.Roster.Of(name).SingleOrDefault()?.Host);
    }

    [Theory]
    [InlineData("\"a.example\" { guard { shrink-percents = 5 } }", "shrink-percent")]
    [InlineData("\"a.example\" { guard { shrink-percent = 101 } }", "100")]
    [InlineData("\"a.example\" { guard = 5 }", "object")]
    [InlineData("\"a.example\" { guard { } }, \"A.example.\" { masters = [] }", "twice")]
    public void A_wrong_guard_is_an_error(string zones, string word) => Assert.Contains(
        word, ConfigurationText.Problems(ConfigurationText.Base + $"agent.zones {{ {zones} }}"), StringComparison.Ordinal);

    [Fact]
    public void A_reload_takes_them_up()
    {
        AgentConfiguration before = ConfigurationText.Load(ConfigurationText.Base);
        AgentConfiguration now = ConfigurationText.Load(ConfigurationText.Base + "agent.zones.\"a.example\".guard.shrink-percent = 3");
        ConfigurationChange change = ConfigurationChange.Compare(before, now);
        Assert.Empty(change.NeedingRestart);
        Assert.Equal(3, change.Applied.Zones.Of(DomainName.Parse("a.example")).Guards.ShrinkPercent);
    }
}
