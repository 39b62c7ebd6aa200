using System.Net;
using System.Text.Json;
using Agent.Bench.Peers;

namespace Agent.Tests.Scenarios;

/// <summary>The service as an operator handles it: signals, commands, exit codes, the management interface.</summary>
[Trait("Category", "Long")]
public sealed class ServiceTests
{
    private const string Zone = "service.example.";

    [Fact]
    public async Task Ends_in_order_on_interrupt()
    {
        await using AgentProcess agent = await AgentProcess.StartedAsync("backend-driver = embedded");

        agent.Process!.Signal(PosixSignalNumber.Interrupt);

        Assert.Equal(0, await agent.Process.Exited.WaitAsync(Eventually.Deadline));
    }

    [Fact]
    public async Task Ending_in_the_middle_of_work_answers_who_waits_and_blames_no_server()
    {
        await using ScriptedMaster master = new(new ScriptedZone(Zone, 1));
        using TemporaryFolder folder = new("slow");
        string begun = folder.Combine("begun");
        await using AgentProcess agent = await AgentProcess.StartedAsync($$"""
            backend-driver = zone-files
            masters = ["{{master.EndPoint}}"]
            backends.zone-files {
              directory = "{{folder.CreateFolder("zones")}}"
              command = ["/bin/sh", "-c", "touch {{begun}}; exec sleep 60"]
              command-timeout = 50s
            }
            """);
        Task<DnsReply> create = agent.Worker.CreateAsync(Zone);
        await Eventually.HoldsAsync(() => File.Exists(begun), () => $"the command runs\n{agent.Output}");

        Assert.Equal(0, await agent.StopAsync());

        Assert.Equal(2, (await create).ResponseCode);
        Assert.DoesNotContain("being closed", agent.Output, StringComparison.Ordinal);
        agent.Settings = $$"""
            backend-driver = embedded
            masters = ["{{master.EndPoint}}"]
            """;
        await agent.StartAsync();
        string history = (await agent.GetAsync($"/api/v1/zones/{Zone}/history"))!.Value.GetRawText();
        Assert.DoesNotContain("target-away", history, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Takes_over_a_good_configuration_and_keeps_the_old_instead_of_a_bad_one()
    {
        await using ScriptedMaster master = new(new ScriptedZone(Zone, 1));
        await using AgentProcess agent = await StartAsync(master);
        await agent.Worker.CreateAcceptedAsync(Zone);
        string settings = agent.Settings;

        agent.Settings = settings + "\nallow-notify = [\"192.0.2.1\"]";
        await agent.WriteConfigurationAsync();
        agent.Process!.Signal(PosixSignalNumber.Hangup);
        await Eventually.HoldsAsync(
            async () => (await agent.Worker.NotifyAsync(Zone)).Flags == 0xA105, () => $"the new list counts\n{agent.Output}");

        agent.Settings = settings + "\nallow-notfy = []";
        await agent.WriteConfigurationAsync();
        agent.Process.Signal(PosixSignalNumber.Hangup);
        await Eventually.HoldsAsync(
            () => agent.Output.Contains("allow-notfy", StringComparison.Ordinal), () => $"the mistake is named\n{agent.Output}");
        Assert.Equal(0xA105, (await agent.Worker.NotifyAsync(Zone)).Flags);
        Assert.Equal(HttpStatusCode.OK, await agent.GetStatusAsync("/livez"));
    }

    [Fact]
    public async Task Refuses_to_start_with_a_mistake_and_says_where()
    {
        await using AgentProcess agent = new("backend-driver = embedded\n  notify-dely = 1s");
        await using ChildProcess process = await agent.LaunchAsync();

        Assert.Equal(2, await process.Exited.WaitAsync(Eventually.Deadline));
        Assert.Contains("notify-delay", process.Output, StringComparison.Ordinal);
        Assert.Contains(Path.GetFileName(agent.ConfigurationFile), process.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Is_driven_by_its_own_commands()
    {
        await using ScriptedMaster master = new(new ScriptedZone(Zone, 12));
        await using AgentProcess agent = await StartAsync(master);
        string at = agent.Dns.ToString();
        string[] api = ["--api", $"http://{agent.Management}", "--token-file", Path.Combine(agent.DataFolder, "api-token")];

        (await agent.CommandAsync("zone", "create", Zone, "--at", at)).EnsureSuccess();
        ToolResult list = (await agent.CommandAsync(["zone", "list", .. api])).EnsureSuccess();
        Assert.Contains("12", list.Output, StringComparison.Ordinal);
        ToolResult status = (await agent.CommandAsync(["zone", "status", Zone, "-o", "json", .. api])).EnsureSuccess();
        Assert.Contains("\"ok\"", status.Output, StringComparison.Ordinal);
        (await agent.CommandAsync(["zone", "refresh", Zone, .. api])).EnsureSuccess();
        (await agent.CommandAsync(["zone", "retransfer", Zone, .. api])).EnsureSuccess();
        Assert.Contains("created", (await agent.CommandAsync(["zone", "history", Zone, .. api])).Output, StringComparison.Ordinal);
        (await agent.CommandAsync("zone", "notify", Zone, "--at", at, "--tcp")).EnsureSuccess();
        (await agent.CommandAsync("zone", "delete", Zone, "--at", at)).EnsureSuccess();
        Assert.Equal(1, (await agent.CommandAsync("zone", "notify", Zone, "--at", at)).ExitCode);
    }

    [Fact]
    public async Task Its_commands_tell_failures_apart()
    {
        await using AgentProcess agent = new("backend-driver = embedded");

        Assert.Equal(2, (await agent.CommandAsync("zone", "create")).ExitCode);
        Assert.Equal(2, (await agent.CommandAsync("nonsense")).ExitCode);
        Assert.Equal(3, (await agent.CommandAsync("zone", "list", "--api", $"http://127.0.0.1:{LoopbackPort.Next()}")).ExitCode);
    }

    [Fact]
    public async Task Is_healthy_measured_and_guarded()
    {
        await using ScriptedMaster master = new(new ScriptedZone(Zone, 1));
        await using AgentProcess agent = await StartAsync(master);
        await agent.Worker.CreateAcceptedAsync(Zone);

        Assert.Equal(HttpStatusCode.OK, await agent.GetStatusAsync("/livez"));
        Assert.Equal(HttpStatusCode.OK, await agent.GetStatusAsync("/readyz"));
        Assert.Equal(HttpStatusCode.OK, await agent.GetStatusAsync("/anycast"));
        Assert.Equal(HttpStatusCode.OK, await agent.GetStatusAsync("/metrics"));
        Assert.Equal(HttpStatusCode.BadRequest, await agent.GetStatusAsync("/api/v1/events?limit=0"));
        JsonElement cluster = (await agent.GetAsync("/api/v1/cluster"))!.Value;
        Assert.Equal(0, cluster.GetProperty("shards").GetProperty("unowned").GetInt32());
        Assert.Equal(1, Assert.Single(cluster.GetProperty("members").EnumerateArray()).GetProperty("zones").GetInt32());
        Assert.Equal(HttpStatusCode.OK, await agent.GetStatusAsync("/"));
        Assert.Equal(HttpStatusCode.Unauthorized, await agent.SendAsync(HttpMethod.Delete, $"/api/v1/zones/{Zone}", withToken: false));
        Assert.NotNull(await agent.ZoneAsync(Zone));
        Assert.True((int)await agent.SendAsync(HttpMethod.Delete, $"/api/v1/zones/{Zone}") is >= 200 and < 300);
        await Eventually.HoldsAsync(async () => await agent.ZoneAsync(Zone) is null, () => $"the zone is deleted\n{agent.Output}");
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(agent.DataFolder, "api-token")));
    }

    [Theory]
    [InlineData("debug", true)]
    [InlineData("info", false)]
    public async Task Says_each_order_and_each_pass_when_it_is_asked_to(string level, bool isSaid)
    {
        await using ScriptedMaster master = new(new ScriptedZone(Zone, 1));
        await using AgentProcess agent = await AgentProcess.StartedAsync($$"""
            backend-driver = embedded
            masters = ["{{master.EndPoint}}"]
            logging.level = {{level}}
            """);
        await agent.Worker.CreateAcceptedAsync(Zone);

        await agent.StopAsync();

        string[] lines = [.. agent.Output.Split('\n').Where(line => line.Contains("level=debug", StringComparison.Ordinal))];
        string[] parts =
        [
            $"event=soa message=\"{master.EndPoint.Address}",
            $"event=pass message=\"{Zone}: serial 1 from ",
            $"event=order message=\"embedded {Zone} apply 1: done after ",
        ];
        Assert.All(parts, part => Assert.Equal(isSaid, lines.Any(line => line.Contains(part, StringComparison.Ordinal))));
    }

    private static Task<AgentProcess> StartAsync(ScriptedMaster master) => AgentProcess.StartedAsync($$"""
        backend-driver = embedded
        masters = ["{{master.EndPoint}}"]
        """);
}
