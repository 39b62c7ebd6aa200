using Agent.Actors.Transfers;
using Agent.Host.Configuration;

namespace Agent.Tests.Configuration;

/// <summary>Zones that are configured otherwise than the others of their target.</summary>
public sealed class TemplatesTests
{
    [Fact]
    public void They_reach_the_driver_of_each_target()
    {
        Dictionary<string, TargetSettings> targets = ConfigurationText.Load("""
            agent {
              backends.knot.templates { "*.example" = t1 }
              targets {
                k1 { driver = knot }
                k2 { driver = knot, control = /k2, zone-directory = /z2, templates { "own.example" = t2 } }
                n { driver = nsd, control = "unix:/c", pattern = p, zone-directory = /z, templates { "*" = p2 } }
                b { driver = bind9, key-file = /k, templates { "own.example" = "notify no;" } }
              }
            }
            """).Options.Targets.ToDictionary(target => target.Name, target => target.Settings);
        var server = new HostEndpoint("127.0.0.1", 53);

        Assert.Equal([(Pattern("*.example"), "t1")], ((KnotSettings)targets["k1"]).ToOptions(server).Templates);
        Assert.Contains((Pattern("own.example"), "t2"), ((KnotSettings)targets["k2"]).ToOptions(server).Templates);
        Assert.Equal([(Pattern("*"), "p2")], ((NsdSettings)targets["n"]).ToOptions(server).Templates);
        Assert.Equal([(Pattern("own.example"), "notify no;")], ((Bind9Settings)targets["b"]).ToOptions(server).Templates);
    }

    [Fact]
    public void A_reload_says_that_they_need_a_restart()
    {
        ChangedKey key = Assert.Single(ConfigurationChange.Compare(Load("t1"), Load("t2")).NeedingRestart);
        Assert.Contains("targets are built at start", key.ToString(), StringComparison.Ordinal);

        static AgentConfiguration Load(string template) => ConfigurationText.Load(
            $"agent {{ backend-driver = knot, backends.knot.templates {{ \"*.example\" = {template} }} }}");
    }

    private static ZonePattern Pattern(string text) =>
        ZonePattern.TryParse(text, out ZonePattern? pattern) ? pattern : throw new ArgumentException(text, nameof(text));
}
