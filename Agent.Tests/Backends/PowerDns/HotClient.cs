using System.Net;
using System.Net.Sockets;
using Agent.Bench.Peers;

namespace Agent.Tests.Backends.PowerDns;

/// <summary>A client that asks for one thing without a pause for as long as it lives, many questions on their way, as one of a resolver
/// farm would: whatever can be cached at a bad moment, it has cached.</summary>
internal sealed class HotClient : IDisposable
{
    private const int OnTheirWay = 16;
    private const int SilenceMilliseconds = 100;

    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private readonly byte[] _question;
    private readonly Thread _asker;
    private volatile bool _isStopped;

    public HotClient(IPEndPoint server, string name, ushort type)
    {
        _socket.Connect(server);
        _socket.ReceiveTimeout = SilenceMilliseconds;
        _question = DnsTestMessage.Request(1, 0, name, type);
        _asker = new Thread(Ask) { IsBackground = true, Name = "hot client" };
        _asker.Start();
    }

    public void Dispose()
    {
        _isStopped = true;
        _asker.Join();
        _socket.Dispose();
    }

    private void Ask()
    {
        byte[] buffer = new byte[4096];
        while (!_isStopped)
        {
            try
            {
                for (int i = 0; i < OnTheirWay; i++) _socket.Send(_question);
                for (int i = 0; i < OnTheirWay; i++) _socket.Receive(buffer);
            }
            catch (SocketException)
            {
                // Silence, or nobody there just now: it asks again.
            }
        }
    }
}
