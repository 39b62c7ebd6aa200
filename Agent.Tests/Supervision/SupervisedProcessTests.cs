using System.Globalization;
using Agent.Bench.Peers;

namespace Agent.Tests.Supervision;

/// <summary>The program under a service manager: what it says when, and that it falls silent when it stands still.</summary>
public sealed class SupervisedProcessTests : IDisposable
{
    private const int WatchdogMs = 1_000;

    private readonly TemporaryFolder _folder = new("supervised");
    private readonly NotifyListener _manager;

    public SupervisedProcessTests() => _manager = new NotifyListener(_folder.Combine("notify"));

    public void Dispose()
    {
        _manager.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Says_when_it_is_ready_reloads_lives_and_stops()
    {
        await using AgentProcess agent = Supervised("backend-driver = embedded");
        await agent.StartAsync();

        await _manager.HeardAsync("READY=1");
        Assert.Contains(_manager.Messages, m => m == $"READY=1\nSTATUS=ready dns={agent.Dns} management={agent.Management}");
        Assert.Contains("STATUS=opening the journal\nEXTEND_TIMEOUT_USEC=90000000", _manager.Messages);
        await _manager.HeardAsync("WATCHDOG=1", times: 3);

        agent.Process!.Signal(PosixSignalNumber.Hangup);
        await _manager.HeardAsync("RELOADING=1");
        await _manager.HeardAsync("READY=1", times: 2);
        string reloading = _manager.Messages.Single(m => m.StartsWith("RELOADING=1", StringComparison.Ordinal));
        Assert.InRange(MonotonicUs(reloading), 1, UptimeUs());

        agent.Settings = "backend-driver = embeded\nquorum = few";
        await agent.WriteConfigurationAsync();
        agent.Process.Signal(PosixSignalNumber.Hangup);
        await _manager.HeardAsync("READY=1", times: 3);
        string last = _manager.Messages.Last(message => message.StartsWith("READY", StringComparison.Ordinal));
        Assert.Contains("STATUS=the old configuration stays: ", last, StringComparison.Ordinal);
        Assert.Contains("; ", last, StringComparison.Ordinal);
        Assert.DoesNotContain('\uFFFD', last);

        Assert.Equal(0, await agent.StopAsync());
        await _manager.HeardAsync("STOPPING=1");
        Assert.Contains("STOPPING=1\nSTATUS=stopping\nEXTEND_TIMEOUT_USEC=30000000", _manager.Messages);
    }

    [Fact]
    public async Task A_thread_pool_that_stands_still_ends_the_signs_of_life()
    {
        await using AgentProcess agent = Supervised("backend-driver = embedded");

        // Of the one thread that its pool may have, reading a configuration that never ends takes hold: a pipe that nobody writes to.
        agent.Environment["DOTNET_ThreadPool_ForceMinWorkerThreads"] = "1";
        agent.Environment["DOTNET_ThreadPool_ForceMaxWorkerThreads"] = "1";
        await agent.StartAsync();
        await _manager.HeardAsync("WATCHDOG=1", times: 2);
        File.Delete(agent.ConfigurationFile);
        (await Tool.RunAsync("mkfifo", [agent.ConfigurationFile])).EnsureSuccess();

        agent.Process!.Signal(PosixSignalNumber.Hangup);
        await _manager.HeardAsync("RELOADING=1");
        int before = _manager.Count("WATCHDOG=1");

        // The program's own watchdog, a thread that needs no pool, says when it has been silent for longer than systemd would bear.
        await Eventually.HoldsAsync(
            () => agent.Output.Contains("runtime-stuck", StringComparison.Ordinal), () => $"the pool stands still\n{agent.Output}");
        Assert.InRange(_manager.Count("WATCHDOG=1") - before, 0, 1);
        Assert.True(agent.Process.IsRunning);
        await agent.KillAsync();
    }

    [Fact]
    public async Task What_it_runs_is_not_the_service()
    {
        const string zone = "child.example.";
        await using ScriptedMaster master = new(new ScriptedZone(zone, 1));
        string seen = _folder.Combine("environment");
        await using AgentProcess agent = Supervised($$"""
            backend-driver = zone-files
            masters = ["{{master.EndPoint}}"]
            backends.zone-files { directory = "{{_folder.CreateFolder("zones")}}", command = ["/bin/sh", "-c", "env > {{seen}}"] }
            """);
        await agent.StartAsync();

        await agent.Worker.CreateAcceptedAsync(zone);

        string environment = await File.ReadAllTextAsync(seen);
        Assert.Contains("PATH=", environment, StringComparison.Ordinal);
        Assert.DoesNotContain("NOTIFY_SOCKET", environment, StringComparison.Ordinal);
        Assert.DoesNotContain("WATCHDOG_USEC", environment, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_service_manager_that_is_not_there_is_said_and_costs_nothing()
    {
        await using AgentProcess agent = new("backend-driver = embedded");
        agent.Environment["NOTIFY_SOCKET"] = _folder.Combine("nobody");
        await agent.StartAsync();
        await Eventually.HoldsAsync(
            () => agent.Output.Contains("service-manager-away", StringComparison.Ordinal), () => $"it is said\n{agent.Output}");
        Assert.Equal(0, await agent.StopAsync());
    }

    private AgentProcess Supervised(string settings)
    {
        AgentProcess agent = new(settings);
        agent.Environment["NOTIFY_SOCKET"] = _manager.Address;
        agent.Environment["WATCHDOG_USEC"] = (WatchdogMs * 1000).ToString(CultureInfo.InvariantCulture);
        return agent;
    }

    private static long MonotonicUs(string message) => long.Parse(
        message.Split('\n').Single(line => line.StartsWith("MONOTONIC_USEC=", StringComparison.Ordinal)).Split('=')[1],
        CultureInfo.InvariantCulture);

    private static long UptimeUs() => Environment.TickCount64 * 1000 + 1_000_000;
}
