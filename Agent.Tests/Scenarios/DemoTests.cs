using Agent.Bench.Peers;

namespace Agent.Tests.Scenarios;

/// <summary>The first command of the README.</summary>
public sealed class DemoTests
{
    [Fact]
    public async Task The_demo_ends_well()
    {
        ToolResult result = await Tool.RunAsync(AgentProcess.Program, ["demo", "--once"], deadline: TimeSpan.FromMinutes(1));

        result.EnsureSuccess();
        Assert.Contains("CREATE", result.Output, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("DELETE", result.Output, StringComparison.OrdinalIgnoreCase);
    }
}
