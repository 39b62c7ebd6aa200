using System.Net;
using Agent.Bench.Peers;
using Agent.Host.Commands;
using Agent.Host.Configuration;
using Agent.Host.Import;
using Agent.Tests.Commands;

namespace Agent.Tests.Import;

public sealed class DesignateImportTests : IDisposable
{
    private readonly TemporaryFolder _folder = new("import");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Every_option_that_has_a_counterpart_becomes_it()
    {
        AgentOptions options = Options("""
            [service:agent]
            listen = 192.0.2.10:5359, [2001:db8::10]:5359
            tcp_backlog = 200
            tcp_recv_timeout = 1.5
            allow-notify = 192.0.2.1,
              2001:db8::1
            masters = 192.0.2.1:5354,192.0.2.2,[2001:db8::1]:5354
            backend_driver = bind9
            transfer_source = 192.0.2.10
            notify_delay = 0.25
            [service:worker]
            xfr_timeout = 45
            [backend:agent:bind9]
            rndc_host = 192.0.2.20
            rndc_port = 954
            rndc_key_file = /etc/rndc.key
            zone_file_path = /srv/zones
            query_destination = 192.0.2.21
            """);
        Assert.Equal([IPAddress.Parse("192.0.2.10"), IPAddress.Parse("2001:db8::10")], options.Listener.Addresses);
        Assert.Equal((5359, 200), (options.Listener.Port, options.Listener.TcpBacklog));
        Assert.Equal(TimeSpan.FromSeconds(1.5), options.Listener.TcpIdleTimeout);
        Assert.Equal(["192.0.2.1:5354", "192.0.2.2:53", "[2001:db8::1]:5354"], options.Roster.Common.Select(master => master.Name));
        Assert.Equal(["192.0.2.1/32", "2001:db8::1/128"], options.Access.AllowNotify.Select(entry => entry.ToString()));
        Assert.Equal(TimeSpan.FromSeconds(0.25), options.Zones.NotifyDelay);
        Assert.Equal("/var/lib/agent", options.DataDirectory);
        Assert.Equal(TimeSpan.FromSeconds(45), options.Transfer.Limits.TotalTimeout);
        TargetOptions target = Assert.Single(options.Targets);
        var bind = Assert.IsType<Bind9Settings>(target.Settings);
        Assert.Equal(("192.0.2.20:954", "/etc/rndc.key", "/srv/zones"), (bind.Control.ToString(), bind.KeyFile, bind.ZoneDirectory));
        Assert.Equal("192.0.2.21:53", target.Server!.ToString());
    }

    [Fact]
    public void What_was_a_default_there_stays_as_it_was()
    {
        (ImportedConfiguration made, AgentOptions options) = Import(
            "[service:agent]\nmasters = 192.0.2.1\n[DEFAULT]\nstate_path = /srv/designate\n");
        Assert.Equal(("0.0.0.0", 5358), (Assert.Single(options.Listener.Addresses).ToString(), options.Listener.Port));
        Assert.Equal("any", Assert.Single(options.Access.AllowNotify).ToString());
        TargetOptions target = Assert.Single(options.Targets);
        Assert.Equal(("bind9", "127.0.0.1:53"), (target.Driver, target.Server!.ToString()));
        Assert.Equal("/srv/designate/zones", Assert.IsType<Bind9Settings>(target.Settings).ZoneDirectory);
        Assert.Contains(made.Warnings, warning => warning.Contains("everybody may send", StringComparison.Ordinal));
        Assert.Contains(made.Warnings, warning => warning.Contains("rndc_key_file: not set", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("[service:agent]\nworkers = 4", "[service:agent] workers: ")]
    [InlineData("[service:agent]\nthreads = 4", "[service:agent] threads: ")]
    [InlineData("[service:agent]\nnonsense = 4", "[service:agent] nonsense: designate-agent has no such option")]
    [InlineData("[service:agent]\ntcp_recv_timeout = 0", "tcp_recv_timeout: left out, connections always have an end")]
    [InlineData("[service:agent]\ntcp_backlog = many", "tcp_backlog: left out, since tcp-backlog does not take it: ")]
    [InlineData("[service:agent]\nnotify_delay = nan", "notify_delay: left out, it is no number of seconds")]
    [InlineData("[service:agent]\nlisten = 0.0.0.0:1,0.0.0.0:2", "'0.0.0.0:2' is left out, the port is one")]
    [InlineData("[service:agent]\nlisten = localhost", "'localhost' is left out, an address is needed")]
    [InlineData("[service:agent]\nallow_notify = worker1", "'worker1' is left out, only addresses counted there")]
    [InlineData("[service:agent]\nmasters =", "there are no masters")]
    [InlineData("[service:agent]\nmasters = ::x", "'::x' is left out, it is no HOST:PORT")]
    [InlineData("[service:agent]\ntransfer_source = eth0", "transfer_source: left out, since transfer-source does not take it: ")]
    [InlineData("[service:agent]\nbackend_driver = knot2\n[backend:agent:knot2]\nknotc_cmd_name = k", "takes over the zones that are there")]
    [InlineData("[service:agent]\nbackend_driver = knot2\n[backend:agent:knot2]\nknotc_cmd_name = k", "knotc_cmd_name: left out, the agent runs no such command")]
    [InlineData("[service:agent]\nbackend_driver = gdnsd", "check backends.gdnsd.control")]
    [InlineData("[service:agent]\nbackend_driver = gdnsd\n[backend:agent:gdnsd]\ngdnsd_cmd_name = g", "gdnsd_cmd_name: left out, the agent runs")]
    [InlineData("[service:agent]\nbackend_driver = djbdns", "move the one of designate-agent away")]
    [InlineData("[service:agent]\nbackend_driver = djbdns\n[backend:agent:djbdns]\nview = x", "view: the driver has no such option")]
    [InlineData("[service:agent]\nbackend_driver = msdns", "there is no driver for msdns")]
    [InlineData("[service:agent]\nbackend_driver = denominator", "there is no driver for denominator")]
    [InlineData("[service:agent]\nbackend_driver = mine", "'mine' is not known")]
    [InlineData("[service:agent]\nbackend_driver = fake\n[backend:agent:bind9]\nrndc_port = 1", "rndc_port: left out, the driver is fake")]
    [InlineData("[service:agent]\nthreads = 1\n[backend:agent:bind9]\nrndc_config_file = /r", "the agent reads no rndc.conf")]
    [InlineData("[service:agent]\nthreads = 1\n[backend:agent:bind9]\nrndc_timeout = 5", "rndc_timeout: was never heeded there")]
    [InlineData("[service:agent]\nthreads = 1\n[backend:agent:bind9]\nview = x", "view: the driver has no such option")]
    [InlineData("[service:agent]\nthreads = 1\n[backend:agent:bind9]\nquery_destination = a b", "left out, it is no address")]
    [InlineData("[service:agent]\nthreads = 1\n[DEFAULT]\ntransport_url = rabbit://u:p@h/", "[DEFAULT] transport_url: not needed")]
    [InlineData("[service:agent]\nthreads = 1\n[heartbeat_emitter]\nemitter_type = noop", "emitter_type: there is no heartbeat")]
    public async Task What_has_no_counterpart_is_warned_of_and_the_rest_passes_the_check(string text, string warning)
    {
        string file = _folder.Write("designate.conf", text + "\n");
        CommandRun run = await CommandRun.Of("import", "designate", file);
        Assert.Equal(ExitCode.Done, run.ExitCode);
        Assert.Contains(warning, run.Error, StringComparison.Ordinal);
        Assert.Contains(warning, run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("u:p@h", run.Output + run.Error, StringComparison.Ordinal);
        string key = _folder.Write("rndc.key", "");
        CommandRun check = await CommandRun.Of(
            "config", "check", _folder.Write("agent.conf", run.Output), "--set", $"agent.backends.bind9.key-file={key}");
        Assert.Equal((ExitCode.Done, "ok\n"), (check.ExitCode, check.Output));
    }

    [Theory]
    [InlineData("backend_driver = gdnsd", "backends.gdnsd.zone-directory = \"/etc/gdnsd/zones\"", "backends.gdnsd.server = \"127.0.0.1:53\"")]
    [InlineData("backend_driver = gdnsd\n[backend:agent:gdnsd]\nconfdir_path = /g\nquery_destination = 192.0.2.1",
        "backends.gdnsd.zone-directory = \"/g/zones\"", "backends.gdnsd.server = \"192.0.2.1:53\"")]
    [InlineData("backend_driver = djbdns\n[backend:agent:djbdns]\ntinydns_datadir = /t",
        "backends.tinydns.root = \"/t/root\"", "backends.tinydns.server = \"127.0.0.1:53\"")]
    [InlineData("backend_driver = knot2", "backends.knot.server = \"127.0.0.1:53\"")]
    [InlineData("backend_driver = knot2\n[backend:agent:knot2]\nquery_destination = ::1", "backends.knot.server = \"[::1]:53\"")]
    public async Task A_driver_that_was_told_a_folder_or_a_server_keeps_it(string text, params string[] settings)
    {
        CommandRun run = await CommandRun.Of("import", "designate", _folder.Write("designate.conf", $"[service:agent]\n{text}\n"));

        Assert.All(settings, setting => Assert.Contains(setting, run.Output, StringComparison.Ordinal));
    }

    [Fact]
    public void Several_files_are_one_configuration_and_the_origin_is_named()
    {
        string first = _folder.Write("1.conf", "[service:agent]\nmasters = 192.0.2.1\nbackend_driver = fake\n");
        string second = _folder.Write("2.conf", "[service:agent]\nmasters = 192.0.2.2:5354\n");
        string text = DesignateImport.Read([first, second]).ToString();
        Assert.Contains($"  # {second}:2: [service:agent] masters\n  masters = [\"192.0.2.2:5354\"]\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain("192.0.2.1", text, StringComparison.Ordinal);
    }

    [Fact]
    public void The_options_of_before_2016_are_known()
    {
        AgentOptions options = Options("[service:agent]\nhost = 192.0.2.10\nport = 53\nbackend-driver = fake\n");
        Assert.Equal(("192.0.2.10", 53), (Assert.Single(options.Listener.Addresses).ToString(), options.Listener.Port));
    }

    [Fact]
    public void A_value_cannot_break_out_of_its_place()
    {
        (ImportedConfiguration made, AgentOptions options) = Import(
            "[service:agent]\nbackend_driver = bind9\n[backend:agent:bind9]\nrndc_key_file = /z\", port = 1 } ${?HOME} #\n no = 1\n");
        Assert.Equal(5358, options.Listener.Port);
        string? path = Assert.IsType<Bind9Settings>(Assert.Single(options.Targets).Settings).KeyFile;
        Assert.Equal("/z\", port = 1 } ${?HOME} #\nno = 1", path);
        Assert.DoesNotContain("\nno", made.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[service:worker]\nthreads = 1\n", "nothing is set in a section [service:agent]")]
    [InlineData("[service:agent\n", ":1: a section is written [name]")]
    public async Task What_is_no_configuration_of_an_agent_is_refused(string text, string problem)
    {
        CommandRun run = await CommandRun.Of("import", "designate", _folder.Write("designate.conf", text));
        Assert.Equal((ExitCode.Usage, ""), (run.ExitCode, run.Output));
        Assert.Contains(problem, run.Error, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Usage, (await CommandRun.Of("import", "designate", _folder.Combine("missing"))).ExitCode);
    }

    private AgentOptions Options(string text) => Import(text).Options;

    private (ImportedConfiguration Made, AgentOptions Options) Import(string text)
    {
        ImportedConfiguration made = DesignateImport.Read([_folder.Write("designate.conf", text)]);
        return (made, AgentConfiguration.OfText(made.ToString(), "imported").Options);
    }
}
