using System.Net;
using Agent.Actors.Backends;
using Agent.Actors.Guards;
using Agent.Actors.Listeners;
using Agent.Actors.Zones;
using Agent.Backends.Bind9;
using Agent.Backends.Gdnsd;
using Agent.Backends.Nsd;
using Agent.Backends.Knot;
using Agent.Backends.PowerDnsApi;
using Agent.Backends.PowerDnsSql;
using Agent.Backends.ZoneFiles;
using Agent.Dns.Net;
using Agent.Dns.Tsig;
using Agent.Dns.Wire;
using Agent.Host.Configuration;
using Microsoft.Extensions.Logging;

namespace Agent.Tests.Configuration;

public class OptionsTests
{
    [Fact]
    public void Endpoints_of_etcd_take_their_scheme_from_the_authority_where_none_is_written()
    {
        EtcdPlace plain = ConfigurationText.Options(
            "agent.cluster.etcd.endpoints = [\"127.0.0.1\", \"https://e1:99\"]").Cluster.Etcd;
        Assert.Equal(["http://127.0.0.1:2379/", "https://e1:99/"], plain.Endpoints.Select(endpoint => endpoint.ToString()));
        EtcdPlace secure = ConfigurationText.Options(
            "agent.cluster.etcd { endpoints = \"e1,e2:5\", ca-file = \"/ca.pem\" }").Cluster.Etcd;
        Assert.Equal(["https://e1:2379/", "https://e2:5/"], secure.Endpoints.Select(endpoint => endpoint.ToString()));
    }

    [Fact]
    public void Defaults_are_those_of_the_contract()
    {
        AgentOptions options = ConfigurationText.Options("");
        Assert.Equal(Environment.MachineName, options.NodeName);
        Assert.Equal([IPAddress.Loopback], options.Listener.Addresses);
        Assert.Equal(5354, options.Listener.Port);
        Assert.Equal(100, options.Listener.TcpBacklog);
        Assert.Equal(TimeSpan.FromSeconds(10), options.Listener.TcpIdleTimeout);
        Assert.Equal(100, options.Listener.TcpConnectionsPerClient);
        Assert.Empty(options.Roster.Common);
        Assert.Empty(options.Access.AllowNotify);
        Assert.Equal(ControlTransport.Any, options.Access.ControlTransport);
        Assert.Equal(AccessEntryKind.Any, Assert.Single(options.Access.AllowQuery).Kind);
        Assert.Equal(UnknownNotify.Refuse, options.Zones.OnUnknownNotify);
        Assert.Equal(TimeSpan.Zero, options.Zones.NotifyDelay);
        Assert.Equal(TimeSpan.FromSeconds(25), options.Zones.AnswerDeadline);
        Assert.Equal(new Quorum(QuorumKind.All), options.Zones.Quorum);
        Assert.Equal(TimeSpan.FromDays(7), options.Zones.UndeleteWindow);
        Assert.Equal((TimeSpan.FromDays(30), OrphanAction.Report), (options.Zones.OrphanAfter, options.Zones.OrphanAction));
        Assert.Equal(
            new SweepOptions(TimeSpan.FromHours(6), TimeSpan.FromSeconds(30), 200, 1_000_000, RemovalPercent: 10, RemovalMinimum: 20)
            {
                Contents = new ContentSweepOptions(TimeSpan.FromHours(24), TimeSpan.FromMinutes(10), 5),
            },
            options.Sweep);
        Assert.Equal(Path.GetFullPath("./data"), options.DataDirectory);
        Assert.Null(options.QueryDestination);
        Assert.Equal((IPAddress.Loopback, 8054), (options.Management.Address, options.Management.Port));
        Assert.Empty(options.Management.Open);
        Assert.Equal(64, options.Cluster.Shards);
        Assert.Equal(JournalProvider.Sqlite, options.Journal.Provider);
        Assert.Equal((new GuardPolicy(), OlderSerial.AfterExpiry), (options.Zones.Guards, options.Zones.OlderSerial));
        Assert.Equal(4L << 30, options.Transfer.Limits.MaxBytes);
        Assert.Equal(new LoggingOptions(LogFormat.Text, LogLevel.Information), options.Logging);
        TargetOptions target = Assert.Single(options.Targets);
        Assert.Equal(("embedded", "embedded", TargetScope.Node), (target.Name, target.Driver, target.Scope));
        Assert.IsType<EmbeddedSettings>(target.Settings);
    }

    [Fact]
    public void Names_of_users_keep_their_underscores()
    {
        AgentOptions options = ConfigurationText.Options("""
            agent {
              tls.a_b { }
              zones { "_a.example".masters = [{ address = m1, tls = a_b }] }
              catalogs { "_c.example" { masters = [m2], groups { g_h { masters = [m4] } } } }
              master_sets { s_t { masters = [m3] } }
              backends.knot.templates { "_e.example" = t_u }
            }
            """);
        Assert.Equal(["_a.example.", "_c.example."], options.Roster.Own.Select(own => own.Pattern.ToString()));
        Assert.Equal("a_b", options.Roster.Own[0].Masters[0].Tls);
        Assert.Equal("s_t", Assert.Single(options.MasterSets).Name);
        Assert.Equal(["g_h"], Assert.Single(options.Catalogs).Value.Groups);
    }

    [Fact]
    public void Keys_may_be_written_with_underscores()
    {
        AgentOptions options = ConfigurationText.Load("""
            agent {
              backend_driver = bind9
              tcp_backlog = 7
              allow_notify = ["192.0.2.1"]
              backends.bind9 { key_file = /etc/rndc.key, zone_directory = /z }
              journal { history_per_zone = 9 }
              keys { my_key { secret = "c2VjcmV0" } }
              answer-deadline = ${agent.tcp_backlog}s
            }
            """).Options;
        Assert.Equal("bind9", Assert.Single(options.Targets).Driver);
        Assert.Equal(7, options.Listener.TcpBacklog);
        Assert.Equal(9, options.Journal.Bounds.HistoryPerZone);
        Assert.Equal("my_key", Assert.Single(options.Keys).Key);
        Assert.Equal(TimeSpan.FromSeconds(7), options.Zones.AnswerDeadline);
    }

    [Fact]
    public void Masters_by_address_name_and_object()
    {
        AgentOptions options = ConfigurationText.Options("""
            agent.keys.k1 { algorithm = hmac-sha512, secret = "c2VjcmV0" }
            agent.masters = [
              "192.0.2.1", "192.0.2.2:53", "[2001:db8::1]", "[2001:db8::2]:53", 2001-db8.example, "::1", { address = "mdns:99", key = k1 }
            ]
            """);
        Assert.Equal(
            ["192.0.2.1:5354", "192.0.2.2:53", "[2001:db8::1]:5354", "[2001:db8::2]:53", "2001-db8.example:5354", "[::1]:5354", "mdns:99"],
            options.Roster.Common.Select(master => master.Name));
        Assert.Equal("k1", options.Roster.Common[^1].KeyName);
        Assert.Equal("hmac-sha512", options.Keys["k1"].Algorithm);
        Assert.Equal("secret"u8.ToArray(), options.Keys["k1"].Secret.Reveal().ToArray());
        Assert.DoesNotContain("secret\"", options.Keys["k1"].ToString());
    }

    [Fact]
    public void Lists_can_come_from_one_variable()
    {
        AgentOptions options = ConfigurationText.Options(
            "agent { masters = ${?MASTERS}, allow-notify = ${?NOTIFY}, host = ${?HOST}, also-notify = ${?TOLD}, keys.k.secret = aaaa }",
            ("MASTERS", "192.0.2.1, 192.0.2.2:53"), ("NOTIFY", "192.0.2.0/24,key:k"), ("HOST", "127.0.0.1,::1"), ("TOLD", "192.0.2.8,[::1]:5353"));
        Assert.Equal(2, options.Roster.Common.Length);
        Assert.Equal(2, options.Listener.Addresses.Count);
        Assert.Equal(["192.0.2.8:53", "[::1]:5353"], options.AlsoNotify.Select(told => told.EndPoint.ToString()));
    }

    [Theory]
    [InlineData("0.0.0.0, ::", "::")]
    [InlineData("::, 127.0.0.1", "::")]
    [InlineData("::1, ::", "::")]
    [InlineData("0.0.0.0, 127.0.0.1", "0.0.0.0")]
    [InlineData("192.0.2.1, ::1, 0.0.0.0", "::1, 0.0.0.0")]
    [InlineData("127.0.0.1, localhost, ::ffff:127.0.0.1", "127.0.0.1")]
    [InlineData("127.0.0.1, ::1", "127.0.0.1, ::1")]
    public void What_a_wildcard_of_the_list_binds_is_not_bound_again(string written, string bound) =>
        Assert.Equal(
            bound, string.Join(", ", ConfigurationText.Options($"agent.host = \"{written}\"").Listener.Addresses.AsEnumerable()));

    [Theory]
    [InlineData("192.0.2.1", "192.0.2.1/32")]
    [InlineData("192.0.2.1:53", "192.0.2.1:53")]
    [InlineData("2001:db8::1", "2001:db8::1/128")]
    [InlineData("[2001:db8::1]:53", "[2001:db8::1]:53")]
    [InlineData("192.0.2.0/24", "192.0.2.0/24")]
    [InlineData("2001:db8::/32", "2001:db8::/32")]
    [InlineData("0.0.0.0/0", "0.0.0.0/0")]
    [InlineData("::ffff:192.0.2.1", "192.0.2.1/32")]
    [InlineData("key:k.example", "key:k.example")]
    [InlineData("any", "any")]
    public void Access_entries(string text, string expected) => Assert.Equal(expected, AccessEntry.Parse(text, out _)?.ToString());

    [Theory]
    [InlineData("")]
    [InlineData("example.net")]
    [InlineData("192.0.2.1/24")]
    [InlineData("192.0.2.0/33")]
    [InlineData("192.0.2.0/-1")]
    [InlineData("192.0.2/24")]
    [InlineData("127.1")]
    [InlineData("1")]
    [InlineData("192.0.2.256")]
    [InlineData("192.0.2.01")]
    [InlineData("192.0.2.1:")]
    [InlineData("192.0.2.1:65536")]
    [InlineData("[192.0.2.1]")]
    [InlineData("[::1")]
    [InlineData("key:")]
    [InlineData("Any")]
    public void Broken_access_entries_are_refused(string text)
    {
        Assert.Null(AccessEntry.Parse(text, out string problem));
        Assert.NotEmpty(problem);
    }

    [Theory]
    [InlineData("all", "all")]
    [InlineData("majority", "majority")]
    [InlineData("2", "2")]
    public void Quorums(string text, string expected) =>
        Assert.Equal(expected, ConfigurationText.Options($"agent.quorum = {text}").Zones.Quorum.ToString());

    [Fact]
    public void Access_falls_back_to_the_masters()
    {
        IPAddress master = IPAddress.Parse("192.0.2.7");
        IPAddress other = IPAddress.Parse("192.0.2.8");
        ListenerPolicy policy = ConfigurationText.Options("").Access.ToPolicy([master], tls: null);
        Assert.True(policy.AllowNotify.AllowsAddress(NetworkEndpoint.From(master, 0)));
        Assert.True(policy.AllowControl.AllowsAddress(NetworkEndpoint.From(master, 0)));
        Assert.False(policy.AllowControl.AllowsAddress(NetworkEndpoint.From(other, 0)));
        Assert.True(policy.AllowTransfer.IsEmpty);
        Assert.True(policy.AllowQuery.AllowsAny);
        ListenerPolicy given = ConfigurationText.Options("""
            agent { allow-notify = ["192.0.2.8:53"], allow-transfer = ["key:k"], allow-query = [], control-transport = tcp }
            agent.keys.k.secret = aaaa
            """).Access.ToPolicy([master], tls: null);
        Assert.True(given.AllowControl.AllowsAddress(NetworkEndpoint.From(other, 53)));
        Assert.False(given.AllowControl.AllowsAddress(NetworkEndpoint.From(other, 54)));
        Assert.False(given.AllowNotify.AllowsAddress(NetworkEndpoint.From(master, 53)));
        Assert.True(given.AllowTransfer.AllowsKey(DomainName.Parse("K")));
        Assert.True(given.AllowQuery.IsEmpty);
        Assert.True(given.ControlNeedsTcp);
    }

    [Fact]
    public void Keys_become_tsig_keys()
    {
        foreach (string algorithm in KeyOptions.Algorithms)
        {
            AgentOptions options = ConfigurationText.Options($"agent.keys.k_1 {{ secret = aaaa, algorithm = {algorithm} }}");
            TsigKey key = options.Keys["k_1"].ToTsigKey();
            Assert.Equal("k_1.", key.Name.ToString());
            Assert.StartsWith(algorithm, TsigAlgorithms.NameOf(key.Algorithm).ToString());
        }
    }

    [Fact]
    public void Targets_take_what_they_lack_from_their_driver()
    {
        AgentOptions options = ConfigurationText.Load("""
            agent {
              data-dir = /d
              backends.bind9 { key-file = /etc/rndc.key, view = inner, port = 954 }
              targets {
                ns_1 { driver = bind9, host = "192.0.2.1" }
                ns2 { driver = bind9, host = "192.0.2.2", port = null, view = outer, zone_directory = /z }
                ns2 { server = "192.0.2.2:5300", scope = node }
                files { driver = zone-files, directory = /f, command = [reload, "{zone}", "a,b"] }
              }
            }
            """).Options;
        Assert.Equal(["ns_1", "ns2", "files"], options.Targets.Select(target => target.Name));
        var first = (Bind9Settings)options.Targets[0].Settings;
        Assert.Equal(("192.0.2.1:954", "inner", "/d/zones"), (first.Control.ToString(), first.View, first.ZoneDirectory));
        Assert.Equal("192.0.2.1:53", options.Targets[0].Server?.ToString());
        Assert.Equal(TargetScope.Farm, options.Targets[0].Scope);
        var second = (Bind9Settings)options.Targets[1].Settings;
        Assert.Equal(("192.0.2.2:954", "outer", "/z"), (second.Control.ToString(), second.View, second.ZoneDirectory));
        Assert.Equal(("192.0.2.2:5300", TargetScope.Node), (options.Targets[1].Server?.ToString(), options.Targets[1].Scope));
        Assert.Equal(["reload", "{zone}", "a,b"], ((ZoneFilesSettings)options.Targets[2].Settings).Command);
        Assert.Equal("192.0.2.1:53", options.QueryDestination?.ToString());
    }

    [Fact]
    public void Settings_reach_the_drivers()
    {
        TargetOptions bind = Assert.Single(ConfigurationText.Load("""
            agent.backend-driver = bind9
            agent.backends.bind9 { key-name = k, key-algorithm = hmac-sha512, key-secret = "c2VjcmV0", zone-directory = /z }
            """).Options.Targets);
        Bind9Options options = ((Bind9Settings)bind.Settings).ToOptions(bind.Server);
        Assert.Equal(("127.0.0.1", 953, "k", "hmac-sha512", "c2VjcmV0"),
            (options.Host, options.Port, options.KeyName, options.KeyAlgorithm, options.KeySecret));
        Assert.Equal((null, null, "/z"), (options.KeyFile, options.View, options.ZoneDirectory));
        Assert.Equal(new IPEndPoint(IPAddress.Loopback, 53), options.Server);
        TargetOptions files = Assert.Single(ConfigurationText.Load("""
            agent { backend-driver = zone-files, backends.zone-files { directory = /f, command = [a], server = "ns.example:54" } }
            """).Options.Targets);
        ZoneFilesOptions written = ((ZoneFilesSettings)files.Settings).ToOptions(files.Server);
        Assert.Equal(("/f", "a", TimeSpan.FromSeconds(10)), (written.Directory, Assert.Single(written.Command), written.CommandTimeout));
        Assert.Equal(new DnsEndPoint("ns.example", 54), written.Server);
    }

    [Fact]
    public void Nsd_is_of_the_node_by_its_socket_and_of_the_farm_by_its_port()
    {
        IReadOnlyList<TargetOptions> targets = ConfigurationText.Load("""
            agent {
              backends.nsd { pattern = agent, zone-directory = /z }
              targets {
                here { driver = nsd, control = "unix:/run/nsd.ctl", zone-directory = /z/here }
                there {
                  driver = nsd, control = "192.0.2.1", server-certificate = /s.pem, client-certificate = /c.pem, client-key = /c.key
                }
                mine = ${agent.targets.there} { scope = node, control = "nsd.example:99", server = "192.0.2.2", zone-directory = /z/mine }
              }
            }
            """).Options.Targets;

        Assert.Equal([TargetScope.Node, TargetScope.Farm, TargetScope.Node], targets.Select(target => target.Scope));
        Assert.Equal(["127.0.0.1:53", "192.0.2.1:53", "192.0.2.2:53"], targets.Select(target => target.Server?.ToString()));
        NsdOptions[] options = [.. targets.Select(target => ((NsdSettings)target.Settings).ToOptions(target.Server))];
        Assert.Equal(new NsdControlPlace.LocalSocket("/run/nsd.ctl"), options[0].Control);
        Assert.Equal(new NsdControlPlace.Tls("192.0.2.1", 8952, "/s.pem", "/c.pem", "/c.key"), options[1].Control);
        Assert.Equal("nsd.example:99", options[2].Control.ToString());
        Assert.All(options, nsd => Assert.Equal("agent", nsd.Pattern));
        Assert.Equal(["/z/here", "/z", "/z/mine"], options.Select(nsd => nsd.ZoneDirectory));
    }

    [Fact]
    public void Settings_reach_the_powerdns_api_driver()
    {
        TargetOptions plain = Assert.Single(
            ConfigurationText.Load("agent { backend-driver = powerdns-api, backends.powerdns-api.api-key = k }").Options.Targets);
        PowerDnsApiOptions options = ((PowerDnsApiSettings)plain.Settings).ToOptions(plain.Server!);
        Assert.Equal(
            ("http://127.0.0.1:8081/", "k", "localhost", false, null),
            (options.Url.ToString(), options.ApiKey, options.ServerId, options.IsPrimary, options.Control));
        Assert.Equal((TargetScope.Farm, "127.0.0.1:53"), (plain.Scope, plain.Server!.ToString()));

        TargetOptions full = Assert.Single(ConfigurationText.Load("""
            agent { backend-driver = powerdns-api, backends.powerdns-api {
              url = "https://pdns.example:8443/pdns/api/v1/", api-key = "a key", server-id = s, kind = primary, control = /c
              server = "192.0.2.1:54" } }
            """).Options.Targets);
        options = ((PowerDnsApiSettings)full.Settings).ToOptions(full.Server!);
        Assert.Equal(
            ("https://pdns.example:8443/pdns", "a key", "s", true, "/c"),
            (options.Url.ToString(), options.ApiKey, options.ServerId, options.IsPrimary, options.Control));
        Assert.Equal((TargetScope.Node, "192.0.2.1:54"), (full.Scope, options.Server.ToString()));
    }

    [Fact]
    public void Settings_reach_the_powerdns_sql_driver()
    {
        TargetOptions plain = Assert.Single(ConfigurationText.Load("""
            agent { backend-driver = powerdns-sql, backends.powerdns-sql.connection-string = "Data Source=/no/such/file" }
            """).Options.Targets);
        PowerDnsSqlOptions options = ((PowerDnsSqlSettings)plain.Settings).ToOptions(plain.Server!);
        Assert.Equal(
            ("/run/pdns/pdns.controlsocket", false, "", 1),
            (options.Control, options.IsPrimary, options.RowLock, options.ConcurrentChanges));
        Assert.Equal((TargetScope.Farm, "127.0.0.1:53"), (plain.Scope, plain.Server!.ToString()));
        using (System.Data.Common.DbConnection sqlite = options.Connect())
            Assert.Equal("/no/such/file", sqlite.DataSource);

        TargetOptions full = Assert.Single(ConfigurationText.Load("""
            agent { backend-driver = powerdns-sql, backends.powerdns-sql { provider = postgresql, control = /c, kind = primary
              connection-string = "Host=pg.example;Username=pdns;Database=zones", server = "192.0.2.1:54" } }
            """).Options.Targets);
        options = ((PowerDnsSqlSettings)full.Settings).ToOptions(full.Server!);
        Assert.Equal(("/c", true, "FOR UPDATE"), (options.Control, options.IsPrimary, options.RowLock));
        using System.Data.Common.DbConnection postgres = options.Connect();
        Assert.Equal("zones", postgres.Database);
        Assert.Contains("SSL Mode=VerifyFull", postgres.ConnectionString, StringComparison.Ordinal);

        TargetOptions third = Assert.Single(ConfigurationText.Load("""
            agent { backend-driver = powerdns-sql, backends.powerdns-sql { provider = mysql
              connection-string = "Server=db.example;User ID=pdns;Database=zones" } }
            """).Options.Targets);
        using System.Data.Common.DbConnection mysql = ((PowerDnsSqlSettings)third.Settings).ToOptions(third.Server!).Connect();
        Assert.Equal("zones", mysql.Database);
        Assert.Contains("SSL Mode=VerifyFull", mysql.ConnectionString, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void Settings_reach_the_knot_driver()
    {
        TargetOptions plain = Assert.Single(ConfigurationText.Load("agent { backend-driver = knot, data-dir = /d }").Options.Targets);
        KnotOptions options = ((KnotSettings)plain.Settings).ToOptions(plain.Server!);
        Assert.Equal(TargetScope.Node, plain.Scope);
        Assert.Equal(("/run/knot/knot.sock", null, "/d/knot-zones"), (options.Control, options.Template, options.ZoneDirectory));
        Assert.Equal(new IPEndPoint(IPAddress.Loopback, 53), options.Server);
        TargetOptions full = Assert.Single(ConfigurationText.Load("""
            agent { backend-driver = knot, backends.knot { control = /c, template = t, zone-directory = /z, server = "192.0.2.1:54" } }
            """).Options.Targets);
        options = ((KnotSettings)full.Settings).ToOptions(full.Server!);
        Assert.Equal(("/c", "t", "/z"), (options.Control, options.Template, options.ZoneDirectory));
        Assert.Equal(new IPEndPoint(IPAddress.Parse("192.0.2.1"), 54), options.Server);
    }

    [Fact]
    public void Gdnsd_is_of_the_node_where_its_package_puts_it()
    {
        TargetOptions target = Assert.Single(ConfigurationText.Load("agent.backend-driver = gdnsd").Options.Targets);

        Assert.Equal((TargetScope.Node, "127.0.0.1:53"), (target.Scope, target.Server?.ToString()));
        GdnsdOptions options = ((GdnsdSettings)target.Settings).ToOptions(target.Server!);
        Assert.Equal(("/run/gdnsd/control.sock", "/etc/gdnsd/zones"), (options.Control, options.ZoneDirectory));
    }

    [Fact]
    public void Tinydns_is_of_the_node_where_its_package_puts_it()
    {
        TargetOptions target = Assert.Single(ConfigurationText.Load("agent.backend-driver = tinydns").Options.Targets);

        Assert.Equal((TargetScope.Node, "127.0.0.1:53"), (target.Scope, target.Server?.ToString()));
        Assert.Equal("/etc/sv/tinydns/root", ((TinydnsSettings)target.Settings).ToOptions(target.Server!).Root);
    }

    [Fact]
    public void A_server_transfers_from_the_agent_unless_others_are_named()
    {
        AgentOptions options = ConfigurationText.Load("""
            agent {
              host = "192.0.2.9", port = 5354, allow-transfer = ["192.0.2.0/24"], keys.out.secret = aaaa
              backends.bind9 { key-file = /etc/rndc.key, style = secondary, primary-key = out }
              targets {
                us { driver = bind9 }
                others { driver = bind9, primaries = ["192.0.2.1:5300", "2001:db8::1"], primary-key = "" }
                given { driver = bind9, style = data, primary-key = "", primaries = [] }
              }
            }
            """).Options;
        Assert.Equal(
            ["192.0.2.9:5354 out", "192.0.2.1:5300,[2001:db8::1]:53 ", "data"], options.Targets.Select(target => Said(target.Settings)));

        static string Said(TargetSettings settings) => ((Bind9Settings)settings).ToOptions(server: null).Secondary is { } source
            ? $"{string.Join(',', source.Primaries)} {source.KeyName}"
            : "data";
    }

    [Fact]
    public void Masters_as_primaries_need_no_right_to_transfer_from_the_agent() => Assert.NotNull(ConfigurationText.Load("""
        agent {
          masters = ["192.0.2.1:5300"]
          targets.n { driver = bind9, key-file = /k, style = secondary, primaries = ["192.0.2.1:5300"] }
        }
        """).Options.Targets[0].Settings.Secondary);

    [Fact]
    public void A_catalog_is_of_the_farm_and_all_its_consumers_count()
    {
        TargetOptions target = Assert.Single(ConfigurationText.Load("""
            agent {
              allow-transfer = ["192.0.2.0/24"]
              keys { k { secret = "c2VjcmV0" } }
              targets.c {
                driver = catalog, name = catalog.example
                consumers = ["192.0.2.1", "ns2.example.net:5300", { address = "192.0.2.3", key = k }]
              }
            }
            """).Options.Targets);

        var settings = (CatalogTargetSettings)target.Settings;
        Assert.Equal((TargetScope.Farm, null, 0), (target.Scope, target.Server, settings.Quorum));
        Assert.Equal("catalog.example.", settings.Name.ToString());
        Assert.Equal(
            ["192.0.2.1:53 ", "ns2.example.net:5300 ", "192.0.2.3:53 k"],
            settings.Consumers.Select(consumer => $"{consumer.Server} {consumer.Key?.Name}"));
    }

    [Fact]
    public void Null_restores_the_default()
    {
        AgentOptions options = ConfigurationText.Options("agent { port = null, journal.history-per-zone = null }");
        Assert.Equal((5354, 100), (options.Listener.Port, options.Journal.Bounds.HistoryPerZone));
    }

    [Fact]
    public void Secrets_come_from_files_too()
    {
        string file = Path.GetTempFileName();
        File.WriteAllText(file, " c2VjcmV0\n");
        AgentOptions options = ConfigurationText.Options($"agent.keys.k.secret-file = \"{file}\"");
        Assert.Equal("secret"u8.ToArray(), options.Keys["k"].Secret.Reveal().ToArray());
        File.WriteAllText(file, "");
        Assert.Contains("is empty", ConfigurationText.Problems(ConfigurationText.Base + $"agent.keys.k.secret-file = \"{file}\""));
        File.Delete(file);
        Assert.Contains("cannot read", ConfigurationText.Problems(ConfigurationText.Base + $"agent.keys.k.secret-file = \"{file}\""));
    }

    [Fact]
    public void All_targets_are_held_to_the_same_rules_unless_one_says_otherwise()
    {
        AgentOptions options = ConfigurationText.Options("""
            agent.backend-driver = ""
            agent.target-rules { verify = sample, drift = repair }
            agent.targets {
              ns1 { driver = fake }
              ns2 { driver = bind9, key-file = "/etc/rndc.key", verify = digest, re-add = always }
            }
            """);
        Assert.Equal(
            new TargetRules { Verify = ContentProof.Digest, ReAdd = ReAddRule.Always, Drift = DriftRule.Repair },
            options.Targets.Single(t => t.Name == "ns2").Rules);
        Assert.Equal(DriftRule.Repair, options.Targets.Single(t => t.Name == "ns1").Rules.Drift);
        Assert.Contains("nothing but the serial", ConfigurationText.Problems("agent.targets.ns1 { driver = fake, verify = sample }"));
    }

    [Fact]
    public void Settings_go_over_files()
    {
        AgentConfiguration configuration = AgentConfiguration.Load(new ConfigurationSources(
            [], ["agent.port=0", "backend_driver=fake", "agent.masters=[\"192.0.2.7\"]", "agent.host=::"]) { Environment = _ => null });
        Assert.Equal(0, configuration.Options.Listener.Port);
        Assert.Equal("fake", Assert.Single(configuration.Options.Targets).Driver);
        Assert.Equal([IPAddress.IPv6Any], configuration.Options.Listener.Addresses);
    }
}
