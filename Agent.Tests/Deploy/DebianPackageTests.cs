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
}
