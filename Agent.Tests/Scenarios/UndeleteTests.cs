using System.Net;
using System.Text.Json;
using Agent.Bench.Peers;

namespace Agent.Tests.Scenarios;

/// <summary>A zone that was deleted by mistake, at its master too, and an operator who wants it back.</summary>
[Trait("Category", "Peer")]
public sealed class UndeleteTests
{
    private const string Zone = "Dear.example.";
    private const string Lower = "dear.example.";

    [Fact]
    public async Task A_deleted_zone_comes_back_on_its_server_although_no_master_has_it()
    {
        await using Farm farm = await Farm.StartAsync();
        await farm.Master.SetZoneAsync(MasterZone.WithHosts(Lower, 12, 30));
        await farm.Agent.Worker.CreateAcceptedAsync(Zone);
        await WorkerClient.ServedAsync(farm.Target.EndPoint, Lower, 12, () => farm.Agent.Output);
        string[] before = [.. await DigTool.TransferAsync(farm.Target.EndPoint, Lower)];
        Assert.Empty(await DeletedAsync(farm.Agent));

        await farm.Master.DeleteZoneAsync(Lower);
        await farm.Agent.Worker.DeleteAcceptedAsync(Lower);
        await Eventually.HoldsAsync(
            async () => (await DeletedAsync(farm.Agent)).Length == 1, () => $"{Lower} is kept\n{farm.Agent.Output}");
        await farm.Agent.RestartAsync(byKill: true);
        JsonElement kept = Assert.Single(await DeletedAsync(farm.Agent));
        Assert.Equal((12u, before.Length), (kept.GetProperty("serial").GetUInt32(), kept.GetProperty("records").GetInt32()));
        DateTimeOffset until = kept.GetProperty("keptUntil").GetDateTimeOffset();
        Assert.InRange(until - DateTimeOffset.UtcNow, TimeSpan.FromDays(6.9), TimeSpan.FromDays(7));
        Assert.Equal(0u, await WorkerClient.PollSerialAsync(farm.Target.EndPoint, Lower));

        Assert.Equal(HttpStatusCode.Unauthorized, await farm.Agent.SendAsync(HttpMethod.Post, $"/api/v1/zones/{Lower}/undelete", false));
        ToolResult undeleted = await CommandAsync(farm.Agent, "undelete", Lower);
        Assert.True(undeleted.ExitCode == 0, undeleted.Error + farm.Agent.Output);
        Assert.Equal(before, await DigTool.TransferAsync(farm.Target.EndPoint, Lower));
        await Eventually.HoldsAsync(
            async () => (await farm.Agent.ZoneAsync(Lower))?.GetProperty("reason") is { ValueKind: JsonValueKind.Object } reason
                && reason.GetProperty("code").GetString() == "zone-not-at-master",
            () => $"the master is asked\n{farm.Agent.Output}");
        Assert.Equal(12u, await WorkerClient.PollSerialAsync(farm.Target.EndPoint, Lower));
        Assert.Empty(await DeletedAsync(farm.Agent));

        ToolResult again = await CommandAsync(farm.Agent, "undelete", Lower);
        Assert.Equal(1, again.ExitCode);
        Assert.Contains("zone-exists", again.Error, StringComparison.Ordinal);
        ToolResult never = await CommandAsync(farm.Agent, "undelete", "never.example.");
        Assert.Equal(1, never.ExitCode);
        Assert.Contains("nothing-kept", never.Error, StringComparison.Ordinal);
        Assert.Equal(
            HttpStatusCode.BadRequest, await farm.Agent.SendAsync(HttpMethod.Post, "/api/v1/zones/never.example./undelete?masterSet=red"));
    }

    private static async Task<JsonElement[]> DeletedAsync(AgentProcess agent)
    {
        ToolResult listed = await CommandAsync(agent, "deleted", "-o", "json");
        Assert.True(listed.ExitCode == 0, listed.Error);
        using JsonDocument page = JsonDocument.Parse(listed.Output);
        return [.. page.RootElement.GetProperty("zones").EnumerateArray().Select(z => z.Clone())];
    }

    private static Task<ToolResult> CommandAsync(AgentProcess agent, params string[] arguments) => agent.CommandAsync(
        ["zone", .. arguments, "--api", $"http://{agent.Management}", "--token-file", Path.Combine(agent.DataFolder, "api-token")]);
}
