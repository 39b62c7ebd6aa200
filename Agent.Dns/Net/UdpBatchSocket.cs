using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Agent.Dns.Net;

/// <summary>The Linux form: one system call for up to a batch of datagrams in each direction.</summary>
public sealed unsafe class UdpBatchSocket : UdpSocket
{
    private const int SendFlags = Libc.MsgDontWait | Libc.MsgNoSignal;

    private readonly bool _ipv6;
    private readonly bool _packetInfo;
    private readonly bool _connected;
    private readonly SafeSocketHandle _handle;
    private bool _segments;

    private UdpBatchSocket(Socket socket, bool packetInfo, bool connected)
        : base(socket)
    {
        _ipv6 = socket.AddressFamily == AddressFamily.InterNetworkV6;
        _packetInfo = packetInfo;
        _connected = connected;
        _handle = socket.SafeHandle;
        _segments = CanSegment(socket);
    }

    internal int Descriptor => (int)_handle.DangerousGetHandle();

    /// <summary>Whether datagrams of one length and destination are handed to the kernel as one message.</summary>
    internal bool SendsTogether => _segments;

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
        if (batch.PendingCount == 0)
        {
            return 0;
        }
        SendGroups groups = batch.Groups;
        groups.Sort(batch, _segments, _connected);
        Libc.IoVector* vectors = batch.SendVectors;
        for (int group = 0; group < groups.Count; group++)
        {
            ref Libc.MsgHeader header = ref batch.SendHeaders[group].Header;
            header.Vectors = vectors;
            header.VectorCount = (nuint)groups.Members(group);
            for (int index = groups.First(group); index >= 0; index = groups.Next(index))
            {
                vectors->Base = batch.SendSlot(index);
                vectors->Length = (nuint)batch.SendLengths[index];
                vectors++;
            }
            Address(ref header, batch, groups.First(group));
        }
        bool held = false;
        try
        {
            _handle.DangerousAddRef(ref held);
            return SendHeld(batch);
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
                if (Libc.SendOne(Descriptor, &header, SendFlags, out _) >= 0)
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

    /// <inheritdoc/>
    /// <remarks>A connected socket hears its peer only, so it is connected to itself. Answers name their destination all the
    /// same.</remarks>
    public override bool TurnAway()
    {
        IPEndPoint self = LocalEndpoint.ToIPEndPoint();
        if (LocalEndpoint.IsWildcard) self.Address = _ipv6 ? IPAddress.IPv6Loopback : IPAddress.Loopback;
        try
        {
            Socket.Connect(self);
            return true;
        }
        catch (Exception problem) when (problem is SocketException or ObjectDisposedException)
        {
            return false;
        }
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
            NoteUnreachable(error);
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

    private int SendHeld(MmsgBatch batch)
    {
        SendGroups groups = batch.Groups;
        int sent = 0;
        int next = 0;
        bool retried = false;
        while (next < groups.Count)
        {
            int result = Libc.SendMany(Descriptor, batch.SendHeaders + next, (uint)(groups.Count - next), SendFlags, out int error);
            if (result > 0)
            {
                for (int done = 0; done < result; done++)
                {
                    sent += groups.Members(next++);
                }
                retried = false;
                continue;
            }
            NoteUnreachable(error);
            if (!retried && error is Libc.Interrupted or Libc.ConnectionRefused)
            {
                // The pending error of an earlier datagram was delivered instead of sending this one: once more, then give up on it.
                retried = true;
                continue;
            }
            // The call stops at the first message it cannot send. That one is lost, those behind it are not.
            sent += groups.Members(next) > 1 ? SendApart(batch, next, error) : Dropped();
            next++;
            retried = false;
        }
        return sent;
    }

    /// <summary>Sends the datagrams of a group one by one, after the kernel would not take them as one.</summary>
    private int SendApart(MmsgBatch batch, int group, int groupError)
    {
        int sent = 0;
        Libc.MsgHeader header = batch.SendHeaders[group].Header;
        int members = (int)header.VectorCount;
        header.VectorCount = 1;
        Address(ref header, batch, batch.Groups.First(group), alone: true);
        for (int member = 0; member < members; member++, header.Vectors++)
        {
            sent += Libc.SendOne(Descriptor, &header, SendFlags, out _) >= 0 ? 1 : Dropped();
        }
        // If they go one by one, it was not the destination's fault. A path with small packets is no reason to give up on all others.
        _segments &= sent == 0 || groupError is Libc.MessageTooLong or Libc.WouldBlock or Libc.NoBufferSpace;
        return sent;
    }

    private int Dropped()
    {
        CountDrop();
        return 0;
    }

    private void NoteUnreachable(int error)
    {
        if (_connected && error is Libc.ConnectionRefused or Libc.HostUnreachable or Libc.NetworkUnreachable or Libc.NetworkDown)
        {
            CountUnreachable();
        }
    }

    private void Address(ref Libc.MsgHeader header, MmsgBatch batch, int index, bool alone = false)
    {
        header.Flags = 0;
        header.ControlLength = 0;
        header.NameLength = 0;
        if (!_connected)
        {
            header.NameLength = NativeAddress.Write(header.Name, batch.Destinations[index], _ipv6);
            if (_packetInfo && !batch.SendLocals[index].IsWildcard)
            {
                header.ControlLength = NativeAddress.WritePacketInfo(header.Control, batch.SendLocals[index], _ipv6);
            }
        }
        if (header.VectorCount > 1 && !alone)
        {
            header.ControlLength += NativeAddress.WriteSegmentSize(header.Control + header.ControlLength, (ushort)batch.SendLengths[index]);
        }
    }

    /// <summary>Whether the kernel cuts large messages into datagrams. One that does not know the option would send them uncut.</summary>
    private static bool CanSegment(Socket socket)
    {
        try
        {
            SetRaw(socket, Libc.SolUdp, Libc.UdpSegment, 0);
            return true;
        }
        catch (SocketException)
        {
            return false;
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
