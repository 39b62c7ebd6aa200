using Agent.Bench.Peers;
using Agent.Host.Commands;
using Agent.Host.Configuration;
using Agent.Tests.Commands;
using Agent.Tests.TestKit;

namespace Agent.Tests.Configuration;

/// <summary>What is allowed, or not needed yet, and still most likely a slip.</summary>
public sealed class SlipTests : IDisposable
{
    private const string Clustered = """

        name = a, cluster { enabled = true, etcd.endpoints = ["127.0.0.1:2379"] }
        journal { provider = postgresql, connection-string = "Host=127.0.0.1;Username=a" }
        """;

    private readonly TemporaryFolder _folder = new("slips");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("orphan { after = 30, action = remove }", ":2:25: agent.orphan.after = 30 has no unit and is 30 ms; "
        + "write 30ms, 30s, 30m, 30h or 30d")]
    [InlineData("undelete_window = \"7 \"", ":2:26: agent.undelete-window = 7 has no unit and is 7 ms; write 7ms, 7s, 7m, 7h or 7d")]
    [InlineData("catalogs.\"c.example\" { masters = [\"127.0.0.1\"], retry-minimum = 20 }", "c.example\".retry-minimum = 20 has no unit")]
    [InlineData("backends.exec.timeout = 300", ":2:32: agent.backends.exec.timeout = 300 has no unit and is 300 ms")]
    [InlineData("backends.exec { timeout = 300, command = [a] }\ntargets { a.driver = exec, b.driver = exec }\nbackend-driver = \"\"",
        ":2:34: agent.targets.a.timeout = 300 has no unit and is 300 ms")]
    public void A_duration_without_a_unit_is_told(string text, string expected) => Assert.Contains(expected, Assert.Single(Warnings(text)));

    [Theory]
    [InlineData("undelete-window = 0")]
    [InlineData("undelete-window = 0.0")]
    [InlineData("undelete-window = 30d")]
    [InlineData("journal.inline-content = 4096")]
    public void What_needs_no_unit_is_not_told(string text) => Assert.Empty(Warnings(text));

    [Theory]
    [InlineData("backends.bind9.port = -1", ":2:30: agent.backends.bind9.port: a whole number from 1 to 65535 is needed, not '-1'")]
    [InlineData("backends.bind9.style = nonsense", "agent.backends.bind9.style: one of data | secondary is needed, not 'nonsense'")]
    [InlineData("backends.exec.timeout = banana", "agent.backends.exec.timeout: a duration from 100ms to 1h is needed")]
    [InlineData("backends.nsd.control = \"a b\"", "agent.backends.nsd.control: nsd's control socket is needed")]
    [InlineData("backends.bind9.statistics-url = \"ftp://a\"", "agent.backends.bind9.statistics-url: an address such as")]
    [InlineData("backends.knot.server = \"a b\"", "agent.backends.knot.server: an address or name is needed")]
    [InlineData("backends.bind9.port = [953]", ":2:30: agent.backends.bind9.port: a text is needed, not a list (nothing uses it now)")]
    [InlineData("backends.zone-files.command-timeout = { a = 1 }", "agent.backends.zone-files.command-timeout: a text is needed")]
    [InlineData("backends.zone-files.command = [a, [b]]", ":2:42: agent.backends.zone-files.command: a list of texts is needed")]
    [InlineData("backends.catalog.quorum = most", "agent.backends.catalog.quorum: all, or a number from 1")]
    [InlineData("backends.catalog.name = \"a..b\"", "agent.backends.catalog.name: the name of a zone")]
    [InlineData("backends.catalog.consumers = [\"a b\"]", "agent.backends.catalog.consumers: an address or name is needed")]
    [InlineData("backends.catalog.consumers = [{ address = a, kee = k }]", "agent.backends.catalog.consumers[0].kee: unknown key; did you mean key?")]
    [InlineData("backends.bind9.key-secret = \"not base64!\"", "agent.backends.bind9.key-secret: the secret is not base64")]
    [InlineData("backends.powerdns-api.api-key = \"k\u00e9\"", "agent.backends.powerdns-api.api-key: the secret has characters beyond")]
    [InlineData("backends.bind9.primaries = [\"nonsense value\"]", "agent.backends.bind9.primaries: an address is needed")]
    [InlineData("backends.bind9.templates { \"a..b\" = \"x;\" }", "agent.backends.bind9.templates: a zone (")]
    [InlineData("backends.knot.templates { a = [] }", "agent.backends.knot.templates: a must be a text, not a list")]
    [InlineData("backends.knot.templates = 5", "agent.backends.knot.templates: an object is needed, not a number")]
    [InlineData("backends.powerdns-sql.connection-string = \"Data Sauce=/x\"", "agent.backends.powerdns-sql.connection-string: a keyword")]
    public void Wrong_values_that_nothing_uses_are_told(string text, string expected) =>
        Assert.Contains(expected, Assert.Single(Warnings(text)), StringComparison.Ordinal);

    [Theory]
    [InlineData("backends.nsd { control = \"192.0.2.1\" }")]
    [InlineData("backends.bind9 { port = 954 }")]
    [InlineData("backends.bind9 { key-file = /nowhere }")]
    [InlineData("backends.bind9 { key-name = k }")]
    [InlineData("backends.bind9 { primaries = [\"192.0.2.1\"], primary-key = k }")]
    [InlineData("backends.catalog { quorum = 2 }")]
    [InlineData("backends.catalog { consumers = [{ address = a, key = k }] }")]
    [InlineData("backends.dynamic-update { key = k }")]
    [InlineData("backends.dynamic-update { server = \"192.0.2.1\" }")]
    public void What_an_unused_section_lacks_is_not_told(string text) => Assert.Empty(Warnings(text));

    [Theory]
    [InlineData("cluster.drain-timeout = 20s", ":2:32: agent.cluster.drain-timeout = 20s is not above answer-deadline = 25s")]
    [InlineData("cluster.drain-timeout = 25s", ":2:32: agent.cluster.drain-timeout = 25s is not above answer-deadline = 25s")]
    [InlineData("answer-deadline = 1m", "agent.cluster.drain-timeout = 30s is not above answer-deadline = 1m")]
    public void A_drain_that_cuts_answers_off_is_told(string text, string expected)
    {
        Assert.Contains(expected, Assert.Single(Warnings(text + Clustered)), StringComparison.Ordinal);
        Assert.DoesNotContain(Warnings(text), warning => warning.Contains("drain-timeout", StringComparison.Ordinal));
    }

    [Fact]
    public void A_drain_that_is_longer_than_any_answer_is_not_told() => Assert.Empty(Warnings("cluster.drain-timeout = 26s" + Clustered));

    [Theory]
    [InlineData("port = 5300, management.port = 5300",
        "2:39: agent.management.port: port 5300 cannot be that of the management interface and of DNS over TCP (agent.port, FILE:2:15)")]
    [InlineData("port = 8054",
        "2:15: agent.port: port 8054 cannot be that of DNS over TCP and of the management interface (agent.management.port, by default)")]
    [InlineData("management { host = \"::1\", port = 5354 }, host = \"::\"", "(agent.port, by default)")]
    [InlineData("management { host = \"0.0.0.0\", port = 5354 }", "agent.management.port: port 5354 cannot be")]
    [InlineData("cluster { enabled = true, listen = \"127.0.0.1:5354\" }", "agent.cluster.listen: port 5354 cannot be")]
    [InlineData("cluster { enabled = true, listen = \"127.0.0.1:8054\" }", "agent.cluster.listen: port 8054 cannot be")]
    public void Two_doors_with_one_port_are_told_with_both_places(string text, string expected)
    {
        string file = _folder.Write("agent.conf", $"agent.backend-driver = embedded\nagent {{{text} }}");
        var failure = Assert.Throws<ConfigurationException>(() => AgentConfiguration.Load(new ConfigurationSources([file], [])));
        Assert.Contains(failure.Problems, problem => problem.ToString().Contains(expected.Replace("FILE", file)));
    }

    [Theory]
    [InlineData("port = 0, management.port = 0")]
    [InlineData("host = \"127.0.0.2\", port = 8054")]
    [InlineData("host = \"0.0.0.0\", management { host = \"::1\", port = 5354 }")]
    [InlineData("cluster.listen = \"127.0.0.1:5354\"")]
    public void Doors_that_do_not_meet_may_have_one_port(string text) => Assert.Empty(Warnings(text));

    [Theory]
    [InlineData("backend-driver = bind9, backends.bind9.key-file = /nowhere", "agent.backends.bind9.key-file: cannot read /nowhere: ")]
    [InlineData("targets.n { driver = bind9, key-file = /nowhere }, backend-driver = \"\"",
        "agent.targets.n.key-file: cannot read /nowhere: ")]
    [InlineData("journal { provider = postgresql, connection-string = \"Host=::1;Username=a;Database=b\", password-file = /nowhere }",
        "agent.journal.password-file: cannot read /nowhere: ")]
    public async Task A_file_that_is_not_there_fails_the_check_and_no_start(string text, string expected)
    {
        string file = _folder.Write("agent.conf", $"agent.backend-driver = embedded\nagent {{ masters = [\"127.0.0.1\"], {text} }}");
        AgentConfiguration.Load(new ConfigurationSources([file], []));
        CommandRun check = await CommandRun.Of("config", "check", file);
        Assert.Equal((ExitCode.Usage, ""), (check.ExitCode, check.Output));
        Assert.StartsWith($"{file}:2:", check.Error, StringComparison.Ordinal);
        Assert.Contains(expected, check.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_configuration_that_is_what_is_told()
    {
        ConfigurationProblem problem = Assert.Single(Assert.Throws<ConfigurationException>(() => WithoutFile()).Problems);
        Assert.Equal(
            $"agent: no configuration was found: there is no hocon/agent.conf in {AppContext.BaseDirectory} or a folder above it, "
                + "and no /etc/agent/agent.conf; name one with --config",
            problem.ToString());
        Assert.Equal("embedded", Assert.Single(WithoutFile("agent.backend-driver=embedded").Options.Targets).Driver);
        problem = Assert.Single(Assert.Throws<ConfigurationException>(() => WithoutFile("agent.backend-driver=x")).Problems);
        Assert.StartsWith("--set agent.backend-driver: agent.backend-driver: this version has no driver 'x'", problem.ToString());
    }

    [Theory]
    [InlineData("keys.k.secret-file = FILE")]
    [InlineData("backends.bind9.key-file = FILE")]
    [InlineData("backends.nsd.client-key = FILE")]
    [InlineData("backends.powerdns-api.api-key-file = FILE")]
    [InlineData("cluster.tls.key-file = FILE")]
    [InlineData("cluster.etcd.key-file = FILE")]
    [InlineData("cluster.etcd.password-file = FILE")]
    [InlineData("targets { a { driver = bind9 }, b { driver = bind9 } }, backends.bind9.key-file = FILE, backend-driver = \"\"")]
    public void A_secret_that_everybody_can_read_is_told_once(string text)
    {
        if (OperatingSystem.IsWindows()) return;
        string secret = _folder.Write("secret", "aaaa");
        text = text.Replace("FILE", $"\"{secret}\"", StringComparison.Ordinal);
        File.SetUnixFileMode(secret, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Assert.DoesNotContain(WarningsOfWhole(text), warning => warning.Contains("every user", StringComparison.Ordinal));
        File.SetUnixFileMode(secret, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);
        string expected = $": every user of this machine can open {secret}";
        Assert.Single(WarningsOfWhole(text), warning => warning.EndsWith(expected, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("etcd { endpoints = [\"127.0.0.1\"], certificate-file = CERTIFICATE, key-file = KEY }", "cluster.etcd.certificate-file")]
    [InlineData("etcd.endpoints = [\"127.0.0.1\"], tls { ca-file = CERTIFICATE, certificate-file = CERTIFICATE, key-file = KEY }",
        "cluster.tls.certificate-file")]
    public void A_certificate_that_is_over_is_told(string text, string key)
    {
        using TestAuthority authority = new(_folder, "ours");
        Assert.Empty(Cluster(authority.Issue("n1", "n1")));
        authority.ValidUntil = DateTimeOffset.UnixEpoch.AddYears(45);
        (string certificate, string keyFile) = authority.Issue("n1", "n1");
        Assert.Equal(
            $"{key}: the certificate in {certificate} ended on 2015-01-01 00:00:00Z", Assert.Single(Cluster((certificate, keyFile))));

        IReadOnlyList<string> Cluster((string Certificate, string Key) files)
        {
            if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(files.Key, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            string section = text.Replace("CERTIFICATE", $"\"{files.Certificate}\"", StringComparison.Ordinal)
                .Replace("KEY", $"\"{files.Key}\"", StringComparison.Ordinal);
            return Warnings(
                $"journal {{ provider = postgresql, connection-string = \"Host=::1;Username=a\" }}\nname = n1\n"
                + $"cluster {{ enabled = true, {section} }}");
        }
    }

    /// <summary>With the other files that belong to a certificate; that they are absent is told elsewhere.</summary>
    private static IReadOnlyList<string> WarningsOfWhole(string text) =>
        Warnings(text.StartsWith("cluster.tls", StringComparison.Ordinal) ? $"{text}, cluster.tls {{ ca-file = /c, certificate-file = /d }}"
            : text.StartsWith("cluster.etcd.key", StringComparison.Ordinal) ? $"{text}, cluster.etcd.certificate-file = /d" : text);

    private static IReadOnlyList<string> Warnings(string text) =>
        ConfigurationText.Load($"{ConfigurationText.Base}agent {{{text}\nmasters = [\"127.0.0.1\"] }}").Warnings;

    private static AgentConfiguration WithoutFile(params string[] settings) =>
        AgentConfiguration.Load(new ConfigurationSources([], settings) { DefaultFile = () => null });
}
