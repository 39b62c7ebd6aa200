using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Agent.Bench.Peers;

/// <summary>
/// Asks one server for the serial of one zone, again and again over a socket that is kept. Blocking, so that what it adds to a measured
/// time is one question and answer. For one thread at a time.
/// </summary>
internal sealed class SerialQuestion : IDisposable
{
    private const int SilenceMilliseconds = 1000;

    private readonly Socket _socket;
    private readonly byte[] _question;
    private readonly byte[] _answer = new byte[4096];
    private ushort _id;

    public SerialQuestion(IPEndPoint server, string zone)
    {
        _socket = Connected(server);
        _question = DnsTestMessage.Request(1, 0, zone, DnsTestMessage.TypeSoa);
    }

    /// <summary>A socket for questions to this server, which is not waited for longer than a second.</summary>
    public static Socket Connected(IPEndPoint server)
    {
        Socket socket = new(server.AddressFamily, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = SilenceMilliseconds };
        socket.Connect(server);
        return socket;
    }

    /// <summary>The serial that is served now; null when there is no answer, or none with an SOA.</summary>
    public uint? Ask()
    {
        _id++;
        BinaryPrimitives.WriteUInt16BigEndian(_question, _id);
        try
        {
            _socket.Send(_question);
            int length;
            do
            {
                length = _socket.Receive(_answer);
            }
            while (BinaryPrimitives.ReadUInt16BigEndian(_answer) != _id);
            return new DnsReply(_answer[..length], (IPEndPoint)_socket.RemoteEndPoint!).Serial;
        }
        catch (SocketException)
        {
            return null;
        }
    }

    public void Dispose() => _socket.Dispose();
}
