using System.Globalization;
using Agent.Bench.Peers;

namespace Agent.Tests.Supervision;

/// <summary>SIGHUP, whenever it comes: it never ends the process, and is never forgotten.</summary>
public sealed class HangupTests
{
    [Fact]
    public async Task One_that_comes_before_the_configuration_is_read_is_granted_once_the_agent_is_up()
    {
        using TemporaryFolder folder = new("hangup");

        // A pipe: the start waits for whoever writes the configuration into it, and so does the reload.
        string file = folder.Combine("agent.conf");
        (await Tool.RunAsync("mkfifo", [file])).EnsureSuccess();
        await using ChildProcess agent = await ChildProcess.StartAsync(AgentProcess.Program, ["run", "--config", file], folder.FullPath);
        await Eventually.HoldsAsync(
            async () => await ListensAsync(agent.Id), () => $"SIGHUP is listened to before the configuration is read\n{agent.Output}");
        agent.Signal(PosixSignalNumber.Hangup);

        await WriteAsync(file, Settings(folder, ""));
        await agent.StandardOutputLineAsync(line => line.StartsWith("ready ", StringComparison.Ordinal));
        await WriteAsync(file, Settings(folder, "allow-control = [any]"));

        await Eventually.HoldsAsync(
            () => agent.Output.Contains("event=config-reloaded", StringComparison.Ordinal), () => $"it is reloaded\n{agent.Output}");
        Assert.Equal(0, await agent.StopAsync());
        Assert.Contains("applied agent.allow-control", agent.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_reload_warns_as_a_start_does()
    {
        await using AgentProcess agent = await AgentProcess.StartedAsync("backend-driver = embedded");
        const string warning = "allow-control contains any: every host may do this";
        Assert.DoesNotContain(warning, agent.Output, StringComparison.Ordinal);

        agent.Settings += "\nallow-control = [any]";
        await agent.WriteConfigurationAsync();
        agent.Process!.Signal(PosixSignalNumber.Hangup);

        await Eventually.HoldsAsync(
            () => agent.Output.Contains("event=config-reloaded", StringComparison.Ordinal), () => $"it is reloaded\n{agent.Output}");
        Assert.Contains(warning, agent.Output, StringComparison.Ordinal);
        Assert.Contains("unsigned CREATE and DELETE are accepted by UDP", agent.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("run", "--config")]
    [InlineData("config", "check")]
    [InlineData("config", "show")]
    [InlineData("target", "drivers", "--config")]
    [InlineData("import", "designate")]
    public async Task A_command_whose_file_hangs_ends_when_it_is_asked_to(params string[] command)
    {
        using TemporaryFolder folder = new("hanging");
        string file = folder.Combine("agent.conf");
        (await Tool.RunAsync("mkfifo", [file])).EnsureSuccess();
        await using ChildProcess agent = await ChildProcess.StartAsync(AgentProcess.Program, [.. command, file], folder.FullPath);
        await using ChildProcess silent = await SilentWriterAsync(file, folder.FullPath);

        agent.Signal(PosixSignalNumber.Terminate);

        Assert.Equal(1, await agent.Exited.WaitAsync(Eventually.Deadline));
        Assert.Contains("agent: interrupted", agent.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_agent_stops_in_the_middle_of_a_reload_that_hangs()
    {
        await using AgentProcess agent = await AgentProcess.StartedAsync("backend-driver = embedded");
        File.Delete(agent.ConfigurationFile);
        (await Tool.RunAsync("mkfifo", [agent.ConfigurationFile])).EnsureSuccess();
        agent.Process!.Signal(PosixSignalNumber.Hangup);
        using TemporaryFolder folder = new("hanging");
        await using ChildProcess silent = await SilentWriterAsync(agent.ConfigurationFile, folder.FullPath);

        Assert.Equal(0, await agent.StopAsync());
    }

    /// <summary>Opens the pipe, which can be done when somebody reads it, and writes nothing.</summary>
    private static async Task<ChildProcess> SilentWriterAsync(string pipe, string folder)
    {
        ChildProcess writer = await ChildProcess.StartAsync("sh", ["-c", $"exec 3>'{pipe}'; echo open; exec sleep 600"], folder);
        await writer.StandardOutputLineAsync(line => line == "open");
        return writer;
    }

    /// <summary>Whether the process catches the signal 1, as the system sees it.</summary>
    private static async Task<bool> ListensAsync(int process)
    {
        string status = await File.ReadAllTextAsync($"/proc/{process.ToString(CultureInfo.InvariantCulture)}/status");
        string caught = status.Split('\n').Single(line => line.StartsWith("SigCgt:", StringComparison.Ordinal)).Split('\t')[1];
        return (ulong.Parse(caught, NumberStyles.HexNumber, CultureInfo.InvariantCulture) & 1) != 0;
    }

    private static async Task WriteAsync(string pipe, string text) =>
        (await Tool.RunAsync("sh", ["-c", $"cat > '{pipe}'"], text)).EnsureSuccess();

    private static string Settings(TemporaryFolder folder, string more) => $$"""
        agent {
          backend-driver = embedded
          port = 0
          management.port = 0
          data-dir = "{{folder.Combine("data")}}"
          {{more}}
        }
        """;
}
