using System.Net;
using Agent.Bench.Peers;

namespace Agent.Tests.Scenarios;

/// <summary>A zone whose content at the target <c>ns1</c> is compared record by record, by <c>agent zone diff</c>.</summary>
internal sealed class ComparedZone
{
    public const string Name = "kept.example.";

    public ScriptedZone AtMaster { get; } = new(Name, 10, hosts: 50);

    public async Task ChangeAsync(AgentProcess agent, uint serial, int hosts)
    {
        (AtMaster.Serial, AtMaster.Hosts) = (serial, hosts);
        await agent.Worker.NotifyAcceptedAsync(Name);
    }

    /// <summary>The server comes to the master's content, and has nothing else.</summary>
    public async Task ServesAsync(AgentProcess agent, IPEndPoint server)
    {
        await WorkerClient.ServedAsync(server, Name, AtMaster.Serial, () => agent.Output);
        await agent.ZoneIsOkAsync(Name, AtMaster.Serial);
        ToolResult difference = await DiffAsync(agent);
        Assert.True(difference.ExitCode == 0, difference.Output + difference.Error);
    }

    /// <summary>The edit is named, and undone by an agent that starts anew.</summary>
    /// <param name="missing">The owner name that was taken away.</param>
    public async Task EditIsUndoneAsync(AgentProcess agent, IPEndPoint server, string missing)
    {
        ToolResult difference = await DiffAsync(agent);
        Assert.True(difference.ExitCode == 1, difference.Error);
        Assert.Contains($"+ {missing}", difference.Output, StringComparison.Ordinal);
        await agent.RestartAsync(byKill: true);
        await ServesAsync(agent, server);
    }

    private static Task<ToolResult> DiffAsync(AgentProcess agent)
    {
        string token = Path.Combine(agent.DataFolder, "api-token");
        return agent.CommandAsync("zone", "diff", Name, "--target", "ns1", "--api", $"http://{agent.Management}", "--token-file", token);
    }
}
