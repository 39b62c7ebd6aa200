using Agent.Dns.Wire;
using Agent.Host.Configuration;

namespace Agent.Tests.Configuration;

/// <summary>What a reload makes of catalogs: the settings of those that run count at once, new ones and those that are gone wait.</summary>
public sealed class CatalogReloadTests
{
    private const string Head = "agent { backend-driver = embedded, masters = [\"192.0.2.1\"]\n";
    private static readonly DomainName North = DomainName.Parse("north.example.");
    private static readonly DomainName South = DomainName.Parse("south.example.");
    private static readonly DomainName Member = DomainName.Parse("member.example.");

    private static readonly AgentConfiguration AtStart = Load(
        "catalogs { \"north.example\" { masters = [\"192.0.2.10\"], groups { a { masters = [\"192.0.2.11\"] } } } }");

    [Fact]
    public void What_runs_takes_new_settings_masters_and_groups_live()
    {
        ConfigurationChange change = ConfigurationChange.Compare(
            AtStart,
            Load("catalogs { \"north.example\" { masters = [\"192.0.2.20\"], removal-percent = 5, groups { b { masters = [\"192.0.2.21\"] } } } }"));
        Assert.Empty(change.NeedingRestart);
        Assert.Contains("agent.catalogs.\"north.example\".masters", change.Live.Select(k => k.Path));
        Assert.Equal(5, change.Applied.Catalogs[North].RemovalPercent);
        Assert.Contains("b", change.Applied.Catalogs[North].Groups);
        Assert.Equal("192.0.2.20", Masters(change, North, North, ""));
        Assert.Equal("192.0.2.20", Masters(change, Member, North, ""));
        Assert.Equal("192.0.2.21", Masters(change, Member, North, "b"));
    }

    [Fact]
    public void What_is_new_or_gone_waits_for_a_restart_and_the_answer_says_so()
    {
        ConfigurationChange change = ConfigurationChange.Compare(
            AtStart, Load("catalogs { \"south.example\" { masters = [\"192.0.2.30\"] } }"));
        Assert.Empty(change.Live);
        Assert.All(change.NeedingRestart, key => Assert.Contains("at start", key.RestartReason, StringComparison.Ordinal));
        Assert.Contains(change.NeedingRestart, key => key.Path.Contains("north", StringComparison.Ordinal));
        Assert.Contains(change.NeedingRestart, key => key.Path.Contains("south", StringComparison.Ordinal));
        Assert.Equal([North], change.Applied.Catalogs.Keys);
        Assert.Equal("192.0.2.10", Masters(change, North, North, ""));
        Assert.Equal("192.0.2.11", Masters(change, Member, North, "a"));
        Assert.Equal("192.0.2.1", Masters(change, Member, South, ""));
    }

    [Fact]
    public void What_came_by_a_reload_is_not_live_at_the_next()
    {
        AgentConfiguration both = Load("catalogs { \"north.example\" { }, \"south.example\" { adopt = false } }");
        AgentConfiguration next = Load("catalogs { \"north.example\" { }, \"south.example\" { adopt = true } }");
        ConfigurationChange change = ConfigurationChange.Compare(AtStart, both, next);
        Assert.DoesNotContain(change.Live, key => key.Path.Contains("south", StringComparison.Ordinal));
        Assert.Contains(change.NeedingRestart, key => key.Path.Contains("south", StringComparison.Ordinal));
    }

    private static string Masters(ConfigurationChange change, DomainName zone, DomainName catalog, string group) =>
        Assert.Single(change.Applied.Roster.Of(zone, catalog, group)).Host;

    private static AgentConfiguration Load(string catalogs) => ConfigurationText.Load(Head + catalogs + "\n}");
}
