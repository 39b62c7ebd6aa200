using System.Net.Sockets;
using Agent.Bench.Peers;

namespace Agent.Tests.Backends.Knot;

/// <summary>Something that listens where knotd would and gives the same octets to everybody who says anything, then closes.</summary>
internal sealed class ScriptedKnot : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new("knot");
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly byte[] _answer;
    private readonly Task _serving;
    private int _closedAtFirst;

    /// <param name="answer">The octets.</param>
    /// <param name="closedAtFirst">So many clients hear nothing.</param>
    public ScriptedKnot(byte[] answer, int closedAtFirst = 0)
    {
        (_answer, _closedAtFirst) = (answer, closedAtFirst);
        _listener.Bind(new UnixDomainSocketEndPoint(Path));
        _listener.Listen();
        _serving = ServeAsync();
    }

    public string Path => _folder.Combine("s");

    public string ZoneFolder => _folder.FullPath;

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _serving;
        _folder.Dispose();
    }

    private async Task ServeAsync()
    {
        byte[] buffer = new byte[4096];
        try
        {
            while (true)
            {
                using Socket client = await _listener.AcceptAsync();
                await client.ReceiveAsync(buffer);
                if (--_closedAtFirst < 0)
                    await client.SendAsync(_answer);
            }
        }
        catch (Exception closed) when (closed is SocketException or ObjectDisposedException)
        {
            // The end of the test, in an accept or between two.
        }
    }
}
