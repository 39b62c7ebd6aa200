using Agent.Bench.Peers;

namespace Agent.Tests.Peers;

public sealed class ChildProcessTests
{
    [Fact]
    public async Task Hands_out_lines_and_the_exit_code()
    {
        await using ChildProcess child = await ChildProcess.StartAsync("sh", ["-c", "echo first; echo ready now; exit 3"], "/");

        Assert.Equal("ready now", await child.StandardOutputLineAsync(line => line.StartsWith("ready", StringComparison.Ordinal)));
        Assert.Equal(3, await child.Exited);
        Assert.Contains("first", child.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Fails_when_the_awaited_line_can_no_longer_come()
    {
        await using ChildProcess child = await ChildProcess.StartAsync("sh", ["-c", "echo other"], "/");

        await Assert.ThrowsAsync<InvalidOperationException>(() => child.StandardOutputLineAsync(line => line == "ready"));
    }

    [Fact]
    public async Task Stops_on_request_and_by_force()
    {
        await using ChildProcess polite = await ChildProcess.StartAsync(
            "sh", ["-c", "trap 'exit 7' TERM; echo up; while :; do read -t 1 x < /dev/zero || :; done"], "/");
        await polite.StandardOutputLineAsync(line => line == "up");
        Assert.Equal(7, await polite.StopAsync());

        await using ChildProcess deaf = await ChildProcess.StartAsync(
            "sh", ["-c", "trap '' TERM; echo up; cat /dev/zero > /dev/null"], "/");
        await deaf.StandardOutputLineAsync(line => line == "up");
        await deaf.KillAsync();
        Assert.False(deaf.IsRunning);
    }

    [Fact]
    public async Task Does_not_outlive_the_process_that_started_it()
    {
        // The outer shell stands for a test process that is killed: its child was started in the same way and must go with it.
        await using ChildProcess parent = await ChildProcess.StartAsync(
            "sh", ["-c", "setpriv --pdeathsig KILL -- sh -c 'echo $$; exec cat /dev/zero > /dev/null' & wait"], "/");
        string inner = await parent.StandardOutputLineAsync(line => line.Length > 0 && line.All(char.IsAsciiDigit));

        parent.Signal(PosixSignalNumber.Kill);

        await Eventually.HoldsAsync(() => !Directory.Exists($"/proc/{inner}"), () => $"process {inner} is gone");
    }
}
