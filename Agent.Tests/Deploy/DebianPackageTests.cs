using Agent.Bench.Peers;

namespace Agent.Tests.Deploy;

[Trait("Category", "Peer")]
public sealed class DebianPackageTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(5);

    [Fact]
    public async Task The_package_is_built_installed_run_upgraded_removed_and_purged()
    {
        using TemporaryFolder folder = new("package");
        ToolResult built = await Tool.RunAsync(
            DeployFiles.PathOf("debian/build-package.sh"), ["--output", folder.FullPath, "--compression", "none"], deadline: Deadline);
        string package = built.EnsureSuccess().Output.Trim();
        Assert.StartsWith(folder.FullPath, package, StringComparison.Ordinal);

        ToolResult life = await Tool.RunAsync(DeployFiles.PathOf("debian/try-package.sh"), [package], deadline: Deadline);

        string[] steps = ["installed", "configured", "demonstrated", "served", "upgraded", "removed", "purged"];
        Assert.Equal(
            steps, life.EnsureSuccess().Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' ')[0]));
        Assert.False(Directory.Exists("/usr/lib/agent"), "the package is on this machine");
    }

    /// <summary>In a mount namespace of its own, with a systemctl that says the state as systemd does.</summary>
    [Theory]
    [InlineData("active", "stop agent.service, started again")]
    [InlineData("activating", "stop agent.service, started again")]
    [InlineData("reloading", "stop agent.service, started again")]
    [InlineData("deactivating", "stop agent.service, ")]
    [InlineData("inactive", "")]
    [InlineData("failed", "")]
    public async Task An_upgrade_stops_whatever_runs(string state, string expected)
    {
        using TemporaryFolder folder = new("prerm");
        string systemctl = folder.Write("systemctl", $$"""
            #!/bin/sh
            [ "$1" = is-active ] || { printf '%s, ' "$*"; exit 0; }
            echo {{state}}
            [ {{state}} = active ] || exit 3

            """);
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(systemctl, (UnixFileMode)0b111_101_101);
        string script = $$"""
            mount -t tmpfs tmpfs /run
            mkdir -p /run/systemd/system
            PATH={{folder.FullPath}}:$PATH sh '{{DeployFiles.PathOf("debian/package/prerm")}}' upgrade 9
            [ ! -e /run/agent-was-active ] || printf 'started again'
            """;

        ToolResult ended = await Tool.RunAsync("unshare", ["--mount", "--propagation", "private", "--", "sh", "-ec", script]);

        Assert.Equal(expected, ended.EnsureSuccess().Output);
    }
}
