using System.Net.Sockets;
using Agent.Backends.Shared;
using Agent.Bench.Peers;

namespace Agent.Tests.Backends.Shared;

public sealed class ControlSocketTests : IDisposable
{
    private readonly TemporaryFolder _folder = new("control");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task What_stands_in_the_way_is_said_of_the_path()
    {
        string none = _folder.Combine("none");
        Assert.Equal($"there is no socket {none}", await FailureAsync(none));
        Assert.Equal($"there is no socket {none}/further", await FailureAsync(none + "/further"));

        string left = _folder.Combine("left");
        using Socket silent = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        silent.Bind(new UnixDomainSocketEndPoint(left));
        Assert.Equal($"nobody listens at {left}", await FailureAsync(left));

        silent.Listen();
        using Socket connected = await ControlSocket.ConnectAsync(left, CancellationToken.None);
        Assert.True(connected.Connected);
    }

    private static async Task<string> FailureAsync(string path) =>
        (await Assert.ThrowsAsync<SocketException>(() => ControlSocket.ConnectAsync(path, CancellationToken.None))).Message;
}
