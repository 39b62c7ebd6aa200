using System.Net;
using System.Net.Sockets;
using Agent.Bench.Peers;

namespace Agent.Tests.Peers;

/// <summary>What the harness makes of a name server that loses queries: neither a zone nor its absence.</summary>
public sealed class WorkerClientTests
{
    private const string Zone = "lossy.example.";

    [Fact]
    public async Task A_lost_query_is_asked_again()
    {
        using UdpClient server = new(new IPEndPoint(IPAddress.Loopback, 0));
        Task<uint> serial = WorkerClient.SerialAsync((IPEndPoint)server.Client.LocalEndPoint!, Zone, TimeSpan.FromSeconds(2));

        await server.ReceiveAsync();
        UdpReceiveResult second = await server.ReceiveAsync();
        await server.SendAsync(AnswerTo(second.Buffer, serial: 7), second.RemoteEndPoint);

        Assert.Equal(7u, await serial);
    }

    [Fact]
    public async Task Silence_is_not_taken_for_absence()
    {
        using UdpClient silent = new(new IPEndPoint(IPAddress.Loopback, 0));

        await Assert.ThrowsAsync<TimeoutException>(
            () => WorkerClient.SerialAsync((IPEndPoint)silent.Client.LocalEndPoint!, Zone, TimeSpan.FromMilliseconds(50)));
    }

    private static byte[] AnswerTo(byte[] query, byte serial)
    {
        byte[] answer = [.. query, .. DnsTestMessage.Record(Zone, DnsTestMessage.TypeSoa, 60, [0, 0, 0, 0, 0, serial, .. new byte[16]])];
        answer[2] |= 0x80;
        answer[7] = 1;
        return answer;
    }
}
