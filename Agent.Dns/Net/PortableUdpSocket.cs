using System.Net;
using System.Net.Sockets;

namespace Agent.Dns.Net;

/// <summary>The form for systems without batched calls, and the yardstick that tests hold the batched one against.</summary>
/// <remarks>
/// The framework tells where a datagram arrived but cannot send from a chosen address. Bound to a wildcard, this form therefore opens
/// one more socket on each local address that was asked (at most <see cref="AnswerSocketsMax"/>) and both answers from it and listens
/// on it, since the system may from then on prefer it. Meant for one worker.
/// </remarks>
public sealed class PortableUdpSocket : UdpSocket
{
    /// <summary>Local addresses served on a wildcard; beyond it the system picks the address to answer from.</summary>
    public const int AnswerSocketsMax = 64;

    private readonly Lock _gate = new();
    private readonly Dictionary<UInt128, Socket> _answerSockets = [];
    private readonly bool _wildcard;
    private readonly bool _connected;
    private readonly UdpSocketOptions _options;

    private PortableUdpSocket(Socket socket, UdpSocketOptions options)
        : base(socket)
    {
        _options = options;
        _connected = options.Remote is not null;
        _wildcard = options.Local.IsWildcard && !_connected;
    }

    internal static PortableUdpSocket Create(UdpSocketOptions options)
    {
        Socket socket = NewSocket(options);
        try
        {
            if (options.SharePort || options.Local.IsWildcard)
            {
                // On UDP the framework's option also lets several sockets share a port.
                socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
            }
            socket.Bind(options.Local.ToIPEndPoint());
            if (options.Remote is { } remote)
            {
                socket.Connect(remote.ToIPEndPoint());
            }
            return new PortableUdpSocket(socket, options);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public override int Receive(MmsgBatch batch, bool wait)
    {
        ArgumentNullException.ThrowIfNull(batch);
        batch.ReceivedCount = 0;
        try
        {
            TakeError();
            List<Socket> ready = Readable(wait ? _options.ReceiveTimeoutMs : 0);
            int count = 0;
            foreach (Socket socket in ready)
            {
                while (count < batch.Slots && socket.Poll(0, SelectMode.SelectRead) && ReceiveOne(socket, batch, count))
                {
                    count++;
                }
            }
            batch.ReceivedCount = count;
            return count;
        }
        catch (ObjectDisposedException)
        {
            return -1;
        }
    }

    /// <inheritdoc/>
    public override int Send(MmsgBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        int sent = 0;
        for (int index = 0; index < batch.PendingCount; index++)
        {
            sent += SendOne(batch.Pending(index), batch.Destinations[index], batch.SendLocals[index]) ? 1 : 0;
        }
        batch.ClearPending();
        return sent;
    }

    /// <inheritdoc/>
    public override bool SendOne(ReadOnlySpan<byte> datagram, in NetworkEndpoint destination, in NetworkEndpoint local)
    {
        try
        {
            if (_connected)
            {
                SendConnected(datagram);
            }
            else
            {
                IPEndPoint target = destination.ToIPEndPoint();
                Socket from = _wildcard && !local.IsWildcard ? AnswerSocket(local) : Socket;
                if (from.AddressFamily == AddressFamily.InterNetworkV6 && target.AddressFamily == AddressFamily.InterNetwork)
                {
                    target = new IPEndPoint(target.Address.MapToIPv6(), target.Port);
                }
                from.SendTo(datagram, SocketFlags.None, target);
            }
            return true;
        }
        catch (SocketException)
        {
            CountDrop();
        }
        catch (ObjectDisposedException)
        {
            CountDrop();
        }
        return false;
    }

    /// <summary>Waiting for something to read does not tell of a pending error.</summary>
    private bool HasError => _connected && Socket.Poll(0, SelectMode.SelectError);

    internal override bool IsReadable(int timeoutMs)
    {
        try
        {
            return HasError || Readable(timeoutMs).Count > 0 || HasError;
        }
        catch (ObjectDisposedException)
        {
            return false;
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing)
        {
            lock (_gate)
            {
                foreach (Socket socket in _answerSockets.Values)
                {
                    socket.Dispose();
                }
                _answerSockets.Clear();
            }
        }
    }

    private void SendConnected(ReadOnlySpan<byte> datagram)
    {
        Socket.Send(datagram, SocketFlags.None, out SocketError error);
        NoteUnreachable(error);
        if (error == SocketError.ConnectionRefused)
        {
            // The refusal belongs to an earlier datagram and was delivered instead of sending this one.
            Socket.Send(datagram, SocketFlags.None, out error);
        }
        if (error != SocketError.Success)
        {
            throw new SocketException((int)error);
        }
    }

    /// <summary>What a connected socket has as an error is always about its peer.</summary>
    private void TakeError()
    {
        if (HasError && Socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Error) is not 0)
        {
            CountUnreachable();
        }
    }

    private void NoteUnreachable(SocketError error)
    {
        // A closed port shows itself as a reset connection on some systems.
        if (_connected && error is SocketError.ConnectionRefused or SocketError.ConnectionReset
            or SocketError.HostUnreachable or SocketError.NetworkUnreachable or SocketError.NetworkDown)
        {
            CountUnreachable();
        }
    }

    private List<Socket> Readable(int timeoutMs)
    {
        var sockets = new List<Socket> { Socket };
        lock (_gate)
        {
            sockets.AddRange(_answerSockets.Values);
        }
        Socket.Select(sockets, null, null, timeoutMs * 1000);
        return sockets;
    }

    private bool ReceiveOne(Socket socket, MmsgBatch batch, int index)
    {
        try
        {
            SocketFlags flags = SocketFlags.None;
            Span<byte> slot = batch.ReceiveSlot(index);
            EndPoint source = new IPEndPoint(socket.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0);
            NetworkEndpoint local = LocalEndpoint;
            int length;
            if (_connected)
            {
                length = socket.Receive(slot, flags);
                source = socket.RemoteEndPoint!;
            }
            else
            {
                length = socket.ReceiveMessageFrom(slot, ref flags, ref source, out IPPacketInformation information);
                local = _wildcard && information.Address is { } address ? NetworkEndpoint.From(address, LocalEndpoint.Port) : LocalEndpoint;
            }
            // A plain receive does not say that it cut; a full slot then counts as cut.
            bool truncated = flags.HasFlag(SocketFlags.Truncated) || (_connected && length == slot.Length);
            batch.SetReceived(index, length, truncated, NetworkEndpoint.From((IPEndPoint)source), local);
            return true;
        }
        catch (SocketException exception)
        {
            // Also where a system throws a cut datagram away instead of marking it.
            NoteUnreachable(exception.SocketErrorCode);
            return false;
        }
    }

    private Socket AnswerSocket(in NetworkEndpoint local)
    {
        lock (_gate)
        {
            if (_answerSockets.TryGetValue(local.Address, out Socket? known))
            {
                return known;
            }
            if (_answerSockets.Count >= AnswerSocketsMax)
            {
                return Socket;
            }
            Socket opened = NewSocket(_options with { Local = local });
            try
            {
                opened.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
                opened.Bind(local.ToIPEndPoint());
            }
            catch (SocketException)
            {
                opened.Dispose();
                return Socket;
            }
            _answerSockets.Add(local.Address, opened);
            return opened;
        }
    }
}
