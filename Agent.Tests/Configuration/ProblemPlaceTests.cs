using Agent.Host.Configuration;

namespace Agent.Tests.Configuration;

/// <summary>Each mistake is told once, where the user made it.</summary>
public class ProblemPlaceTests
{
    /// <summary>The whole list of problems; the text begins in line 2 at column 1, below the driver.</summary>
    [Theory]
    [InlineData("keys { K1.secret = aaaa\nk1.secret = bbbb }", "3:1: agent.keys: 'k1' is given twice: as a domain name it is the same as 'K1'")]
    [InlineData("keys { k1.secret = aaaa, \"k1.\".secret = aaaa }",
        "2:26: agent.keys: 'k1.' is given twice: as a domain name it is the same as 'k1'")]
    [InlineData("keys { \"\".secret = aaaa }", "2:8: agent.keys: a key needs a name, the one that the other side knows it by")]
    [InlineData("keys { \"a..b\".secret = aaaa }", "2:8: agent.keys: the key's name 'a..b' is not a domain name")]
    [InlineData("keys { k1.secret = aaaa, k5.secret = \"?\" }\nallow-notify = [\"key:k5\"]\nmasters = [{ address = a, key = k5 }]",
        "2:38: agent.keys.k5.secret: the secret is not base64")]
    [InlineData("keys { k1.secret = aaaa, k5 { } }\nallow-control = [\"key:k5\"]",
        "2:29: agent.keys.k5.secret: secret or secret-file must be given")]
    [InlineData("keys.k1.secret = aaaa\nmaster-sets.blue { senders = [\"key:k2\"] }",
        "3:31: agent.master-sets.blue.senders: keys has no key named k2; did you mean k1?")]
    [InlineData("keys.k1.secret = aaaa\nzones.\"a.example\".masters = [{ address = b, key = k2 }]",
        "3:51: agent.zones.\"a.example\".masters[0].key: keys has no key named k2; did you mean k1?")]
    [InlineData("zones.\"a.example\".masters = [\"a b\"]",
        "2:30: agent.zones.\"a.example\".masters: an address or name is needed, with or without port, not 'a b': "
            + "192.0.2.1:5354, [2001:db8::1]:5354")]
    [InlineData("zones { example.org { masters = [a] } }",
        "2:9: agent.zones.example.org: unknown key; known here: guard, masters, targets; "
            + "a name with dots is written in quotes: \"example.org\"")]
    [InlineData("zones { \"*.*.x\" { } }",
        "2:9: agent.zones: a zone (\"example.org\") or all zones below a name (\"*.example.org\") is needed, not '*.*.x'")]
    [InlineData("query-destination = \"127.0.0.1:0\"", "2:21: agent.query-destination: a port from 1 to 65535 is needed, not '127.0.0.1:0'")]
    [InlineData("tls.p.hostname = \"x y\"", "2:18: agent.tls.p.hostname: the name in the server's certificate is needed, not 'x y'")]
    [InlineData("masters = [\"0.0.0.0\"]",
        "2:12: agent.masters: '0.0.0.0' is the address of no single host: no zone can be transferred from there")]
    [InlineData("masters = [\"224.0.0.1\"]",
        "2:12: agent.masters: '224.0.0.1' is the address of no single host: no zone can be transferred from there")]
    [InlineData("masters = [{ address = \"[ff02::1]:53\" }]",
        "2:24: agent.masters[0].address: '[ff02::1]:53' is the address of no single host: no zone can be transferred from there")]
    [InlineData("journal.maximum-size = 100KiB",
        "2:24: agent.journal.maximum-size: 0 for no limit, or at least 1MiB is needed: in less the journal itself finds no room")]
    [InlineData("cluster { enabled = true, allow-plaintext = true }\njournal { provider = postgresql\n connection-string = \"Host=::1;Username=a\" }",
        "2:9: agent.cluster.etcd.endpoints: a cluster needs at least one etcd")]
    public void A_mistake_is_told_once_where_it_was_made(string text, string expected) =>
        Assert.Equal([expected], Problems($"agent.backend-driver = embedded\nagent {{\n{text}\n}}", line => line - 1));

    [Theory]
    [InlineData("agent {\n  targets { \"\" { driver = fake } }\n}", "2:13: agent.targets: a target needs a name")]
    [InlineData("agent {\n  targets { \"a@b\" { driver = fake } }\n}",
        "2:13: agent.targets: names of targets have no '@', which joins them with their node: a@b")]
    [InlineData("agent {\n  port = 1\n}", "1:7: agent.backend-driver: a driver must be named: embedded | fake")]
    [InlineData("agent {\n  backend-driver = bind9\n  backends {\n    bind9 { port = 953 }\n  }\n}",
        "4:11: agent.backends.bind9.key-file: the control channel needs a key")]
    [InlineData("agent {\n  backend-driver = zone-files\n}", "1:7: agent.backends.zone-files.directory: the folder")]
    [InlineData("agent {\n  backend-driver = nsd\n  backends.nsd { control = \"unix:/s\", pattern = p }\n}",
        "3:16: agent.backends.nsd.zone-directory: the folder")]
    [InlineData("agent {\n  targets.n { driver = knot, control = \"\" }\n}", "2:40: agent.targets.n.control: the path of the server's")]
    [InlineData("agent {\n  targets.n { driver = bind9 }\n}", "2:13: agent.targets.n.key-file: the control channel needs a key")]
    public void What_is_missing_is_missed_where_the_user_would_write_it(string text, string expected) =>
        Assert.StartsWith(expected, Assert.Single(Problems(text)));

    /// <summary>What a driver itself has against its settings.</summary>
    [Theory]
    [InlineData("driver = bind9, key-file = /k, view = \"in/side\"", "view: may consist of letters")]
    [InlineData("driver = bind9, key-file = /k, zone-options = \"type primary;\"", "zone-options: may not set type")]
    [InlineData("driver = bind9, key-file = /k, zone-options = \"allow-query { any; ;\"", "zone-options: ")]
    [InlineData("driver = bind9, key-file = /k, zone-directory = \"/tmp/a\\\"b\"", "zone-directory: may not contain quotes")]
    [InlineData("driver = nsd, control = \"unix:/s\", zone-directory = /z, pattern = \"a b\"", "pattern: a name without spaces")]
    [InlineData("driver = nsd, pattern = a, zone-directory = /z, control = \"unix:{long}\"", "control: '/xxx")]
    [InlineData("driver = knot, control = \"{long}\"", "control: the path of a socket may have at most")]
    [InlineData("driver = gdnsd, control = \"{long}\"", "control: '/xxx")]
    [InlineData("driver = powerdns-sql, connection-string = \"Data Source=/tmp/x\", control = \"{long}\"", "control: '/xxx")]
    public void What_can_never_work_is_told_where_it_was_written(string settings, string expected)
    {
        settings = settings.Replace("{long}", "/" + new string('x', 200), StringComparison.Ordinal);

        string problem = Assert.Single(Problems($"agent {{\n  targets {{\n    t {{ {settings} }}\n  }}\n}}"));

        Assert.StartsWith("3:", problem, StringComparison.Ordinal);
        Assert.Contains($": agent.targets.t.{expected}", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void The_example_with_a_key_from_the_environment_misses_nothing_but_its_secret()
    {
        string example = Path.Combine(Architecture.SourceTree.Root, "hocon", "examples", "two-targets.conf");
        string text = File.ReadAllText(example).Replace("${?AGENT_TRANSFER_SECRET}", "${?AGENT_NO_SUCH_SECRET}");
        Assert.EndsWith("agent.keys.transfer-key.secret: secret or secret-file must be given", Assert.Single(Problems(text)));
    }

    /// <summary>The problems in order, with line and column and without the file.</summary>
    private static IEnumerable<string> Problems(string text, Func<int, int>? line = null)
    {
        var failure = Assert.Throws<ConfigurationException>(() => ConfigurationText.Load(text));
        return failure.Problems.Select(p => $"{line?.Invoke(p.Origin.Line) ?? p.Origin.Line}:{p.Origin.Column}: {p.Path}: {p.Text}");
    }
}
