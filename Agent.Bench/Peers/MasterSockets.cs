using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Agent.Bench.Peers;

/// <summary>
/// Questions by UDP and TCP of one address, for a master whose own time must hardly show: a thread for the datagrams and one for each
/// connection, which then takes another one. A thread that blocks costs a question two calls to the kernel, tasks cost it several.
/// </summary>
internal sealed class MasterSockets : IAsyncDisposable
{
    private readonly AnswerQuestion _answer;
    private readonly Socket _datagrams = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly BlockingCollection<Socket> _accepted = [];
    private readonly ConcurrentDictionary<Socket, bool> _sessions = new();
    private readonly List<Thread> _serving = [];
    private readonly Thread _answering;
    private readonly Thread _accepting;
    private int _idle;
    private volatile bool _isStopping;

    /// <summary>Begins to listen.</summary>
    /// <param name="answer">Called by several threads at once.</param>
    public MasterSockets(IPEndPoint at, AnswerQuestion answer)
    {
        _answer = answer;
        _datagrams.ReceiveBufferSize = 8 * 1024 * 1024;
        // The connections of the one before linger for a while.
        _listener.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        try
        {
            _datagrams.Bind(at);
            _listener.Bind(at);
            _listener.Listen(1024);
        }
        catch
        {
            _datagrams.Dispose();
            _listener.Dispose();
            throw;
        }

        _answering = Started(AnswerDatagrams);
        _accepting = Started(Accept);
        EndPoint = at;
    }

    /// <summary>Writes the answer to a question.</summary>
    /// <returns>Octets of the answer; 0 for silence, which ends a connection.</returns>
    public delegate int AnswerQuestion(ReadOnlySpan<byte> query, Span<byte> answer, bool isTcp);

    public IPEndPoint EndPoint { get; }

    public async ValueTask DisposeAsync()
    {
        _isStopping = true;
        // A datagram to itself wakes the thread; closing a socket does not end a blocked receive for certain.
        await _datagrams.SendToAsync(new byte[1], EndPoint);
        _answering.Join();
        _datagrams.Dispose();
        _listener.Dispose();
        _accepting.Join();
        _accepted.CompleteAdding();
        foreach (Socket session in _sessions.Keys) session.Dispose();
        foreach (Thread serving in _serving) serving.Join();
        _accepted.Dispose();
    }

    private static Thread Started(ThreadStart run)
    {
        Thread thread = new(run) { IsBackground = true, Name = "master" };
        thread.Start();
        return thread;
    }

    private void AnswerDatagrams()
    {
        byte[] query = new byte[4096];
        byte[] answer = new byte[ushort.MaxValue];
        SocketAddress client = new(AddressFamily.InterNetwork);
        while (!_isStopping)
        {
            try
            {
                int received = _datagrams.ReceiveFrom(query, SocketFlags.None, client);
                int length = _answer(query.AsSpan(0, received), answer, isTcp: false);
                if (length > 0) _datagrams.SendTo(answer.AsSpan(0, length), SocketFlags.None, client);
            }
            catch (SocketException)
            {
                // A client that has gone: the port of its question is closed.
            }
        }
    }

    private void Accept()
    {
        try
        {
            while (true)
            {
                Socket session = _listener.Accept();
                session.NoDelay = true;
                _sessions[session] = true;
                if (Interlocked.Decrement(ref _idle) < 0)
                {
                    Interlocked.Increment(ref _idle);
                    _serving.Add(Started(ServeAll));
                }

                _accepted.Add(session);
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // Stopped.
        }
    }

    private void ServeAll()
    {
        byte[] query = new byte[4096];
        byte[] answer = new byte[ushort.MaxValue + 2];
        foreach (Socket session in _accepted.GetConsumingEnumerable())
        {
            Serve(session, query, answer);
            Interlocked.Increment(ref _idle);
        }
    }

    private void Serve(Socket session, byte[] query, byte[] answer)
    {
        int filled = 0;
        try
        {
            while (session.Receive(query.AsSpan(filled)) is > 0 and int received)
            {
                filled += received;
                while (filled >= 2 && filled - 2 >= BinaryPrimitives.ReadUInt16BigEndian(query))
                {
                    int framed = BinaryPrimitives.ReadUInt16BigEndian(query) + 2;
                    int length = _answer(query.AsSpan(2, framed - 2), answer.AsSpan(2), isTcp: true);
                    if (length == 0) return;
                    BinaryPrimitives.WriteUInt16BigEndian(answer, (ushort)length);
                    query.AsSpan(framed, filled - framed).CopyTo(query);
                    filled -= framed;
                    session.Send(answer.AsSpan(0, length + 2));
                }
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException or ArgumentException)
        {
            // Stopped, the client is gone, or it sent what is no query of ours.
        }
        finally
        {
            _sessions.TryRemove(session, out _);
            session.Dispose();
        }
    }
}
