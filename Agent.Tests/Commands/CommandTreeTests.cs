using Agent.Host.Commands;
using Agent.Tests.Configuration;

namespace Agent.Tests.Commands;

public sealed class CommandTreeTests : IDisposable
{
    private readonly string _file = Path.GetTempFileName();

    public void Dispose() => File.Delete(_file);

    [Theory]
    [InlineData]
    [InlineData("nonsense")]
    [InlineData("zone")]
    [InlineData("zone", "create")]
    [InlineData("zone", "create", "example.org")]
    [InlineData("zone", "create", "a..b", "--at", "127.0.0.1:1")]
    [InlineData("zone", "create", "example.org", "--at", "127.0.0.1:x")]
    [InlineData("zone", "create", "example.org", "--at", "127.0.0.1:1", "--timeout", "0")]
    [InlineData("zone", "list", "-o", "xml")]
    [InlineData("zone", "list", "--api", "nowhere")]
    [InlineData("zone", "status", "a..b")]
    [InlineData("zone", "refresh", "example.org", "--token-file", "/nonexistent/token")]
    [InlineData("config", "check", "/nonexistent/agent.conf")]
    [InlineData("run")]
    public async Task What_is_no_command_ends_with_2(params string[] arguments)
    {
        CommandRun run = await CommandRun.Of(arguments);
        Assert.Equal(ExitCode.Usage, run.ExitCode);
        Assert.NotEmpty(run.Error);
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("zone", "--help")]
    [InlineData("--version")]
    public async Task Help_is_no_failure(params string[] arguments)
    {
        CommandRun run = await CommandRun.Of(arguments);
        Assert.Equal(ExitCode.Done, run.ExitCode);
        Assert.NotEmpty(run.Output);
    }

    [Fact]
    public async Task Run_hands_the_checked_configuration_to_the_service()
    {
        File.WriteAllText(_file, ConfigurationText.Base);
        var service = new RecordingService();
        CommandRun run =
            await CommandRun.Of(service, "run", "--config", _file, "--set", "agent.port=7", "--set", "agent.masters=[\"192.0.2.1\"]");
        Assert.Equal(RecordingService.RunCode, run.ExitCode);
        Assert.Equal(7, service.Run!.Configuration.Current.Options.Listener.Port);
        Assert.Single(service.Run.Configuration.Current.Options.Roster.Common);
    }

    [Fact]
    public async Task Run_with_a_broken_configuration_starts_nothing()
    {
        File.WriteAllText(_file, "agent { prot = 1 }");
        var service = new RecordingService();
        CommandRun run = await CommandRun.Of(service, "run", "--config", _file);
        Assert.Equal(ExitCode.Usage, run.ExitCode);
        Assert.Contains($"{_file}:1:9: agent.prot: unknown key; did you mean port?", run.Error);
        Assert.Null(service.Run);
    }

    [Fact]
    public async Task Reloading_reads_the_same_sources_again()
    {
        File.WriteAllText(_file, ConfigurationText.Base);
        var service = new RecordingService();
        await CommandRun.Of(service, "run", "--config", _file, "--set", "agent.notify-delay=2s");
        File.WriteAllText(_file, ConfigurationText.Base + "agent { answer-deadline = 3s, port = 9, notify-delay = 5s }");
        var first = service.Run!.Configuration.Reload();
        Assert.Equal(["agent.answer-deadline"], first.Live.Select(key => key.Path));
        Assert.Equal(["agent.port"], first.NeedingRestart.Select(key => key.Path));
        Assert.Equal(TimeSpan.FromSeconds(2), first.Applied.Zones.NotifyDelay);
        var second = service.Run.Configuration.Reload();
        Assert.Empty(second.Live);
        Assert.Equal(["agent.port"], second.NeedingRestart.Select(key => key.Path));
        Assert.Equal((5354, TimeSpan.FromSeconds(3)), (second.Applied.Listener.Port, second.Applied.Zones.AnswerDeadline));
    }

    [Fact]
    public async Task Demo_passes_its_options()
    {
        var service = new RecordingService();
        Assert.Equal(RecordingService.DemoCode, (await CommandRun.Of(service, "demo", "--once", "--port", "5300")).ExitCode);
        Assert.Equal((true, 5300), (service.Demo!.Once, service.Demo.Port));
        Assert.Equal(ExitCode.Usage, (await CommandRun.Of(service, "demo", "--port", "70000")).ExitCode);
    }

    [Fact]
    public async Task Check_names_problems_and_warnings()
    {
        File.WriteAllText(_file, ConfigurationText.Base + "agent.masters = [\"192.0.2.1\"]");
        CommandRun good = await CommandRun.Of("config", "check", _file);
        Assert.Equal((ExitCode.Done, "ok"), (good.ExitCode, good.Output.Trim()));
        Assert.Contains("warning: unsigned CREATE", good.Error);
        File.WriteAllText(_file, "agent {");
        CommandRun bad = await CommandRun.Of("config", "check", _file);
        Assert.Equal(ExitCode.Usage, bad.ExitCode);
        Assert.Contains($"{_file}:1:7: this has no closing '}}'", bad.Error);

        // A cluster with a journal that only one of its nodes could open.
        File.WriteAllText(
            _file, ConfigurationText.Base + "agent.cluster { enabled = true, etcd.endpoints = [\"127.0.0.1\"] }\nagent.journal.provider = sqlite");
        CommandRun alone = await CommandRun.Of("config", "check", _file);
        Assert.Equal(ExitCode.Usage, alone.ExitCode);
        Assert.Contains("a cluster shares one journal: set agent.journal.provider = postgresql", alone.Error);
    }

    [Fact]
    public async Task Show_prints_what_can_be_loaded_again_and_hides_secrets()
    {
        File.WriteAllText(_file, ConfigurationText.Base + "agent.keys.k.secret = \"aHVzaA==\"");
        CommandRun shown = await CommandRun.Of("config", "show", _file, "--set", "agent.port=7");
        Assert.Equal(ExitCode.Done, shown.ExitCode);
        Assert.Contains("  port = 7\n", shown.Output);
        Assert.DoesNotContain("aHVzaA", shown.Output);
        CommandRun origins = await CommandRun.Of("config", "show", "--origin", "--config", _file, "--set", "agent.port=7");
        Assert.Contains("port = 7  # --set agent.port\n", origins.Output);
        Assert.Contains($"backend-driver = embedded  # {_file}:1:24\n", origins.Output);
        Assert.Contains("tcp-backlog = 100  # reference.conf:", origins.Output);
        File.WriteAllText(_file, shown.Output.Replace("(hidden)", "aaaa", StringComparison.Ordinal));
        Assert.Equal(shown.Output, (await CommandRun.Of("config", "show", _file)).Output);
    }

    [Fact]
    public async Task Show_hides_the_password_of_an_address_wherever_it_stands()
    {
        File.WriteAllText(
            _file,
            ConfigurationText.Base + """
                agent.backends.bind9.statistics-url = "http://u:hush!@192.0.2.1:8053/x"
                agent.backends.exec.command = ["/bin/x", "--at", "https://u:hush!@192.0.2.1/"]
                """);
        CommandRun shown = await CommandRun.Of("config", "show", "--origin", _file);
        Assert.Equal(ExitCode.Done, shown.ExitCode);
        Assert.DoesNotContain("hush!", shown.Output);
        Assert.Contains("statistics-url = \"http://u:(hidden)@192.0.2.1:8053/x\"", shown.Output);
        Assert.Contains("\"https://u:(hidden)@192.0.2.1/\"]", shown.Output);
    }

    [Fact]
    public async Task Show_prints_the_default_where_null_takes_a_value_away()
    {
        File.WriteAllText(_file, ConfigurationText.Base + "agent { quorum = 2, quorum = null, port = null, journal = null }");
        CommandRun shown = await CommandRun.Of("config", "show", "--origin", _file);
        Assert.Contains("quorum = all  # reference.conf:", shown.Output);
        Assert.Contains("port = 5354  # reference.conf:", shown.Output);
        Assert.Contains("provider = sqlite  # reference.conf:", shown.Output);
        Assert.DoesNotContain("null", shown.Output);
    }

    [Theory]
    [InlineData("--limit needs a whole number from 1 to 2147483647, not 'many'", "zone", "list", "--limit", "many")]
    [InlineData("--limit needs a whole number from 1 to 2147483647, not '0'", "zone", "history", "a.example", "--limit", "0")]
    [InlineData("SERIAL needs a whole number from 0 to 4294967295, not 'abc'", "zone", "wait", "a.example", "abc")]
    [InlineData("--serial needs a whole number from 0 to 4294967295, not '-1'", "zone", "approve", "a.example", "--serial", "-1")]
    [InlineData("--timeout needs a number, not 'soon'", "zone", "wait", "a.example", "--timeout", "soon")]
    public async Task A_wrong_number_is_told_in_words(string expected, params string[] arguments)
    {
        CommandRun run = await CommandRun.Of(arguments);
        Assert.Equal(ExitCode.Usage, run.ExitCode);
        Assert.Contains($"agent: {expected}\n", run.Error);
        Assert.DoesNotContain("System.", run.Error);
    }

    [Theory]
    [InlineData("give the serial once: as SERIAL or with --serial", "zone", "wait", "a.example", "5", "--serial", "999")]
    [InlineData("there is no option --bogus here; a file of that name is ./--bogus", "config", "check", "--bogus")]
    [InlineData("there is no option --bogus here", "config", "show", "--bogus", "agent.conf")]
    public async Task What_is_said_twice_or_does_not_exist_is_told(string expected, params string[] arguments)
    {
        CommandRun run = await CommandRun.Of(arguments);
        Assert.Equal(ExitCode.Usage, run.ExitCode);
        Assert.Contains($"agent: {expected}", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check_takes_files_by_either_name()
    {
        File.WriteAllText(_file, ConfigurationText.Base + "agent.masters = [\"127.0.0.1\"]");
        CommandRun good = await CommandRun.Of("config", "check", "--config", _file, "--set", "agent.port=7");
        Assert.Equal((ExitCode.Done, "ok\n"), (good.ExitCode, good.Output));
        CommandRun bad = await CommandRun.Of("config", "check", _file, "-c", "/nonexistent/agent.conf");
        Assert.Equal(ExitCode.Usage, bad.ExitCode);
        Assert.Contains("/nonexistent/agent.conf", bad.Error, StringComparison.Ordinal);
    }

    private sealed class RecordingService : IServiceEntry
    {
        public const int RunCode = 42;
        public const int DemoCode = 43;

        public ServiceRequest? Run { get; private set; }

        public DemoRequest? Demo { get; private set; }

        public Task<int> RunAsync(ServiceRequest request, CancellationToken stop)
        {
            Run = request;
            return Task.FromResult(RunCode);
        }

        public Task<int> DemoAsync(DemoRequest request, CancellationToken stop)
        {
            Demo = request;
            return Task.FromResult(DemoCode);
        }
    }
}
