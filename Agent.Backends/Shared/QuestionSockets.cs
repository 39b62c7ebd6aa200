using System.Net;
using System.Net.Sockets;

namespace Agent.Backends.Shared;

/// <summary>
/// Questions by UDP, many over few sockets. A socket asks one server, from a port that the kernel chose at random; each question on it has
/// an id at random. It is given up after so many questions, so much time or so many datagrams that answer nothing, whatever comes first, so
/// that no port is worth finding out (RFC 5452): who sends rarely has a socket for each question.
/// </summary>
/// <remarks>
/// <code>
///   taken into use -> asks and hears -- used up, too old, refused, strangers --> asks nothing new -- last question over --> closed
/// </code>
/// Connected sockets: the kernel drops what comes from elsewhere, and tells when nobody listens there.
/// <para>Safe for any number of callers. There is nothing to dispose: a socket goes at the end of its life.</para>
/// </remarks>
/// <param name="time">The clock of waiting and of a socket's life.</param>
/// <param name="create">Makes a socket for datagrams of a family, bound where it is to ask from; null for any.</param>
public sealed class QuestionSockets(TimeProvider time, Func<AddressFamily, Socket>? create = null)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<IPEndPoint, QuestionSocket> _inUse = [];

    /// <summary>Begins a question: it has its id, and is sent when the caller says so.</summary>
    /// <param name="server">Who is asked.</param>
    /// <param name="take">Looks at each datagram with the question's id; true when that is the answer. Called one at a time, and not any
    /// more once the question is disposed.</param>
    /// <exception cref="SocketException">There is no way to the server.</exception>
    public DatagramQuestion Open(IPEndPoint server, DatagramTaker take)
    {
        ArgumentNullException.ThrowIfNull(server);
        ArgumentNullException.ThrowIfNull(take);
        lock (_gate)
        {
            if (_inUse.TryGetValue(server, out QuestionSocket? used) && used.TryOpen(take) is { } question)
                return question;
            QuestionSocket fresh = new(Connect(server), time, Forget);
            _inUse[server] = fresh;
            return fresh.TryOpen(take) ?? throw new InvalidOperationException("a fresh socket takes no question");
        }

        void Forget(QuestionSocket ended)
        {
            lock (_gate)
            {
                if (_inUse.TryGetValue(server, out QuestionSocket? used) && used == ended)
                    _inUse.Remove(server);
            }
        }
    }

    private Socket Connect(IPEndPoint server)
    {
        Socket socket = create?.Invoke(server.AddressFamily) ?? new Socket(server.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            socket.Connect(server);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}

/// <summary>Judges a datagram; true when it is the answer.</summary>
public delegate bool DatagramTaker(ReadOnlySpan<byte> message);
