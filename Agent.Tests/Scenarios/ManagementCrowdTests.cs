using System.Net;
using System.Net.Sockets;
using Agent.Bench.Peers;

namespace Agent.Tests.Scenarios;

/// <summary>A client that takes all the connections to the management interface that it can get.</summary>
public sealed class ManagementCrowdTests
{
    private const int Tried = 1050;
    private const int OfOne = 200;

    [Fact]
    public async Task Silent_connections_of_one_client_leave_room_for_others_and_go()
    {
        await using AgentProcess agent = await AgentProcess.StartedAsync("backend-driver = fake");
        List<Socket> silent = [];
        try
        {
            for (int i = 0; i < Tried; i++) silent.Add(await ConnectAsync(agent.Management));
            await Eventually.HoldsAsync(() => silent.Count(IsOpen) <= OfOne, () => $"{silent.Count(IsOpen)} are open\n{agent.Output}");

            using HttpClient http = new() { BaseAddress = new Uri($"http://{agent.Management}/") };
            Assert.Equal("ok\n", await http.GetStringAsync("livez"));
            Assert.InRange((await agent.MetricsAsync())["dnsagent_management_refused_total"], 1, Tried - OfOne);
            Assert.Single(agent.Output.Split('\n'), line => line.Contains("management-crowded", StringComparison.Ordinal));

            // Whoever says nothing is sent away without anybody's doing.
            await Eventually.HoldsAsync(() => !silent.Exists(IsOpen), () => $"{silent.Count(IsOpen)} are open");
        }
        finally
        {
            silent.ForEach(socket => socket.Dispose());
        }
    }

    private static async Task<Socket> ConnectAsync(IPEndPoint to)
    {
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Parse("127.0.0.2"), 0));
        try
        {
            await socket.ConnectAsync(to);
        }
        catch (SocketException reset) when (reset.SocketErrorCode == SocketError.ConnectionReset)
        {
            // Closed before this side has noticed that it was open.
        }

        return socket;
    }

    /// <summary>Nothing is ever sent to the client, so that it can be read at the end alone.</summary>
    private static bool IsOpen(Socket socket) => !socket.Poll(0, SelectMode.SelectRead);
}
