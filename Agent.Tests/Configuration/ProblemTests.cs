using Agent.Host.Configuration;

namespace Agent.Tests.Configuration;

/// <summary>Every mistake is told with its place, its key and what to do; none is guessed around.</summary>
public class ProblemTests
{
    [Theory]
    [InlineData("prot = 1", "agent.prot: unknown key; did you mean port?")]
    [InlineData("alow_notify = []", "did you mean allow-notify?")]
    [InlineData("journal { conection-string = x }", "agent.journal.conection-string: unknown key; did you mean connection-string?")]
    [InlineData("backends.bind9.vew = x", "agent.backends.bind9.vew: unknown key; did you mean view?")]
    [InlineData("backends.bnd9 { }", "did you mean bind9?")]
    [InlineData("cluster.tls.key = x", "agent.cluster.tls.key: unknown key")]
    [InlineData("zzzzzzzzzz = 1", "known here: ")]
    [InlineData("port = 65536", "agent.port: a whole number from 0 to 65535 is needed, not '65536'")]
    [InlineData("port = x", "not 'x'")]
    [InlineData("port = [1]", "agent.port: a text is needed, not a list")]
    [InlineData("port = { }", "a text is needed, not an object")]
    [InlineData("journal = 1", "agent.journal: an object is needed")]
    [InlineData("answer-deadline = 5 parsecs", "agent.answer-deadline: a duration from")]
    [InlineData("answer-deadline = 1d", "a duration from")]
    [InlineData("transfer.max-bytes = many", "agent.transfer.max-bytes: a size from")]
    [InlineData("transfer { retry-minimum = 10s, retry-maximum = 1s }", "must not be less than retry-minimum")]
    [InlineData("on-unknown-notify = refsue", "one of refuse | ignore | create is needed, not 'refsue'; did you mean refuse?")]
    [InlineData("host = example.net", "agent.host: an IP address is needed")]
    [InlineData("host = []", "agent.host: an IP address is needed")]
    [InlineData("host = \"\"", "agent.host: an IP address is needed")]
    [InlineData("host = \"127.0.0.1:53\"", "agent.host: an IP address is needed")]
    [InlineData("masters = [\"192.0.2.1:x\"]", "agent.masters: an address or name is needed")]
    [InlineData("masters = [\"192.0.2.1:0\"]", "agent.masters: an address or name is needed")]
    [InlineData("masters = [[a]]", "agent.masters: an address or an object with address is needed")]
    [InlineData("masters = [{ adress = a }]", "agent.masters[0].adress: unknown key; did you mean address?")]
    [InlineData("masters = [{ key = k }]", "agent.masters[0].address: this key must be given")]
    [InlineData("masters = [{ address = a, key = nokey }]", "keys has no key named nokey")]
    [InlineData("masters = [{ address = a, tls = x }]", "agent.masters[0].tls: agent.tls has no profile named x")]
    [InlineData("keys { k { secret = aaaa } }, masters = [{ address = a, key = [k, k, k] }]", "two while they are being exchanged")]
    [InlineData("tls.x { ca-file = /nowhere }", "agent.tls.x.ca-file: cannot read /nowhere")]
    [InlineData("tls.x { certificate-file = /nowhere }", "certificate-file and key-file go together")]
    [InlineData("tls.x { certificate-file = /nowhere, key-file = /nowhere }", "agent.tls.x.certificate-file: cannot use /nowhere")]
    [InlineData("tls.x { pins = [aaaa] }", "SHA-256 of a public key in base64 is needed, not 'aaaa'")]
    [InlineData("tls.x { alpn = loose }", "one of strict | lenient is needed")]
    [InlineData("tls.x { pin = aaaa }", "agent.tls.x.pin: unknown key; did you mean pins?")]
    [InlineData("allow-control = [\"key:k\"]", "keys has no key named k")]
    [InlineData("allow-notify = [\"192.0.2.1/24\"]", "address bits beyond its length")]
    [InlineData("allow-notify = [{ }]", "agent.allow-notify: a list of texts is needed")]
    [InlineData("keys.k { secret = \"?\" }", "agent.keys.k.secret: the secret is not base64")]
    [InlineData("keys.k { }", "secret or secret-file must be given")]
    [InlineData("keys.k { secret = aaaa, algorithm = hmac-sha257 }", "did you mean hmac-sha256?")]
    [InlineData("keys.k { secret = aaaa, secret-file = x }", "either secret or secret-file")]
    [InlineData("keys.\"a..b\" { secret = aaaa }", "is not a domain name")]
    [InlineData("keys.k = x", "agent.keys: k must be an object, not a text")]
    [InlineData("keys.k = 1", "agent.keys: k must be an object, not a number")]
    [InlineData("quorum = 0", "agent.quorum: all, majority or a number")]
    [InlineData("limits.quick = 1", "agent.limits.quick: unknown key")]
    [InlineData("transfer { refresh-minimum = 2h, refresh-maximum = 1h }", "must not be less than refresh-minimum")]
    [InlineData("quorum = some", "agent.quorum: all, majority or a number")]
    [InlineData("transfer-source = \"192.0.2.1:5\"", "without port")]
    [InlineData("also-notify = [\"0.0.0.0\"]", "agent.also-notify: '0.0.0.0' is the address of no single host")]
    [InlineData("also-notify = [{ address = \"224.0.0.1\" }]", "agent.also-notify: '224.0.0.1' is the address of no single host")]
    [InlineData("also-notify = \"192.0.2.1, ns.example\"", "agent.also-notify: an address is needed, with or without port, not 'ns.example'")]
    [InlineData("also-notify = [null]", "agent.also-notify: an address is needed")]
    [InlineData("query-destination = \"a b\"", "agent.query-destination: an address or name")]
    [InlineData("query-destination = \"127.0.0.1:5354\"", "agent.query-destination: queries would go in a circle: 127.0.0.1:5354 is the")]
    [InlineData("query-destination = \"[::ffff:127.0.0.1]:5354\"", "agent.query-destination: queries would go in a circle")]
    [InlineData("query-destination = \"127.3.2.1:53\", port = 53, host = \"::\"", "agent.query-destination: queries would go in a circle")]
    [InlineData("query-destination = \"0.0.0.0:53\", port = 53, host = \"0.0.0.0\"", "agent.query-destination: queries would go in a circle")]
    [InlineData("targets.n { driver = knot }, port = 53, host = \"0.0.0.0\"",
        "agent.query-destination: queries would go in a circle: 127.0.0.1:53 is the agent itself; name the server that answers them")]
    [InlineData("cluster.enabled = true", "a cluster shares one journal: set agent.journal.provider = postgresql")]
    [InlineData("cluster.enabled = true", "agent.cluster.etcd.endpoints: a cluster needs at least one etcd")]
    [InlineData("cluster.enabled = true, name = \"a/b\"", "agent.name must be of letters")]
    [InlineData("cluster.name = \"a b\"", "agent.cluster.name: letters, digits")]
    [InlineData("cluster { enabled = true, listen = \"192.0.2.1\" }", "agent.cluster.tls: beyond loopback the link needs ca-file")]
    [InlineData("cluster { enabled = true, listen = \"0.0.0.0\" }", "agent.cluster.advertise: where all addresses are bound")]
    [InlineData("cluster.listen = \"localhost:1\"", "agent.cluster.listen: an IP address is needed")]
    [InlineData("cluster.tls.ca-file = x", "agent.cluster.tls.ca-file: ca-file, certificate-file and key-file go together")]
    [InlineData("cluster.etcd.endpoints = [\"192.0.2.1\"]", "beyond loopback etcd needs https, or allow-plaintext = true")]
    [InlineData("cluster.etcd.endpoints = [\"http://a b\"]", "agent.cluster.etcd.endpoints: an address is needed")]
    [InlineData("cluster.etcd.user = u", "agent.cluster.etcd.user: a user needs password or password-file")]
    [InlineData("cluster.etcd.certificate-file = x", "certificate-file and key-file go together")]
    [InlineData("journal.provider = postgresql", "agent.journal.connection-string: with postgresql this must be given")]
    [InlineData("journal { connection-string = \"Host=x\" }", "with sqlite this stays empty")]
    [InlineData("journal { provider = postgresql, connection-string = \"Host=127.0.0.1\" }", "it names no Username")]
    [InlineData("journal { provider = postgresql, connection-string = \"Hots=127.0.0.1;Username=a\" }", "is not one of Npgsql's")]
    [InlineData("journal { provider = postgresql, connection-string = \"Host=::1,db.example;Username=a;SSL Mode=Prefer\" }",
        "TLS is needed beyond loopback")]
    [InlineData("journal { provider = postgresql, connection-string = \"Host=::1;Username=a;Password=b\", password-file = x }",
        "either Password or password-file")]
    [InlineData("journal { provider = postgresql, connection-string = \"Host=::1;Username=a;Command Timeout=0\" }", "for ever")]
    [InlineData("journal.allow-plaintext = maybe", "true or false")]
    [InlineData("data-dir = \"\"", "agent.data-dir: a folder must be given")]
    [InlineData("backend-driver = bind8",
        "this version has no driver 'bind8'; it has embedded | fake | zone-files | bind9 | nsd | knot | gdnsd | tinydns | powerdns-api | "
            + "powerdns-sql | dynamic-update | catalog | exec; did you mean bind9?")]
    [InlineData("backend-driver = \"\"", "a driver must be named")]
    [InlineData("backend-driver = zone-files", "agent.backends.zone-files.directory: the folder")]
    [InlineData("backend-driver = bind9", "the control channel needs a key")]
    [InlineData("backend-driver = powerdns-api", "agent.backends.powerdns-api.api-key: api-key or api-key-file must be given")]
    [InlineData(
        "backend-driver = powerdns-api, backends.powerdns-api { api-key = k, url = \"http://192.0.2.1:8081\" }",
        "agent.backends.powerdns-api.url: without TLS everybody on the way reads the api-key")]
    [InlineData(
        "backend-driver = powerdns-api, backends.powerdns-api { api-key = k, url = \"127.0.0.1\" }",
        "agent.backends.powerdns-api.url: the address of PowerDNS's web server is needed")]
    [InlineData(
        "backend-driver = powerdns-api, backends.powerdns-api { api-key = \"k\u00e9\" }",
        "agent.backends.powerdns-api.api-key: the secret has characters beyond printable ASCII")]
    [InlineData(
        "backend-driver = powerdns-api, backends.powerdns-api { api-key = k, server-id = \"\" }",
        "agent.backends.powerdns-api.server-id: the name of the server in the API is needed")]
    [InlineData("backend-driver = powerdns-sql", "agent.backends.powerdns-sql.connection-string: PowerDNS's database is needed")]
    [InlineData(
        "backend-driver = powerdns-sql, backends.powerdns-sql { connection-string = \"Data Source=/x\", control = \"\" }",
        "agent.backends.powerdns-sql.control: the path of pdns_server's control socket must be given")]
    [InlineData(
        "backend-driver = powerdns-sql, backends.powerdns-sql { connection-string = \"Data Sauce=/x\" }",
        "agent.backends.powerdns-sql.connection-string: a keyword or a value is none of sqlite's")]
    [InlineData(
        "backend-driver = powerdns-sql, backends.powerdns-sql { provider = postgresql, connection-string = \"Host=/run\" }",
        "agent.backends.powerdns-sql.connection-string: it names no Username")]
    [InlineData(
        "backend-driver = powerdns-sql, backends.powerdns-sql { provider = postgresql, "
            + "connection-string = \"Host=192.0.2.1;Username=pdns;SSL Mode=Prefer\" }",
        "agent.backends.powerdns-sql.connection-string: TLS is needed beyond loopback")]
    [InlineData(
        "backend-driver = powerdns-sql, backends.powerdns-sql { provider = mysql, "
            + "connection-string = \"Server=192.0.2.1;User ID=pdns;Database=pdns;SSL Mode=Preferred\" }",
        "agent.backends.powerdns-sql.connection-string: TLS is needed beyond loopback")]
    [InlineData("backend-driver = knot, backends.knot.control = \"\"", "agent.backends.knot.control: the path of the server's control socket")]
    [InlineData("backend-driver = dynamic-update, backends.dynamic-update.server = \"192.0.2.1\"",
        "the name of the key that signs the updates")]
    [InlineData("backend-driver = dynamic-update, backends.dynamic-update.key = k1, keys.k1.secret = aaaa",
        "where the server takes updates")]
    [InlineData("backend-driver = dynamic-update, backends.dynamic-update { server = \"192.0.2.1\", key = k2 }, keys.k1.secret = aaaa",
        "keys has no key named k2; did you mean k1?")]
    [InlineData(
        "keys.k1.secret = aaaa, backend-driver = dynamic-update, "
            + "backends.dynamic-update { server = \"192.0.2.1\", key = k1, on-expire = withdraw }",
        "cannot take a zone from its server")]
    [InlineData("backend-driver = bind9, backends.bind9 { key-secret = aaaa }", "the control channel needs a key")]
    [InlineData("backend-driver = bind9, backends.bind9 { key-file = a, key-name = b, key-secret = aaaa }",
        "the control channel needs a key")]
    [InlineData("backend-driver = bind9, backends.bind9 { key-file = a, zone-options = \"notify no\" }", "end with a semicolon")]
    [InlineData("backend-driver = nsd", "agent.backends.nsd.control: nsd's control socket is needed")]
    [InlineData("backend-driver = nsd", "agent.backends.nsd.pattern: the pattern of nsd.conf")]
    [InlineData("backend-driver = knot, backends.knot.templates { \"a..b\" = t }", "agent.backends.knot.templates: a zone (")]
    [InlineData("backend-driver = knot, backends.knot.templates { a = t, \"a.\" = t }", "agent.backends.knot.templates: 'a.' is given twice")]
    [InlineData("backend-driver = knot, backends.knot.templates { a = {} }", "agent.backends.knot.templates: a must be a text")]
    [InlineData("backend-driver = knot, backends.knot.templates { a = \"\" }", "agent.backends.knot.templates: 'a' needs a text")]
    [InlineData("backend-driver = bind9, backends.bind9 { key-file = /k, templates { a = \"notify no\" } }", "must end with a semicolon")]
    [InlineData("backend-driver = nsd", "agent.backends.nsd.zone-directory: the folder")]
    [InlineData("backend-driver = nsd, backends.nsd { control = \"unix:nsd.sock\", pattern = p, zone-directory = /z }",
        "must begin with /")]
    [InlineData("backend-driver = nsd, backends.nsd { control = \"unix:/s\", pattern = p, zone-directory = /z, client-key = /k }",
        "a unix socket takes no certificates")]
    [InlineData("backend-driver = nsd, backends.nsd { control = \"192.0.2.1\", pattern = p, zone-directory = /z, client-key = /k }",
        "over TCP server-certificate, client-certificate, client-key are all needed")]
    [InlineData("backend-driver = gdnsd, backends.gdnsd.control = \"\"", "agent.backends.gdnsd.control: the path of gdnsd's control socket")]
    [InlineData("backend-driver = gdnsd, backends.gdnsd.zone-directory = \"\"", "agent.backends.gdnsd.zone-directory: the folder zones")]
    [InlineData("backend-driver = catalog", "agent.backends.catalog.name: the name of the catalog zone must be given")]
    [InlineData("backend-driver = catalog", "agent.backends.catalog.consumers: at least one server")]
    [InlineData("backend-driver = catalog, backends.catalog { name = c.example, consumers = [\"192.0.2.1\"] }",
        "agent.allow-transfer: the consumers of the catalog c.example. transfer it and its zones")]
    [InlineData("targets.c { driver = catalog, name = c.example, consumers = [\"192.0.2.1\", \"192.0.2.1:53\"] }", "is named twice")]
    [InlineData("targets.c { driver = catalog, name = c.example, consumers = [{ address = a, key = k1 }] }, keys.k { secret = \"c2VjcmV0\" }",
        "agent.targets.c.consumers[0].key: keys has no key named k1; did you mean k?")]
    [InlineData("targets.c { driver = catalog, name = c.example, consumers = [null] }", "an address or name is needed")]
    [InlineData("targets.c { driver = catalog, name = c.example, consumers = [\"192.0.2.1\"], quorum = 2 }",
        "agent.targets.c.quorum: all, or a number from 1")]
    [InlineData("targets.c { driver = catalog, name = c.example, consumers = [\"192.0.2.1\"], server = \"192.0.2.1\" }",
        "agent.targets.c.server: leave this empty")]
    [InlineData(
        "targets { a { driver = catalog, name = c.example, consumers = a }, b { driver = catalog, name = C.example, consumers = b } }",
        "target b: another target makes the catalog C.example. already")]
    [InlineData("targets.c { driver = catalog, name = c.example, consumers = [a] }, cluster.enabled = true",
        "target c: this version makes no catalogs in a cluster")]
    [InlineData("targets { a.driver = fake, c { driver = catalog, name = c.example, consumers = [a] } }, rollout.canaries = [c]",
        "target c: it cannot be a canary")]
    [InlineData("backend-driver = bind9, backends.bind9 { key-file = /k, style = second }", "one of data | secondary is needed")]
    [InlineData("backend-driver = bind9, backends.bind9 { key-file = /k, style = secondary }, host = \"192.0.2.9\", port = 5354",
        "agent.allow-transfer: the server of target bind9 (style = secondary) transfers its zones from the agent: name it here")]
    [InlineData("backend-driver = bind9, backends.bind9 { key-file = /k, style = secondary }, host = \"::\"",
        "agent.backends.bind9.primaries: this must say by which address the server reaches the agent")]
    [InlineData("targets.n { driver = bind9, key-file = /k, style = secondary }, cluster.enabled = true",
        "agent.targets.n.primaries: in a cluster this must say by which addresses")]
    [InlineData("targets.n { driver = bind9, key-file = /k, style = secondary, primaries = [ns.example] }",
        "agent.targets.n.primaries: an address is needed")]
    [InlineData("targets.n { driver = bind9, key-file = /k, style = secondary, primaries = [\"192.0.2.1\", \"192.0.2.1:53\"] }",
        "agent.targets.n.primaries: 192.0.2.1:53 is named twice")]
    [InlineData("targets.n { driver = bind9, key-file = /k, primaries = [\"192.0.2.1\"] }",
        "agent.targets.n.primaries: this belongs to style = secondary")]
    [InlineData("targets.n { driver = bind9, key-file = /k, style = secondary, primary-key = kk }, keys.k1.secret = aaaa",
        "agent.targets.n.primary-key: keys has no key named kk; did you mean k1?")]
    [InlineData("targets { a.driver = fake, n { driver = bind9, key-file = /k, style = secondary } }, rollout.canaries = [n]",
        "agent.rollout: canaries: n has style = secondary")]
    [InlineData("targets.n { driver = nsd, control = \"unix:/s\", pattern = p, zone-directory = /z, style = secondary, primaries = [a] }",
        "agent.targets.n.primaries: the server's own configuration says from whom it transfers")]
    [InlineData("targets.n { driver = knot, style = secondary, primaries = [\"192.0.2.1\"] }, transfer-transport = tls",
        "agent.transfer-transport: the server of target n (style = secondary) is told to transfer without TLS")]
    [InlineData("targets.n { driver = gdnsd, style = secondary }", "agent.targets.n.style: the driver gdnsd gives its server the content")]
    [InlineData("backend-driver = tinydns, backends.tinydns.root = \"\"", "agent.backends.tinydns.root: the folder of tinydns' data.cdb")]
    [InlineData("targets.ns1 { driver = fake }", "leave this empty where targets are given")]
    [InlineData("backend-driver = null, targets.ns1 { }", "agent.targets.ns1.driver: a driver must be named")]
    [InlineData("backend-driver = null, targets.ns1 { driver = fake, drivr = x }",
        "agent.targets.ns1.drivr: unknown key; did you mean driver?")]
    [InlineData("backend-driver = null, targets.ns1 { driver = fake, scope = all }", "one of default | node | farm")]
    public void Mistakes_are_told(string text, string expected)
    {
        string message = ConfigurationText.Problems($"agent {{ backend-driver = embedded\n {text} }}");
        Assert.Contains(expected, message);
        Assert.Contains(".conf:", message);
    }

    [Fact]
    public void Places_are_exact_and_all_problems_are_named()
    {
        var failure = Assert.Throws<ConfigurationException>(() =>
            ConfigurationText.Load("agent {\n  backend-driver = embedded\n  prot = 1\n  port = x\n}"));
        Assert.Equal([(3, 3), (4, 10)], failure.Problems.Select(p => (p.Origin.Line, p.Origin.Column)).Order());
    }

    [Fact]
    public void A_key_outside_of_agent_is_unknown() =>
        Assert.Contains("agnt: unknown key; did you mean agent?", ConfigurationText.Problems("agnt.port = 1"));

    [Fact]
    public void A_wrong_variable_is_named()
    {
        var failure = Assert.Throws<ConfigurationException>(() =>
            ConfigurationText.Load(ConfigurationText.Base + "agent.port = ${PORT}", ("PORT", "none")));
        Assert.StartsWith("environment PORT (used at ", failure.Message);
    }

    [Fact]
    public void Secrets_never_appear_in_messages()
    {
        Assert.DoesNotContain("hush! hush!", ConfigurationText.Problems(ConfigurationText.Base + "agent.keys.k.secret = \"hush! hush!\""));
    }

    [Theory]
    [InlineData("agent.allow-notify = [any]", "allow-notify contains any")]
    [InlineData("agent.allow-transfer = [any]", "allow-transfer contains any")]
    [InlineData("agent.allow-control = [\"0.0.0.0/0\", \"::/0\"]", "allow-control contains 0.0.0.0/0, ::/0: every host may do this")]
    [InlineData("agent.allow-transfer = [\"192.0.2.0/24\", \"::/0\"]", "allow-transfer contains ::/0: every host may do this")]
    [InlineData("agent { transfer-transport = tls, allow-transfer = [\"192.0.2.1\"] }", "transfer-transport = tls refuses every transfer")]
    [InlineData("agent.cookies { enabled = false, required = true }", "cookies.required does nothing")]
    [InlineData("agent.masters = [\"192.0.2.1\"]", "unsigned CREATE and DELETE")]
    [InlineData("agent.masters = [mdns]", "unsigned CREATE and DELETE")]
    [InlineData("agent.allow-notify = [\"192.0.2.1\"]", "unsigned CREATE and DELETE")]
    [InlineData("agent.management.host = \"::\"", "HTTP without TLS")]
    [InlineData("agent.masters = []", "masters is empty")]
    public void Warnings(string text, string expected) =>
        Assert.Contains(ConfigurationText.Load(ConfigurationText.Base + text).Warnings, warning => warning.Contains(expected));

    [Theory]
    [InlineData("")]
    [InlineData("agent.allow-notify = [\"127.0.0.0/8\", \"::1\"]")]
    [InlineData("agent { masters = [\"192.0.2.1\"], control-transport = tcp }")]
    [InlineData("agent { masters = [\"192.0.2.1\"], allow-control = [\"key:k\"], keys.k.secret = aaaa }")]
    [InlineData("agent.guard.shrink-percent = 10")]
    [InlineData("agent.transfer-transport = tls")]
    [InlineData("agent.cookies { enabled = true, required = true }")]
    [InlineData("agent { allow-control = [\"128.0.0.0/1\"], control-transport = tcp }")]
    [InlineData("agent { query-destination = \"127.0.0.1:53\", port = 53, host = \"127.0.0.2\" }")]
    public void No_warning_without_reason(string text)
    {
        Assert.Empty(ConfigurationText.Load(ConfigurationText.Base + "agent.masters = [\"127.0.0.1\"]\n" + text).Warnings);
    }

    [Fact]
    public void A_secret_that_everybody_can_read_is_warned_about()
    {
        if (OperatingSystem.IsWindows()) return;
        string file = Path.GetTempFileName();
        File.WriteAllText(file, "aaaa");
        string text = ConfigurationText.Base + $"agent {{ masters = [\"127.0.0.1\"], keys.k.secret-file = \"{file}\" }}";
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Assert.Empty(ConfigurationText.Load(text).Warnings);
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);
        Assert.Contains("every user", Assert.Single(ConfigurationText.Load(text).Warnings));
        File.Delete(file);
    }
}
