using System.Net;
using System.Net.Sockets;
using Agent.Bench.Peers;

namespace Agent.Tests.Peers;

/// <summary>A port that was free is taken by somebody else's question for a moment, just when the server wants it.</summary>
[Trait("Category", "Peer")]
public sealed class PortInUseTests
{
    [Fact]
    public async Task A_server_whose_port_is_taken_for_a_moment_is_started_again()
    {
        await using GdnsdServer server = new();
        using Socket taken = new(AddressFamily.InterNetworkV6, SocketType.Dgram, ProtocolType.Udp);
        taken.Bind(new IPEndPoint(IPAddress.IPv6Loopback, server.Port));
        Task started = server.StartAsync();
        ChildProcess? first = null;
        await Eventually.HoldsAsync(() => (first ??= server.Process) is not null, () => "it is launched");
        Assert.NotEqual(0, await first!.Exited);
        Assert.False(started.IsCompleted);
        taken.Dispose();
        await started;
        Assert.NotSame(first, server.Process);
    }
}
