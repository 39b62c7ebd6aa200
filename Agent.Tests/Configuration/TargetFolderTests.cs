using Agent.Host.Configuration;

namespace Agent.Tests.Configuration;

/// <summary>Targets that wrote into one folder would take each other's files away.</summary>
public class TargetFolderTests
{
    [Theory]
    [InlineData("targets { a { driver = bind9, key-file = /k } }", "/d/zones")]
    [InlineData("targets { a { driver = bind9, key-file = /k, view = a }, b { driver = bind9, key-file = /k, view = b } }",
        "/d/zones-a, /d/zones-b")]
    [InlineData("targets { a { driver = bind9, key-file = /k }, b { driver = bind9, key-file = /k, zone-directory = /z } }",
        "/d/zones, /z")]
    [InlineData("targets { a { driver = bind9, key-file = /k }, b.driver = knot }", "/d/zones, /d/knot-zones")]
    [InlineData("targets { a { driver = knot, control = /a }, b { driver = knot, control = /b } }", "/d/knot-zones-a, /d/knot-zones-b")]
    [InlineData("backend-driver = knot", "/d/knot-zones")]
    public void The_folder_of_a_target_that_names_none_is_its_own(string text, string expected) =>
        Assert.Equal(expected, string.Join(", ", Targets(text).Select(target => target.Settings.Files!.Path)));

    [Theory]
    [InlineData("targets { a { driver = bind9, key-file = /k, zone-directory = /z }, b { driver = bind9, key-file = /k, zone-directory = /z/ } }",
        "agent.targets.b.zone-directory: target a has the folder /z/ already")]
    [InlineData("backends.bind9 { key-file = /k, zone-directory = /z }, targets { a.driver = bind9, b { driver = bind9, view = b } }",
        "agent.targets.b.zone-directory: target a has the folder /z already")]
    [InlineData("targets { a { driver = zone-files, directory = /z }, b { driver = zone-files, directory = /z } }",
        "agent.targets.b.directory: target a has")]
    [InlineData("targets { a { driver = zone-files, directory = /z }, b { driver = knot, zone-directory = /x/../z } }",
        "agent.targets.b.zone-directory: target a has the folder /z already")]
    [InlineData("backends.nsd { pattern = p, zone-directory = /z }, "
        + "targets { a { driver = nsd, control = \"unix:/a\" }, b { driver = nsd, control = \"unix:/b\" } }", "target a has the folder /z")]
    [InlineData("targets { a.driver = gdnsd, b { driver = gdnsd, control = /b } }", "target a has the folder /etc/gdnsd/zones already")]
    [InlineData("targets { a.driver = tinydns, b.driver = tinydns }", "agent.targets.b.root: target a has the folder")]
    [InlineData("targets { a { driver = bind9, key-file = /k, zone-directory = /z }, "
        + "b { driver = bind9, host = \"192.0.2.1\", key-file = /k, zone-directory = /z, style = secondary, primaries = \"192.0.2.9\" } }",
        "target a has the folder /z already")]
    [InlineData("backends.bind9 { key-file = /k, zone-directory = /z, style = secondary, primaries = \"192.0.2.9\" }, "
        + "targets { a { driver = bind9, view = a }, b { driver = bind9, view = b } }", "target a has the folder /z already")]
    [InlineData("targets { \"a/b\" { driver = bind9, key-file = /k }, b { driver = bind9, key-file = /k } }",
        "agent.targets.\"a/b\".zone-directory: this must be given: the target's name cannot be that of a folder")]
    public void Two_targets_in_one_folder_are_told(string text, string expected) =>
        Assert.Contains(expected, ConfigurationText.Problems($"agent {{ data-dir = /d, {text} }}"));

    /// <summary>The servers themselves write, each on a machine of its own.</summary>
    [Fact]
    public void Secondaries_on_two_machines_may_have_folders_of_one_path() => Assert.All(
        Targets(
            """
            backends.bind9 { key-file = /k, zone-directory = /z, style = secondary, primaries = "192.0.2.9" }, allow-transfer = "192.0.2.0/24"
            targets { a { driver = bind9, host = "192.0.2.1" }, b { driver = bind9, host = "192.0.2.2" } }
            """),
        target => Assert.Equal("/z", target.Settings.Files!.Path));

    private static IReadOnlyList<TargetOptions> Targets(string text) =>
        ConfigurationText.Load($"agent {{ data-dir = /d, {text} }}").Options.Targets;
}
