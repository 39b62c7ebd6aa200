using System.Buffers.Binary;
using System.Net.Sockets;
using Agent.Dns.Wire;

namespace Agent.Backends.Shared;

/// <summary>One socket of <see cref="QuestionSockets"/>, with the questions that are open on it.</summary>
internal sealed class QuestionSocket
{
    // What waits for us may be that many datagrams, so they fit into any receive buffer.
    private const int OpenMax = 64;
    private const int QuestionsMax = 512;
    private const int StrangersMax = 64;
    private const int DatagramMax = 4096;

    private static readonly TimeSpan LifeMax = TimeSpan.FromSeconds(2);

    private readonly Lock _gate = new();
    private readonly Socket _socket;
    private readonly Action<QuestionSocket> _ended;
    private readonly Dictionary<ushort, DatagramQuestion> _open = [];
    private readonly ITimer _life;
    private int _questions;
    private bool _isRetired;
    private bool _isClosed;

    /// <param name="socket">Connected; owned from here on.</param>
    /// <param name="time">The clock of the socket's life.</param>
    /// <param name="ended">Told when it takes no more questions for its age, or for what it heard.</param>
    public QuestionSocket(Socket socket, TimeProvider time, Action<QuestionSocket> ended)
    {
        _socket = socket;
        _ended = ended;
        Time = time;
        _life = time.CreateTimer(static self => ((QuestionSocket)self!).Retire(), this, LifeMax, Timeout.InfiniteTimeSpan);
    }

    public TimeProvider Time { get; }

    /// <summary>Null: it takes no more.</summary>
    public DatagramQuestion? TryOpen(DatagramTaker take)
    {
        lock (_gate)
        {
            if (_isRetired || _open.Count >= OpenMax)
                return RetireWithin();
            ushort id;
            do
            {
                id = MessageIds.Next();
            }
            while (_open.ContainsKey(id));
            DatagramQuestion question = new(this, id, take);
            _open.Add(id, question);
            if (_questions++ == 0)
                _ = ReceiveAsync();
            _isRetired = _questions == QuestionsMax;
            return question;
        }
    }

    public async ValueTask SendAsync(ReadOnlyMemory<byte> message, CancellationToken cancellation)
    {
        try
        {
            await _socket.SendAsync(message, cancellation);
        }
        catch (ObjectDisposedException)
        {
            throw new SocketException((int)SocketError.Shutdown);
        }
    }

    public void Close(DatagramQuestion question)
    {
        lock (_gate)
        {
            _open.Remove(question.Id);
            CloseWhenOver();
        }
    }

    private void Retire()
    {
        lock (_gate)
            RetireWithin();
        _ended(this);
    }

    private DatagramQuestion? RetireWithin()
    {
        _isRetired = true;
        CloseWhenOver();
        return null;
    }

    private void CloseWhenOver()
    {
        if (!_isRetired || _isClosed || _open.Count > 0)
            return;
        _isClosed = true;
        _life.Dispose();
        _socket.Dispose();
    }

    private async Task ReceiveAsync()
    {
        byte[] buffer = GC.AllocateUninitializedArray<byte>(DatagramMax);
        for (int strange = 0; strange < StrangersMax;)
        {
            try
            {
                int length = await _socket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None);
                if (!Hear(buffer.AsSpan(0, length)) && ++strange == StrangersMax / 2)
                    Retire();
            }
            catch (SocketException error)
            {
                // Closed by us, or all questions under way go nowhere. Each may be asked again here; new ones go elsewhere.
                if (!TryRefuse(error))
                    return;
                strange++;
                Retire();
            }
            catch (ObjectDisposedException)
            {
                return;
            }
        }

        // Somebody talks to us who does not answer: whoever still waits hears it from sending.
        End();
    }

    private bool Hear(ReadOnlySpan<byte> datagram)
    {
        if (datagram.Length < MessageHeader.Size)
            return false;
        DatagramQuestion? question;
        lock (_gate)
            _open.TryGetValue(BinaryPrimitives.ReadUInt16BigEndian(datagram), out question);
        return question?.Hear(datagram) ?? false;
    }

    /// <summary>False: the socket is closed.</summary>
    private bool TryRefuse(SocketException error)
    {
        DatagramQuestion[] refused;
        lock (_gate)
        {
            if (_isClosed)
                return false;
            refused = [.. _open.Values];
        }

        foreach (DatagramQuestion question in refused)
            question.Refuse(error);
        return true;
    }

    private void End()
    {
        Retire();
        TryRefuse(new SocketException((int)SocketError.Shutdown));
        lock (_gate)
        {
            _open.Clear();
            CloseWhenOver();
        }
    }
}
