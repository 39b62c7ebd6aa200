using System.Globalization;
using System.Net.Sockets;
using Agent.Bench.Peers;

namespace Agent.Tests.Scenarios;

/// <summary>A process that may open no further file, long before the agent's own limits on connections are reached.</summary>
public sealed class DescriptorLimitTests
{
    private const string Zone = "scarce.example.";
    private const int Spare = 15;
    private const int Connections = 60;

    [Fact]
    public async Task At_the_systems_limit_the_longest_idle_connection_makes_room()
    {
        await using ScriptedMaster master = new(new ScriptedZone(Zone, 3));
        await using AgentProcess agent = await AgentProcess.StartedAsync($$"""
            masters = ["{{master.EndPoint}}"]
            backend-driver = embedded
            tcp-idle-timeout = 1h
            """);
        await agent.Worker.CreateAcceptedAsync(Zone);
        int process = agent.Process!.Id;
        int open = Directory.GetFileSystemEntries($"/proc/{process}/fd").Length;
        (await Tool.RunAsync("prlimit", string.Create(
            CultureInfo.InvariantCulture, $"--pid {process} --nofile={open + Spare}:{open + Spare}").Split(' '))).EnsureSuccess();
        List<TcpClient> clients = [];
        for (int i = 0; i < Connections; i++)
        {
            TcpClient client = new();
            clients.Add(client);
            await client.ConnectAsync(agent.Dns);
        }

        // This one is the last in the queue: it is answered only if all before it were accepted.
        Assert.Equal(0, (await agent.WorkerByTcp.QuerySoaAsync(Zone)).ResponseCode);
        Assert.Equal(0, (await agent.Worker.QuerySoaAsync(Zone)).ResponseCode);
        Assert.Contains("accepting failed", agent.Output, StringComparison.Ordinal);
        clients.ForEach(client => client.Dispose());
    }
}
