using System.Text.Json;
using Agent.Bench.Peers;

namespace Agent.Tests.Scenarios;

/// <summary>Two control planes with keys and masters of their own drive one agent, seen from outside.</summary>
[Trait("Category", "Peer")]
public sealed class MasterSetTests : IAsyncLifetime
{
    private const string BlueKey = "Ymx1ZS1ibHVlLWJsdWUtYmx1ZS1ibHVlLWJsdWUtMDE=";
    private const string GreenKey = "Z3JlZW4tZ3JlZW4tZ3JlZW4tZ3JlZW4tZ3JlZW4tMDE=";

    private readonly KnotServer _blue = new();
    private readonly KnotServer _green = new();
    private readonly TemporaryFolder _keys = new("sets");

    public async Task InitializeAsync()
    {
        await _blue.SetZoneAsync(MasterZone.WithHosts("one.example.", 7, 2));
        await _green.SetZoneAsync(MasterZone.WithHosts("one.example.", 900, 2));
        await _green.SetZoneAsync(MasterZone.WithHosts("two.example.", 8, 2));
        await Task.WhenAll(_blue.StartAsync(), _green.StartAsync());
        foreach ((string name, string secret) in ((string, string)[])[("blue", BlueKey), ("green", GreenKey)])
            _keys.Write(name, $"key \"{name}\" {{ algorithm hmac-sha256; secret \"{secret}\"; }};\n");
    }

    public async Task DisposeAsync()
    {
        await _blue.DisposeAsync();
        await _green.DisposeAsync();
        _keys.Dispose();
    }

    [Fact]
    public async Task A_zone_is_created_from_the_masters_of_its_set_and_only_the_set_or_an_operator_deletes_it()
    {
        await using AgentProcess agent = await AgentProcess.StartedAsync($$"""
            backend-driver = embedded
            keys { blue { secret = "{{BlueKey}}" }, green { secret = "{{GreenKey}}" } }
            allow-control = ["key:blue", "key:green", "127.0.0.1"]
            master-sets {
              blue { senders = ["key:blue"], masters = ["{{_blue.EndPoint}}"] }
              green { senders = ["key:green"], masters = ["{{_green.EndPoint}}"] }
            }
            """);
        Assert.Equal(0, (await SendAsync(agent, "create", "one.example.", "blue")).ExitCode);
        Assert.Equal(0, (await SendAsync(agent, "create", "two.example.", "green")).ExitCode);
        await agent.ZoneIsOkAsync("one.example.", 7);
        await agent.ZoneIsOkAsync("two.example.", 8);
        JsonElement zone = (await agent.ZoneAsync("one.example."))!.Value;
        Assert.Equal("blue", zone.GetProperty("masterSet").GetString());
        Assert.Equal(JsonValueKind.Null, zone.GetProperty("catalog").ValueKind);

        // Neither the other set nor a sender of none takes it away, and the sender is told why.
        ToolResult refused = await SendAsync(agent, "delete", "one.example.", "green");
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("REFUSED", refused.Output, StringComparison.Ordinal);
        Assert.Contains("owned-elsewhere", refused.Output, StringComparison.Ordinal);
        Assert.Equal(5, (await agent.Worker.DeleteAsync("one.example.")).ResponseCode);
        Assert.Equal(1, (await SendAsync(agent, "create", "one.example.", "green")).ExitCode);
        Assert.Equal(7u, await WorkerClient.SerialAsync(agent.Dns, "one.example."));

        // What stands in the row counts after a crash too, and the history tells of who tried.
        await agent.RestartAsync(byKill: true);
        await agent.ZoneIsOkAsync("one.example.", 7);
        Assert.Equal(1, (await SendAsync(agent, "delete", "one.example.", "green")).ExitCode);
        string history = (await agent.CommandAsync("zone", "history", "one.example.", "--api", $"http://{agent.Management}")).Output;
        Assert.Contains("not-owner", history, StringComparison.Ordinal);

        Assert.Equal(0, (await SendAsync(agent, "delete", "two.example.", "green")).ExitCode);
        await WorkerClient.GoneAsync(agent.Dns, "two.example.", () => agent.Output);
        string[] remove = ["zone", "remove", "one.example.", "--api", $"http://{agent.Management}",
            "--token-file", Path.Combine(agent.DataFolder, "api-token")];
        Assert.Equal(1, (await agent.CommandAsync(remove)).ExitCode);
        Assert.Equal(0, (await agent.CommandAsync([.. remove, "--force"])).ExitCode);
        await WorkerClient.GoneAsync(agent.Dns, "one.example.", () => agent.Output);
    }

    private Task<ToolResult> SendAsync(AgentProcess agent, string command, string zone, string key) =>
        agent.CommandAsync("zone", command, zone, "--at", agent.Dns.ToString(), "--key-file", _keys.Combine(key));
}
