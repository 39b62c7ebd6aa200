using System.Buffers.Binary;
using System.Net.Sockets;

namespace Agent.Dns.Net;

/// <summary>The Linux form: one system call for up to a batch of datagrams in each direction.</summary>
public sealed unsafe class UdpBatchSocket : UdpSocket
{
    private readonly bool _ipv6;
    private readonly bool _packetInfo;
    private readonly bool _connected;
    private readonly SafeSocketHandle _handle;

    private UdpBatchSocket(Socket socket, bool packetInfo, bool connected)
        : base(socket)
    {
        _ipv6 = socket.AddressFamily == AddressFamily.InterNetworkV6;
        _packetInfo = packetInfo;
        _connected = connected;
        _handle = socket.SafeHandle;
    }

    internal int Descriptor => (int)_handle.DangerousGetHandle();

    internal static UdpBatchSocket Create(UdpSocketOptions options)
    {
        Socket socket = NewSocket(options);
        try
        {
            bool ipv6 = !options.Local.IsIPv4;
            bool packetInfo = options.Local.IsWildcard && options.Remote is null;
            if (options.SharePort)
            {
                SetRaw(socket, Libc.SolSocket, Libc.SoReusePort, 1);
            }
            if (packetInfo)
            {
                SetRaw(socket, ipv6 ? Libc.IpProtocolIpv6 : Libc.IpProtocolIp, ipv6 ? Libc.Ipv6ReceivePacketInfo : Libc.IpPacketInfo, 1);
            }
            // A forged "fragmentation needed" must not shrink what we send.
            SetRaw(socket, Libc.IpProtocolIp, Libc.IpMtuDiscover, Libc.MtuDiscoverOmit);
            if (ipv6)
            {
                SetRaw(socket, Libc.IpProtocolIpv6, Libc.Ipv6MtuDiscover, Libc.MtuDiscoverOmit);
            }
            SetReceiveTimeout(socket, options.ReceiveTimeoutMs);
            socket.Bind(options.Local.ToIPEndPoint());
            if (options.Remote is { } remote)
            {
                socket.Connect(remote.ToIPEndPoint());
            }
            return new UdpBatchSocket(socket, packetInfo, options.Remote is not null);
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
        bool held = false;
        try
        {
            _handle.DangerousAddRef(ref held);
            return ReceiveHeld(batch, wait ? Libc.MsgWaitForOne : Libc.MsgDontWait);
        }
        catch (ObjectDisposedException)
        {
            return -1;
        }
        finally
        {
            if (held)
            {
                _handle.DangerousRelease();
            }
        }
    }

    /// <inheritdoc/>
    public override int Send(MmsgBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        int count = batch.PendingCount;
        if (count == 0)
        {
            return 0;
        }
        Libc.MmsgHeader* headers = batch.SendHeaders;
        for (int index = 0; index < count; index++)
        {
            headers[index].Header.Vectors->Length = (nuint)batch.SendLengths[index];
            Address(ref headers[index].Header, batch, index);
        }
        bool held = false;
        try
        {
            _handle.DangerousAddRef(ref held);
            return SendHeld(headers, count);
        }
        catch (ObjectDisposedException)
        {
            return 0;
        }
        finally
        {
            if (held)
            {
                _handle.DangerousRelease();
            }
            batch.ClearPending();
        }
    }

    /// <inheritdoc/>
    public override bool SendOne(ReadOnlySpan<byte> datagram, in NetworkEndpoint destination, in NetworkEndpoint local)
    {
        byte* address = stackalloc byte[NativeAddress.AddressBytes];
        byte* control = stackalloc byte[NativeAddress.ControlBytes];
        bool held = false;
        try
        {
            _handle.DangerousAddRef(ref held);
            fixed (byte* octets = datagram)
            {
                var vector = new Libc.IoVector { Base = octets, Length = (nuint)datagram.Length };
                var header = new Libc.MsgHeader { Vectors = &vector, VectorCount = 1 };
                if (!_connected)
                {
                    header.Name = address;
                    header.NameLength = NativeAddress.Write(address, destination, _ipv6);
                    if (_packetInfo && !local.IsWildcard)
                    {
                        header.Control = control;
                        header.ControlLength = NativeAddress.WritePacketInfo(control, local, _ipv6);
                    }
                }
                if (Libc.SendOne(Descriptor, &header, Libc.MsgDontWait | Libc.MsgNoSignal, out _) >= 0)
                {
                    return true;
                }
            }
        }
        catch (ObjectDisposedException)
        {
            // The socket went away while the answer was made; there is nobody left to tell.
        }
        finally
        {
            if (held)
            {
                _handle.DangerousRelease();
            }
        }
        CountDrop();
        return false;
    }

    internal override bool IsReadable(int timeoutMs)
    {
        var entry = new Libc.PollEntry { Descriptor = Descriptor, Events = Libc.PollIn };
        return Libc.Poll(&entry, 1, timeoutMs) > 0;
    }

    private int ReceiveHeld(MmsgBatch batch, int flags)
    {
        Libc.MmsgHeader* headers = batch.ReceiveHeaders;
        for (int index = 0; index < batch.Slots; index++)
        {
            headers[index].Header.NameLength = NativeAddress.AddressBytes;
            headers[index].Header.ControlLength = _packetInfo ? (nuint)NativeAddress.ControlBytes : 0;
            headers[index].Header.Flags = 0;
        }
        int count = Libc.ReceiveMany(Descriptor, headers, (uint)batch.Slots, flags, out int error);
        if (count < 0)
        {
            // A connected socket reports here that the peer's port was closed; that is news about the past, not about this socket.
            return error == Libc.BadFileDescriptor ? -1 : 0;
        }
        for (int index = 0; index < count; index++)
        {
            ref Libc.MsgHeader header = ref headers[index].Header;
            NetworkEndpoint local = _packetInfo
                ? NativeAddress.ReadPacketInfo(header.Control, header.ControlLength, LocalEndpoint)
                : LocalEndpoint;
            batch.SetReceived(
                index,
                (int)headers[index].Length,
                (header.Flags & Libc.MsgTruncated) != 0,
                NativeAddress.Read(header.Name, header.NameLength),
                local);
        }
        batch.ReceivedCount = count;
        return count;
    }

    private int SendHeld(Libc.MmsgHeader* headers, int count)
    {
        int sent = 0;
        int next = 0;
        bool retried = false;
        while (next < count)
        {
            const int flags = Libc.MsgDontWait | Libc.MsgNoSignal;
            int result = Libc.SendMany(Descriptor, headers + next, (uint)(count - next), flags, out int error);
            if (result > 0)
            {
                sent += result;
                next += result;
                retried = false;
            }
            else if (!retried && error is Libc.Interrupted or Libc.ConnectionRefused)
            {
                // The pending error of an earlier datagram was delivered instead of sending this one: once more, then give up on it.
                retried = true;
            }
            else
            {
                // The call stops at the first datagram it cannot send. That one is lost, those behind it are not.
                CountDrop();
                next++;
                retried = false;
            }
        }
        return sent;
    }

    private void Address(ref Libc.MsgHeader header, MmsgBatch batch, int index)
    {
        header.Flags = 0;
        header.ControlLength = 0;
        header.NameLength = 0;
        if (_connected)
        {
            return;
        }
        header.NameLength = NativeAddress.Write(header.Name, batch.Destinations[index], _ipv6);
        if (_packetInfo && !batch.SendLocals[index].IsWildcard)
        {
            header.ControlLength = NativeAddress.WritePacketInfo(header.Control, batch.SendLocals[index], _ipv6);
        }
    }

    private static void SetRaw(Socket socket, int level, int option, int value)
    {
        Span<byte> octets = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(octets, value);
        socket.SetRawSocketOption(level, option, octets);
    }

    private static void SetReceiveTimeout(Socket socket, int timeoutMs)
    {
        // Raw, because the framework's own timeout may turn the descriptor non-blocking for good.
        Span<byte> timeval = stackalloc byte[16];
        BinaryPrimitives.WriteInt64LittleEndian(timeval, timeoutMs / 1000);
        BinaryPrimitives.WriteInt64LittleEndian(timeval[8..], timeoutMs % 1000 * 1000L);
        socket.SetRawSocketOption(Libc.SolSocket, Libc.SoReceiveTimeout, timeval);
    }
}
