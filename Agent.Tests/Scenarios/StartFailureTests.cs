using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Agent.Bench.Peers;

namespace Agent.Tests.Scenarios;

/// <summary>What cannot be had at the start, or for a result, is told in one line and by the exit code, never by a stack trace.</summary>
public sealed class StartFailureTests : IDisposable
{
    private readonly TemporaryFolder _folder = new("refused");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_demo_names_a_port_that_is_taken()
    {
        using Socket holder = Taken();
        string port = ((IPEndPoint)holder.LocalEndPoint!).Port.ToString(CultureInfo.InvariantCulture);

        ToolResult demo = await Tool.RunAsync(AgentProcess.Program, ["demo", "--once", "--port", port]);

        Assert.Equal(1, demo.ExitCode);
        Assert.Equal($"agent: the demo cannot run: cannot bind 127.0.0.1:{port} for DNS: Address already in use", demo.Error.Trim());
    }

    [Fact]
    public async Task A_token_that_is_a_folder_is_named()
    {
        await using AgentProcess agent = new("backend-driver = embedded");
        Directory.CreateDirectory(Path.Combine(agent.DataFolder, "api-token"));
        string data = agent.DataFolder;
        await RefusesAsync(agent, 2, $"agent: The data directory {data} cannot be used: {data}/api-token is a folder.");
    }

    [Fact]
    public async Task A_spool_that_cannot_be_emptied_is_named()
    {
        await using AgentProcess agent = new("backend-driver = embedded");
        Directory.CreateDirectory(agent.DataFolder);

        // Nobody may delete there, not even root.
        File.CreateSymbolicLink(Path.Combine(agent.DataFolder, "spool"), "/proc/sys/kernel/random");
        await RefusesAsync(agent, 2, $"agent: The data directory {agent.DataFolder} cannot be used: Access to the path '");
    }

    [Fact]
    public async Task An_address_of_the_management_that_is_not_ours_is_named()
    {
        await using AgentProcess agent = new("""
            backend-driver = embedded
            management { host = "192.0.2.1", port = 8054 }
            """);
        const string expected = "agent: cannot start: cannot bind 192.0.2.1:8054 for management: Cannot assign requested address";
        await RefusesAsync(agent, 1, expected);
    }

    [Theory]
    [InlineData(">&-", "run", "Bad file descriptor")]
    [InlineData(">/dev/full", "run", "No space left on device")]
    [InlineData(">/dev/full", "config show", "No space left on device")]
    [InlineData(">&-", "config check", "Bad file descriptor")]
    [InlineData(">/dev/full", "--help", "No space left on device")]
    public async Task A_result_that_cannot_be_written_is_a_failure_in_one_line(string output, string command, string why)
    {
        string file = _folder.Combine("agent.conf");
        await File.WriteAllTextAsync(file, $$"""
            agent { backend-driver = embedded, port = 0, management.port = 0, masters = ["127.0.0.1"] }
            agent.data-dir = "{{_folder.Combine("data")}}"
            """);
        string with = command switch
        {
            "run" => $"run --config {file} --set agent.logging.level=error",
            "--help" => command,
            _ => $"{command} {file}",
        };

        ToolResult result = await Tool.RunAsync("sh", ["-c", $"exec '{AgentProcess.Program}' {with} {output}"]);

        Assert.Equal(1, result.ExitCode);
        Assert.Equal($"agent: standard output cannot be written: {why}", result.Error.Trim());
    }

    [Fact]
    public async Task What_is_said_beside_a_result_may_be_lost()
    {
        ToolResult result = await Tool.RunAsync("sh", ["-c", $"exec '{AgentProcess.Program}' nonsense 2>/dev/full"]);
        Assert.Equal(2, result.ExitCode);
    }

    private static async Task RefusesAsync(AgentProcess agent, int exitCode, string line)
    {
        await using ChildProcess process = await agent.LaunchAsync("agent.masters=[\"127.0.0.1\"]");
        Assert.Equal(exitCode, await process.Exited.WaitAsync(Eventually.Deadline));
        Assert.Contains(line, process.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", process.Output, StringComparison.Ordinal);
    }

    private static Socket Taken() => LoopbackPort.Open(IPAddress.Loopback, at =>
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(at);
        socket.Listen();
        return socket;
    });
}
