using Agent.Host.Configuration;
using Agent.Host.Configuration.Hocon;

namespace Agent.Tests.Configuration;

/// <summary>reference.conf, the code that reads keys and the shipped examples say the same.</summary>
public class ReferenceTests
{
    [Fact]
    public void Every_key_of_the_reference_is_read_and_every_key_read_is_in_it()
    {
        HoconObject reference =
            new HoconLoader(_ => null, KeySpelling.Fold).AddText(AgentConfiguration.ReferenceText(), "reference.conf").Resolve();
        HoconObject root = new HoconLoader(_ => null, KeySpelling.Fold)
            .AddText(AgentConfiguration.ReferenceText(), "reference.conf").AddSetting("agent.backend-driver=embedded").Resolve();
        HashSet<string> written = [.. AllPaths(reference, "")];
        HashSet<string> read = [.. OptionsBinder.Bind(root, reference).Findings.KeysRead];
        Assert.Empty(written.Except(read));
        Assert.Empty(read.Except(written));
    }

    [Fact]
    public void Every_key_of_the_reference_has_a_line_of_purpose()
    {
        string[] lines = AgentConfiguration.ReferenceText().Split('\n');
        var bare = new List<string>();
        for (int i = 0; i < lines.Length; i++)
        {
            string line = lines[i].Trim();
            bool isKey = line.Contains('=') && !line.StartsWith('#');
            if (isKey && !lines[i - 1].TrimStart().StartsWith('#')) bare.Add(line);
        }

        Assert.Empty(bare);
    }

    /// <summary>A key whose name says that its file holds a secret is warned about when everybody can read the file.</summary>
    [Fact]
    public void Every_key_of_a_file_with_a_secret_is_read_as_one()
    {
        HoconObject root = new HoconLoader(_ => null, KeySpelling.Fold)
            .AddText(AgentConfiguration.ReferenceText(), "reference.conf").AddSetting("agent.backend-driver=embedded").Resolve();
        HashSet<string> known = [.. OptionsBinder.Bind(root, root).Findings.SecretFiles.Select(file => file.Path)];
        string[] named = [.. AllPaths(root, "").Where(path => ConfigurationKeys.IsSecretFile(path.Split('.')[^1]))];
        Assert.Contains("agent.backends.nsd.client-key", named);
        Assert.Empty(named.Except(known));
        Assert.Empty(known.Except(named));
    }

    [Fact]
    public void Keys_without_effect_are_marked_in_the_reference_and_no_others()
    {
        string[] lines = AgentConfiguration.ReferenceText().Split('\n');
        HoconObject reference = new HoconLoader(_ => null).AddText(AgentConfiguration.ReferenceText(), "reference.conf").Resolve();
        foreach (ConfigurationLeaf leaf in ConfigurationTree.Leaves(reference).Where(leaf => leaf.Value is not HoconObject))
        {
            bool isMarked = lines[leaf.Origin.Line - 2].Contains("(no effect yet)");
            Assert.True(isMarked == ConfigurationKeys.IsWithoutEffect(leaf.Path), leaf.Path);
        }
    }

    [Fact]
    public void Reloading_knows_every_section_and_key_directly_below_agent()
    {
        HoconObject reference = new HoconLoader(_ => null).AddText(AgentConfiguration.ReferenceText(), "reference.conf").Resolve();
        Assert.All(((HoconObject)reference.Find("agent")!).Members.Keys, key =>
            Assert.NotEqual("agent", ConfigurationChange.RuleOf($"agent.{key}")));
    }

    [Theory]
    [InlineData("agent.conf", "embedded")]
    [InlineData("cluster.conf", "bind9,bind9")]
    [InlineData("examples/bind9-minidns.conf", "bind9")]
    [InlineData("examples/nsd.conf", "nsd")]
    [InlineData("examples/two-targets.conf", "bind9,bind9")]
    [InlineData("examples/zone-files.conf", "zone-files")]
    public void Shipped_files_load(string name, string drivers)
    {
        string file = Path.Combine(Path.GetDirectoryName(AgentConfiguration.DefaultFile())!, name);
        var sources = new ConfigurationSources([file], [])
        {
            Environment = variable => variable switch
            {
                "AGENT_TRANSFER_SECRET" => "c2VjcmV0",
                "AGENT_NODE" => "n1",
                "AGENT_ADDRESS" => "192.0.2.5",
                _ => null,
            },
        };
        AgentConfiguration configuration = AgentConfiguration.Load(sources);
        Assert.Equal(drivers, string.Join(',', configuration.Options.Targets.Select(target => target.Driver)));
        Assert.NotEmpty(configuration.Options.Roster.Common);
    }

    [Fact]
    public void Secret_keys_are_known_by_their_names()
    {
        Assert.All(["secret", "key-secret", "api-key", "password", "connection-string", "token"], key =>
            Assert.True(ConfigurationKeys.IsSecret(key)));
        Assert.All(["secret-file", "key-file", "key", "keys", "key-name"], key => Assert.False(ConfigurationKeys.IsSecret(key)));
    }

    private static IEnumerable<string> AllPaths(HoconObject parent, string prefix)
    {
        foreach ((string key, HoconMember member) in parent.Members)
        {
            yield return prefix + key;
            if (member.Value is not HoconObject inner) continue;
            foreach (string path in AllPaths(inner, $"{prefix}{key}.")) yield return path;
        }
    }
}
