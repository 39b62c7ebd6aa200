using System.Buffers.Binary;

namespace Agent.Dns.Net;

/// <summary>Between <see cref="NetworkEndpoint"/> and the kernel's <c>sockaddr</c> and packet-info layouts.</summary>
internal static unsafe class NativeAddress
{
    /// <summary>Octets kept for an address; <c>sockaddr_in6</c> needs 28.</summary>
    public const int AddressBytes = 32;

    /// <summary>Octets kept for control data; IPv6 packet information needs 40, the size of segments 24.</summary>
    public const int ControlBytes = 64;

    private const int ControlHeaderBytes = 16;

    public static NetworkEndpoint Read(byte* address, uint length)
    {
        var octets = new ReadOnlySpan<byte>(address, (int)Math.Min(length, AddressBytes));
        if (octets.Length < 8)
        {
            return default;
        }
        ushort family = BinaryPrimitives.ReadUInt16LittleEndian(octets);
        ushort port = BinaryPrimitives.ReadUInt16BigEndian(octets[2..]);
        if (family == Libc.AfInet)
        {
            return NetworkEndpoint.FromIPv4(BinaryPrimitives.ReadUInt32BigEndian(octets[4..]), port);
        }
        return family == Libc.AfInet6 && octets.Length >= 28
            ? NetworkEndpoint.FromIPv6(octets.Slice(8, 16), port, BinaryPrimitives.ReadUInt32LittleEndian(octets[24..]))
            : default;
    }

    /// <summary>Writes the address in the family of the socket, so IPv4 stays mapped on a dual-stack socket.</summary>
    public static uint Write(byte* address, in NetworkEndpoint endpoint, bool ipv6Socket)
    {
        var octets = new Span<byte>(address, AddressBytes);
        octets.Clear();
        BinaryPrimitives.WriteUInt16BigEndian(octets[2..], endpoint.Port);
        if (!ipv6Socket)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(octets, Libc.AfInet);
            BinaryPrimitives.WriteUInt32BigEndian(octets[4..], endpoint.IPv4Bits);
            return 16;
        }
        BinaryPrimitives.WriteUInt16LittleEndian(octets, Libc.AfInet6);
        BinaryPrimitives.WriteUInt128BigEndian(octets[8..], endpoint.Address);
        BinaryPrimitives.WriteUInt32LittleEndian(octets[24..], endpoint.ScopeId);
        return 28;
    }

    /// <summary>The local address that a datagram was sent to, or <paramref name="otherwise"/> when the kernel did not say.</summary>
    public static NetworkEndpoint ReadPacketInfo(byte* control, nuint length, in NetworkEndpoint otherwise)
    {
        if (length < ControlHeaderBytes + 12 || length > ControlBytes)
        {
            return otherwise;
        }
        var octets = new ReadOnlySpan<byte>(control, (int)length);
        int level = BinaryPrimitives.ReadInt32LittleEndian(octets[8..]);
        int type = BinaryPrimitives.ReadInt32LittleEndian(octets[12..]);
        ReadOnlySpan<byte> data = octets[ControlHeaderBytes..];
        if (level == Libc.IpProtocolIp && type == Libc.IpPacketInfo)
        {
            // in_pktinfo: interface, local address to answer from, address in the packet.
            return NetworkEndpoint.FromIPv4(BinaryPrimitives.ReadUInt32BigEndian(data[4..]), otherwise.Port);
        }
        return level == Libc.IpProtocolIpv6 && type == Libc.Ipv6PacketInfo && data.Length >= 20
            ? NetworkEndpoint.FromIPv6(data[..16], otherwise.Port, BinaryPrimitives.ReadUInt32LittleEndian(data[16..]))
            : otherwise;
    }

    /// <summary>Writes control data that makes the kernel send from <paramref name="source"/>; returns its length.</summary>
    public static nuint WritePacketInfo(byte* control, in NetworkEndpoint source, bool ipv6Socket)
    {
        var octets = new Span<byte>(control, ControlBytes);
        octets.Clear();
        Span<byte> data = octets[ControlHeaderBytes..];
        if (!ipv6Socket)
        {
            WriteControlHeader(octets, 12, Libc.IpProtocolIp, Libc.IpPacketInfo);
            BinaryPrimitives.WriteUInt32BigEndian(data[4..], source.IPv4Bits);
            return ControlHeaderBytes + 16;
        }
        // A mapped IPv4 source is accepted here for a mapped destination (ip_cmsg_send). The interface is only named where
        // the address needs it; elsewhere routing decides, as for any other packet.
        WriteControlHeader(octets, 20, Libc.IpProtocolIpv6, Libc.Ipv6PacketInfo);
        BinaryPrimitives.WriteUInt128BigEndian(data, source.Address);
        BinaryPrimitives.WriteUInt32LittleEndian(data[16..], source.ScopeId);
        return ControlHeaderBytes + 24;
    }

    /// <summary>Writes control data that makes the kernel cut the message into datagrams of this size; returns its length.</summary>
    public static nuint WriteSegmentSize(byte* control, ushort segmentBytes)
    {
        var octets = new Span<byte>(control, ControlHeaderBytes + 8);
        octets.Clear();
        WriteControlHeader(octets, sizeof(ushort), Libc.SolUdp, Libc.UdpSegment);
        BinaryPrimitives.WriteUInt16LittleEndian(octets[ControlHeaderBytes..], segmentBytes);
        return ControlHeaderBytes + 8;
    }

    private static void WriteControlHeader(Span<byte> control, int dataLength, int level, int type)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(control, (ulong)(ControlHeaderBytes + dataLength));
        BinaryPrimitives.WriteInt32LittleEndian(control[8..], level);
        BinaryPrimitives.WriteInt32LittleEndian(control[12..], type);
    }
}
